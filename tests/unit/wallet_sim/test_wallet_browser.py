"""Pages that ask through the browser: who may, what they get, and what each answer is bound to."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from portadoc import base64url
from portadoc.errors import Error, Untrusted
from portadoc.formats import jwe, jws, strict_json
from portadoc.formats.openid4vp.client_identifier import x509_hash_identifier
from portadoc.formats.openid4vp.digital_credentials import (
    RequestSignature,
    multisigned_request,
    read_browser_answer,
    signed_request,
    unsigned_request,
)
from portadoc.formats.openid4vp.request_object import PresentationRequest, ResponseMode
from portadoc.formats.openid4vp.transaction_data import INSPECTION, make_transaction_data
from portadoc.formats.sd_jwt import parse
from portadoc.schemas.profiles import PROFILES
from portadoc.wallet_sim.browser import refuse_browser
from portadoc.wallet_sim.wallet import Wallet

from .conftest import NOW, pda1_query, seeded


def transaction_hash(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode("ascii")).digest())


ORIGIN = "https://inspection.example"
KEY = jwe.new_encryption_key(seeded(b"page"))
REQUEST = PresentationRequest(
    nonce="n-0S6_WzA2MjExOTQ4",
    dcql_query=pda1_query({"path": ["document_number"]}),
    client_metadata={"jwks": {"keys": [KEY.public_jwk]}},
    iat=NOW,
    exp=NOW + 60,
    response_mode=ResponseMode.DC_API_JWT,
    expected_origins=(ORIGIN,),
)
CLEAR = replace(REQUEST, response_mode=ResponseMode.DC_API, client_metadata={})


@pytest.fixture
def holder(wallet: Any, issuer: Any) -> Wallet:
    """A wallet that holds a PDA1."""
    wallet.accept(issuer.offer("pda1"))
    assert isinstance(wallet, Wallet)
    return wallet


def opened(data: dict[str, Any]) -> dict[str, Any]:
    answer = read_browser_answer(data, encrypted=True)
    plain = jwe.decrypt(answer.response or "", KEY, allowed_enc=frozenset({"A128GCM"}), max_plaintext=100_000)
    return strict_json.loads_object(plain, what="answer")


def audience(text: str) -> object:
    return jws.unverified_claims(parse(text).key_binding_jwt or "")["aud"]


def test_v59_a_signed_request_is_answered_for_the_page_and_encrypted(holder: Wallet, world: Any) -> None:
    made = signed_request(REQUEST, signer=world.request)
    preview = holder.preview_browser(made.protocol, made.data, origin=ORIGIN)
    assert preview.request.verifier_id == "DE:TEST90"
    answer = opened(holder.answer_browser(preview))
    assert answer.keys() == {"vp_token"}
    (text,) = answer["vp_token"]["a1"]
    assert audience(text) == f"origin:{ORIGIN}"
    assert [credential.presented for credential in holder.credentials()] == [1]


def test_v59_an_unsigned_request_is_answered_for_the_page_with_a_warning(holder: Wallet) -> None:
    made = unsigned_request(CLEAR)
    preview = holder.preview_browser(made.protocol, made.data, origin=ORIGIN)
    assert [warning.code for warning in preview.request.warnings] == ["verifier_unsigned"]
    answer = read_browser_answer(holder.answer_browser(preview), encrypted=False)
    assert answer.vp_token is not None
    assert audience(answer.vp_token["a1"][0]) == f"origin:{ORIGIN}"


def test_of_several_names_the_one_that_the_wallet_trusts_counts(holder: Wallet, world: Any) -> None:
    signatures = [
        RequestSignature(x509_hash_identifier(signer.chain[0]), signer)
        for signer in (world.stranger, world.request)
    ]
    made = multisigned_request(REQUEST, signatures)
    preview = holder.preview_browser(made.protocol, made.data, origin=ORIGIN)
    assert preview.request.verifier_id == "DE:TEST90"
    alone = multisigned_request(REQUEST, signatures[:1])
    with pytest.raises(Untrusted) as caught:
        holder.preview_browser(alone.protocol, alone.data, origin=ORIGIN)
    assert caught.value.code in {"chain_invalid", "issuer_untrusted"}


def test_v59_w20_a_request_that_another_page_passes_on_is_refused(holder: Wallet, world: Any) -> None:
    made = signed_request(REQUEST, signer=world.request)
    with pytest.raises(Untrusted) as caught:
        holder.preview_browser(made.protocol, made.data, origin="https://evil.example")
    assert caught.value.params["reason"] == "origin_mismatch"
    assert refuse_browser(caught.value).to_json() == {"error": "invalid_request"}


def test_a_page_learns_no_more_of_a_missing_credential_than_that_there_is_no_answer(
    wallet: Wallet, world: Any
) -> None:
    made = signed_request(REQUEST, signer=world.request)
    preview = wallet.preview_browser(made.protocol, made.data, origin=ORIGIN)
    assert wallet.answer_browser(preview) == {"error": "access_denied"}


def test_v28_an_acknowledgement_through_the_browser_is_bound(holder: Wallet) -> None:
    text = make_transaction_data(INSPECTION, {"site": "s", "verifier": "v", "purpose": "p"}, credential_id="a1")
    made = unsigned_request(replace(CLEAR, transaction_data=(text,)))
    preview = holder.preview_browser(made.protocol, made.data, origin=ORIGIN)
    presented = holder.answer_browser(preview)["vp_token"]["a1"][0]
    binding = jws.unverified_claims(parse(presented).key_binding_jwt or "")
    assert binding["transaction_data_hashes"] == [transaction_hash(text)]


def test_w20_an_unknown_transaction_is_refused_by_its_own_word(holder: Wallet) -> None:
    made = unsigned_request(replace(CLEAR, transaction_data=("e30",)))
    with pytest.raises(Error) as caught:
        holder.preview_browser(made.protocol, made.data, origin=ORIGIN)
    assert refuse_browser(caught.value).to_json() == {"error": "invalid_transaction_data"}


def test_w20_a_wallet_of_high_assurance_answers_pages_encrypted(holder: Wallet) -> None:
    object.__setattr__(holder.means, "profile", PROFILES["haip-1.0"])
    clear, encrypted = unsigned_request(CLEAR), unsigned_request(REQUEST)
    with pytest.raises(Untrusted) as caught:
        holder.preview_browser(clear.protocol, clear.data, origin=ORIGIN)
    assert caught.value.params["reason"] == "response_not_encrypted"
    assert holder.preview_browser(encrypted.protocol, encrypted.data, origin=ORIGIN).shared
