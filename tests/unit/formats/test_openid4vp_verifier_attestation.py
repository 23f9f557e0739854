"""Attestations of verifiers: the name, the key and the addresses that a registrar vouches for, while it does."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.openid4vp.verifier_attestation import (
    VerifierAttestation,
    make_verifier_attestation,
    parse_verifier_attestation,
    verify_verifier_attestation,
)
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
ALGS = frozenset({"ES256"})
REGISTRAR_KEY = ec.derive_private_key(41, ec.SECP256R1())
REGISTRAR = LocalSigner(REGISTRAR_KEY, chain=(b"registrar", b"authority"))
VERIFIER = LocalSigner(ec.derive_private_key(42, ec.SECP256R1()))
DROP = object()


def verify(text: str, now: int = NOW) -> VerifierAttestation:
    return verify_verifier_attestation(
        parse_verifier_attestation(text, allowed_algs=ALGS),
        key=verification_key(REGISTRAR_KEY.public_key()),
        now=now,
        skew_s=0,
        allowed_algs=ALGS,
    )


def made(**changes: Any) -> str:
    terms: dict[str, Any] = {
        "issuer": "https://registrar.example",
        "subject": "verifier.example",
        "verifier_jwk": dict(VERIFIER.public_jwk),
        "iat": NOW,
        "exp": NOW + 60,
        "signer": REGISTRAR,
    }
    return make_verifier_attestation(**terms | changes)


def altered(typ: str = "verifier-attestation+jwt", signer: LocalSigner = REGISTRAR, **changes: Any) -> str:
    claims = {
        "iss": "https://registrar.example",
        "sub": "verifier.example",
        "exp": NOW + 60,
        "cnf": {"jwk": dict(VERIFIER.public_jwk)},
    } | changes
    return jws.sign({"typ": typ}, {name: value for name, value in claims.items() if value is not DROP}, signer)


def test_what_is_attested_is_understood() -> None:
    attested = verify(made(uris=("https://verifier.example/r",)))
    assert (attested.issuer, attested.subject) == ("https://registrar.example", "verifier.example")
    assert attested.key.kid == VERIFIER.kid
    assert (attested.expires_at, attested.uris) == (NOW + 60, ("https://verifier.example/r",))
    assert verify(made()).uris == ()


def test_addresses_of_both_kinds_count() -> None:
    both = altered(redirect_uris=["https://a.example"], response_uris=["https://b.example"])
    assert verify(both).uris == ("https://a.example", "https://b.example")


def test_the_chain_and_the_issuer_are_at_hand_before_the_signature_is_checked() -> None:
    unverified = parse_verifier_attestation(made(), allowed_algs=ALGS)
    assert unverified.unverified_chain == REGISTRAR.chain
    assert unverified.unverified_issuer == "https://registrar.example"
    assert parse_verifier_attestation(altered(), allowed_algs=ALGS).unverified_chain == ()


FAULTS = {
    "typ": (altered(typ="JWT"), "typ_mismatch"),
    "typ of a request": (altered(typ="oauth-authz-req+jwt"), "typ_mismatch"),
    "signature": (altered(signer=VERIFIER), "signature_invalid"),
    "iss absent": (altered(iss=DROP), "iss_form"),
    "iss number": (altered(iss=1), "iss_form"),
    "sub absent": (altered(sub=DROP), "sub_form"),
    "sub empty": (altered(sub=""), "sub_form"),
    "sub long": (altered(sub="x" * 2049), "sub_form"),
    "exp absent": (altered(exp=DROP), "claim_missing"),
    "exp text": (altered(exp="tomorrow"), "claim_invalid"),
    "expired": (altered(exp=NOW), "expired"),
    "not yet": (altered(nbf=NOW + 1), "not_yet_valid"),
    "cnf absent": (altered(cnf=DROP), "holder_key_missing"),
    "cnf by reference": (altered(cnf={"kid": "1"}), "holder_key_unsupported"),
    "cnf private": (altered(cnf={"jwk": {**VERIFIER.public_jwk, "d": "AA"}}), "holder_key_unsupported"),
    "uris": (altered(redirect_uris="https://a.example"), "uris_form"),
    "uri": (altered(response_uris=[1]), "uris_form"),
    "many uris": (altered(redirect_uris=["https://a.example"] * 33), "uris_form"),
    "not a token": ("a.b", "malformed_token"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_w20_each_fault_of_an_attestation_has_its_reason(name: str) -> None:
    text, reason = FAULTS[name]
    with pytest.raises(Untrusted) as refusal:
        verify(text)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("verifier_attestation_invalid", reason)


def test_an_attestation_too_long_to_be_one_keeps_its_own_code() -> None:
    with pytest.raises(Malformed, match="limit_exceeded"):
        verify(altered(pad="x" * 20_000))
