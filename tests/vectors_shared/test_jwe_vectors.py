"""The published encrypted response opens with the published key."""

import json
from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Untrusted
from portadoc.formats.jwe import choose_encryption_key, decrypt, encryption_key_from_text

A128GCM = frozenset({"A128GCM"})


def published(vectors: Path) -> dict[str, Any]:
    return dict(json.loads((vectors / "specs/extracted/openid4vp_jwe_ecdh_es_a128gcm.json").read_text()))


def test_published_response_opens(vectors: Path) -> None:
    vector = published(vectors)
    key = encryption_key_from_text(json.dumps(vector["recipient_private_jwk"]))
    plaintext = decrypt(vector["jwe"], key, allowed_enc=A128GCM, max_plaintext=1024)
    assert json.loads(plaintext) == vector["plaintext"]


def test_published_response_is_refused_where_its_cipher_was_not_offered(vectors: Path) -> None:
    vector = published(vectors)
    key = encryption_key_from_text(json.dumps(vector["recipient_private_jwk"]))
    with pytest.raises(Untrusted) as refusal:
        decrypt(vector["jwe"], key, allowed_enc=frozenset({"A256GCM"}), max_plaintext=1024)
    assert refusal.value.params["reason"] == "enc"


def test_first_usable_key_of_the_published_request_is_chosen(vectors: Path) -> None:
    document = json.loads((vectors / "specs/extracted/openid4vp_1_0_json_blocks.json").read_text())
    requests = [block["json"] for block in document["blocks"] if "client_metadata" in block.get("json", {})]
    jwks = requests[0]["client_metadata"]["jwks"]
    assert choose_encryption_key(jwks)["kid"] == "ac"
    jwks["keys"].reverse()
    assert choose_encryption_key(jwks)["kid"] == "ac"
