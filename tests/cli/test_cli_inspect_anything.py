"""Whatever is given to ``inspect``: an explanation or a refusal with a code, in every language, never a crash."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.cli.inspection.finding import Inspection
from portadoc.cli.inspection.recognise import inspect_input
from portadoc.cli.inspection.show import inspection_as_json, inspection_lines
from portadoc.errors import Error
from portadoc.i18n import LANGUAGES, catalogue

NOW = 1_795_348_800
MEMBERS = (
    *("kty", "crv", "d", "keys", "kid", "vct", "claims", "display", "path", "issuer", "jwks", "client_id"),
    *("dcql_query", "credentials", "credential_sets", "format", "meta", "claim_sets", "presentation_definition"),
    *("credential_issuer", "credential_configuration_ids", "grants", "credential_configurations_supported"),
    *("credential_endpoint", "token_endpoint", "anchors", "authorisations", "client_metadata", "response_mode"),
    *("payload", "signature", "protected", "header", "disclosures", "status", "status_list", "lst", "bits", "sub"),
    *("_sd", "...", "_sd_alg", "cnf", "jwk", "x5c", "aud", "nonce", "iat", "exp", "ttl", "typ", "alg", "extends"),
    "urn:ietf:params:oauth:grant-type:pre-authorized_code",
)
TYPS = (
    *("dc+sd-jwt", "vc+sd-jwt", "kb+jwt", "statuslist+jwt", "oauth-authz-req+jwt", "JWT", "dpop+jwt"),
    *("openidvci-issuer-metadata+jwt", "openid4vci-proof+jwt", "keyattestation+jwt"),
)
scalars = st.none() | st.booleans() | st.integers(-5, 2**70) | st.text(max_size=8) | st.sampled_from(MEMBERS)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(MEMBERS), trees, max_size=6)


def seen(raw: bytes) -> Inspection | None:
    """Inspect and show in every way; None when it is refused with a code."""
    try:
        found = inspect_input(raw, now=NOW)
    except Error as error:
        return known_refusal(error)
    for language in LANGUAGES:
        json.loads(json.dumps(inspection_as_json(found, language)))
        assert all("\n" not in line for line in inspection_lines(found, language))
    return found


def known_refusal(error: Error) -> None:
    assert error.code in catalogue("en")


def segment(value: Any) -> str:
    return base64url.encode(json.dumps(value).encode("utf-8"))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes(raw: bytes) -> None:
    seen(raw)


@settings(max_examples=200, deadline=None)
@given(objects | trees)
def test_any_json_with_the_members_of_the_field(value: Any) -> None:
    seen(json.dumps(value).encode())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TYPS), objects, objects, st.lists(trees, max_size=3), st.booleans())
def test_any_token(typ: str, header: Any, payload: Any, disclosures: Any, tilde: bool) -> None:
    text = ".".join((segment({"alg": "ES256", **header, "typ": typ}), segment(payload), "AAAA"))
    assert seen("~".join((text, *map(segment, disclosures), text if tilde else "")).encode()) is not None
    seen(text.encode())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["openid4vp", "haip-vci", "openid-credential-offer", "https"]), objects)
def test_any_link(scheme: str, parameters: dict[str, Any]) -> None:
    texts = {name: each if isinstance(each, str) else json.dumps(each) for name, each in parameters.items()}
    seen(f"{scheme}://x?{urlencode(texts)}".encode("utf-8", "replace"))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_real_things_bent_in_one_place(desk: Any, data: st.DataObject) -> None:
    things = [desk.presentation(), desk.status_list(1), desk.trust.read_text()]
    raw = bytearray(data.draw(st.sampled_from(things)).encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    seen(bytes(raw))


def test_published_examples_are_recognised(vectors: Path) -> None:
    recognised = set()
    for path in sorted((vectors / "specs").rglob("*")):
        if path.is_file() and path.stat().st_size < 1024 * 1024 and (found := seen(path.read_bytes())) is not None:
            recognised.add(found.kind)
    expected = {"offer", "query", "issuer_metadata", "signed_issuer_metadata", "status_list_token"}
    assert expected | {"wallet_attestation"} <= recognised


def test_every_sd_jwt_of_the_specifications_is_opened_up(vectors: Path) -> None:
    opened = 0
    for path in sorted((vectors / "specs" / "extracted").glob("oauth-*.json")):
        for text in texts(json.loads(path.read_text(encoding="utf-8"))):
            if text.startswith("eyJ") and "~" in text:
                found = seen(text.encode())
                assert found is not None
                assert all(each["place"] for each in found.content["disclosures"])
                opened += 1
    assert opened > 10


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(each)


def test_every_code_that_an_inspection_names_has_a_sentence() -> None:
    folder = Path(__file__).resolve().parents[2] / "portadoc" / "cli" / "inspection"
    named = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and str(node.value).startswith(("what_", "said_", "word_")):
                named.add(node.value)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding":
                code = node.args[1]
                if isinstance(code, ast.Constant):
                    named.add(code.value)
    assert len(named) > 80
    assert named - {"what_"} <= set(catalogue("en"))
