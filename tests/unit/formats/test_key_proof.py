"""Key proofs: what a wallet makes is accepted, and each fault is refused for its own reason."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.key_proof import VerifiedKeyProof, make_key_proof, verify_key_proof
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
ISSUER = "https://issuer.example/issuer/fr-demo"
HOLDER = LocalSigner(ec.derive_private_key(21, ec.SECP256R1()))
OTHER = LocalSigner(ec.derive_private_key(22, ec.SECP256R1()))
WEAK = LocalSigner(ec.derive_private_key(23, ec.SECP384R1()))
ES256 = frozenset({"ES256"})


def verify(text: str, client_id: str | None = None) -> VerifiedKeyProof:
    return verify_key_proof(
        text, audience=ISSUER, client_id=client_id, now=NOW, max_age_s=300, skew_s=60, allowed_algs=ES256
    )


def proof(
    signer: LocalSigner = HOLDER, drop: str = "", header: dict[str, Any] | None = None, **changes: Any
) -> str:
    head = {"typ": "openid4vci-proof+jwt", "jwk": dict(HOLDER.public_jwk)} | (header or {})
    payload = {"aud": ISSUER, "nonce": "n-1", "iat": NOW} | changes
    return jws.sign(
        {name: value for name, value in head.items() if value is not None},
        {name: value for name, value in payload.items() if name != drop},
        signer,
    )


def reason_of(text: str, client_id: str | None = None) -> str:
    with pytest.raises(Untrusted) as refusal:
        verify(text, client_id)
    assert refusal.value.code == "proof_invalid"
    return str(refusal.value.params["reason"])


def test_what_is_made_verifies() -> None:
    text = make_key_proof(audience=ISSUER, nonce="n-1", iat=NOW, signer=HOLDER, client_id=None)
    assert verify(text) == VerifiedKeyProof(dict(HOLDER.public_jwk), HOLDER.kid, "n-1", NOW)


def test_client_names_itself_when_it_is_known() -> None:
    text = make_key_proof(audience=ISSUER, nonce="n-1", iat=NOW, signer=HOLDER, client_id="wallet-1")
    assert verify(text, "wallet-1").nonce == "n-1"
    assert verify(proof(), "wallet-1").nonce == "n-1"
    assert reason_of(text, "wallet-2") == "iss"
    assert reason_of(text) == "iss"


def test_only_the_public_members_of_the_key_are_returned() -> None:
    jwk = {**HOLDER.public_jwk, "use": "sig", "kid": "mine", "note": "x"}
    assert verify(proof(header={"jwk": jwk})).holder_jwk == dict(HOLDER.public_jwk)


FAULTS: dict[str, tuple[str, str]] = {
    "typ missing": (proof(header={"typ": None}), "typ_mismatch"),
    "typ other": (proof(header={"typ": "JWT"}), "typ_mismatch"),
    "alg not listed": (proof(WEAK, header={"jwk": dict(WEAK.public_jwk)}), "alg_not_allowed"),
    "key of other alg": (proof(header={"jwk": dict(WEAK.public_jwk)}), "alg_not_allowed"),
    "no key": (proof(header={"jwk": None}), "key_params"),
    "jwk and kid": (proof(header={"kid": "k"}), "key_params"),
    "jwk and x5c": (proof(header={"x5c": ["AAAA"]}), "key_params"),
    "kid only": (proof(header={"jwk": None, "kid": "k"}), "key_form_unsupported"),
    "x5c only": (proof(header={"jwk": None, "x5c": ["AAAA"]}), "key_form_unsupported"),
    "jwk no object": (proof(header={"jwk": "text"}), "holder_key_unsupported"),
    "private member": (proof(header={"jwk": {**HOLDER.public_jwk, "d": "AAAA"}}), "holder_key_unsupported"),
    "signed by another": (proof(OTHER), "signature_invalid"),
    "altered": (proof()[:-8] + "AAAAAAAA", "signature_invalid"),
    "aud missing": (proof(drop="aud"), "aud"),
    "aud array": (proof(aud=[ISSUER]), "aud"),
    "aud trailing slash": (proof(aud=ISSUER + "/"), "aud"),
    "aud endpoint": (proof(aud=ISSUER + "/credential"), "aud"),
    "iss of nobody": (proof(iss=None), "iss"),
    "iat missing": (proof(drop="iat"), "claim_missing"),
    "iat text": (proof(iat=str(NOW)), "claim_invalid"),
    "iat true": (proof(iat=True), "claim_invalid"),
    "iat huge": (proof(iat=2**63), "claim_invalid"),
    "iat old": (proof(iat=NOW - 361), "iat"),
    "iat future": (proof(iat=NOW + 61), "not_yet_valid"),
    "exp passed": (proof(exp=NOW - 60), "expired"),
    "nonce missing": (proof(drop="nonce"), "nonce_missing"),
    "nonce number": (proof(nonce=5), "nonce_form"),
    "nonce empty": (proof(nonce=""), "nonce_form"),
    "nonce with line break": (proof(nonce="a\n"), "nonce_form"),
    "nonce too long": (proof(nonce="a" * 513), "nonce_form"),
    "jku": (proof(header={"jku": "https://keys.example"}), "header_param_forbidden"),
    "two segments": ("a.b", "malformed_token"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_reason(name: str) -> None:
    text, reason = FAULTS[name]
    assert reason_of(text) == reason


def test_window_of_iat_has_the_skew_as_leeway_on_both_sides() -> None:
    assert verify(proof(iat=NOW - 360)).iat == NOW - 360
    assert verify(proof(iat=NOW + 60)).iat == NOW + 60


def test_algorithm_none_is_refused() -> None:
    header = base64url.encode(b'{"alg":"none","typ":"openid4vci-proof+jwt"}')
    assert reason_of(f"{header}.e30.") == "alg_not_allowed"


def test_oversized_proof_is_a_limit_of_its_own() -> None:
    with pytest.raises(Malformed) as refusal:
        verify(proof(nonce="n" * 40_000))
    assert refusal.value.code == "limit_exceeded"
