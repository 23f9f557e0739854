"""Key attestations: by themselves, as a proof of their own, and in the header of a proof by one of their keys."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.key_proof import VerifiedKeyProof, make_key_proof, verify_key_proof
from portadoc.formats.openid4vci.key_attestation import (
    EARLIER_TYP,
    MAX_KEYS,
    AttestationPolicy,
    VerifiedKeyAttestation,
    make_key_attestation,
    verify_attestation_proof,
    verify_key_attestation,
)
from portadoc.formats.status_list.maintained import MaintainedStatus
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner

from .wallet_provider_workshop import ALGS, NOW, PROVIDER, STRANGE_ROOT, TRUST, key, self_signed, signer

ISSUER = "https://issuer.example/issuer/fr-demo"
ATTESTER = signer(KeyPurpose.KEY_ATTESTATION)
FIRST, SECOND, OTHER = key(91), key(92), key(93)
WEAK = key(94, ec.SECP521R1())
DROP = object()
HIGH, MODERATE, ENHANCED, BASIC = (
    f"iso_18045_{level}" for level in ("high", "moderate", "enhanced-basic", "basic")
)
POLICY = AttestationPolicy(
    trust=TRUST,
    key_storage=frozenset(),
    user_authentication=frozenset(),
    first_key_signs=True,
    own_nonce=False,
    required=True,
)
STATUS = StatusReference("https://wallet.example/status/2", 3)
STORE_STATUS = MaintainedStatus(StatusReference("https://wallet.example/status/1", 7), NOW + 90)


def attestation(signer: LocalSigner = ATTESTER, header: dict[str, Any] | None = None, **changes: Any) -> str:
    head = signing_header("key-attestation+jwt", signer) | (header or {})
    claims = {
        "iat": NOW,
        "exp": NOW + 3600,
        "attested_keys": [dict(FIRST.public_jwk), dict(SECOND.public_jwk)],
    } | changes
    return jws.sign(head, {name: value for name, value in claims.items() if value is not DROP}, signer)


def verify(text: str, **policy: Any) -> VerifiedKeyAttestation:
    return verify_key_attestation(text, policy=replace(POLICY, **policy), now=NOW, skew_s=5, allowed_algs=ALGS)


def reason_of(text: str, **policy: Any) -> str:
    with pytest.raises(Untrusted) as refusal:
        verify(text, **policy)
    assert refusal.value.code == "key_attestation_invalid"
    return str(refusal.value.params["reason"])


def test_what_is_made_verifies() -> None:
    text = make_key_attestation(
        attested_jwks=[dict(FIRST.public_jwk), dict(SECOND.public_jwk)],
        iat=NOW,
        exp=NOW + 3600,
        nonce="n-1",
        key_storage=[HIGH],
        user_authentication=[HIGH, MODERATE],
        certification="https://wallet.example/certified",
        status=STATUS,
        key_storage_status=STORE_STATUS,
        signer=ATTESTER,
    )
    verified = verify(text)
    assert verified.thumbprints == (FIRST.kid, SECOND.kid)
    assert verified.holder_jwks == (dict(FIRST.public_jwk), dict(SECOND.public_jwk))
    assert verified == VerifiedKeyAttestation(
        attested_keys=verified.attested_keys,
        key_storage=(HIGH,),
        user_authentication=(HIGH, MODERATE),
        nonce="n-1",
        iat=NOW,
        exp=NOW + 3600,
        provider_id=PROVIDER.id,
        certification="https://wallet.example/certified",
        unverified_status=STATUS,
        unverified_key_storage_status=STORE_STATUS,
    )


def test_what_may_be_left_out_is_left_out() -> None:
    text = make_key_attestation(
        attested_jwks=[dict(FIRST.public_jwk)],
        iat=NOW,
        exp=None,
        nonce=None,
        key_storage=[],
        user_authentication=[],
        signer=ATTESTER,
    )
    assert jws.unverified_claims(text).keys() == {"iat", "attested_keys"}
    verified = verify(text)
    assert (verified.exp, verified.nonce, verified.key_storage, verified.user_authentication) == (
        None,
        None,
        (),
        (),
    )
    assert (verified.unverified_status, verified.unverified_key_storage_status) == (None, None)


def test_the_name_of_earlier_drafts_is_taken_only_where_the_policy_says_so() -> None:
    text = attestation(header={"typ": EARLIER_TYP})
    assert reason_of(text) == "typ_mismatch"
    assert verify(text, tolerated_typ=frozenset({EARLIER_TYP})).iat == NOW


MANY = [dict(key(1000 + number).public_jwk) for number in range(MAX_KEYS + 1)]
FAULTS: dict[str, tuple[str, str]] = {
    "signature": (attestation()[:-8] + "AAAAAAAA", "signature_invalid"),
    "no chain": (attestation(OTHER), "chain_invalid"),
    "self-signed": (attestation(self_signed()), "chain_invalid"),
    "anchor sent along": (attestation(signer(KeyPurpose.KEY_ATTESTATION, with_root=True)), "chain_invalid"),
    "provider unknown": (attestation(signer(KeyPurpose.KEY_ATTESTATION, root=STRANGE_ROOT)), "issuer_untrusted"),
    "key of another purpose": (attestation(signer(KeyPurpose.CLIENT_ATTESTATION)), "chain_invalid"),
    "typ": (attestation(header={"typ": "JWT"}), "typ_mismatch"),
    "alg not listed": (attestation(WEAK), "alg_not_allowed"),
    "jwk": (attestation(header={"jwk": dict(OTHER.public_jwk)}), "header_param_forbidden"),
    "iat missing": (attestation(iat=DROP), "claim_missing"),
    "iat future": (attestation(iat=NOW + 6), "not_yet_valid"),
    "exp passed": (attestation(exp=NOW - 5), "expired"),
    "exp text": (attestation(exp="tomorrow"), "claim_invalid"),
    "keys missing": (attestation(attested_keys=DROP), "attested_keys"),
    "keys empty": (attestation(attested_keys=[]), "attested_keys"),
    "keys no array": (attestation(attested_keys=dict(FIRST.public_jwk)), "attested_keys"),
    "keys too many": (attestation(attested_keys=MANY), "attested_keys"),
    "key private": (
        attestation(attested_keys=[{**FIRST.public_jwk, "d": "AA"}]),
        "holder_key_unsupported",
    ),
    "key no object": (attestation(attested_keys=["key"]), "holder_key_unsupported"),
    "key symmetric": (attestation(attested_keys=[{"kty": "oct", "k": "AA"}]), "holder_key_unsupported"),
    "key of alg not listed": (attestation(attested_keys=[dict(WEAK.public_jwk)]), "alg_not_allowed"),
    "key twice": (
        attestation(attested_keys=[dict(FIRST.public_jwk), {**FIRST.public_jwk, "kid": "2"}]),
        "attested_keys_repeated",
    ),
    "storage no array": (attestation(key_storage=HIGH), "key_storage"),
    "storage empty": (attestation(key_storage=[]), "key_storage"),
    "storage number": (attestation(key_storage=[1]), "key_storage"),
    "storage too many": (attestation(key_storage=[HIGH] * 17), "key_storage"),
    "authentication null": (attestation(user_authentication=None), "user_authentication"),
    "nonce number": (attestation(nonce=1), "nonce_form"),
    "nonce empty": (attestation(nonce=""), "nonce_form"),
    "nonce long": (attestation(nonce="n" * 513), "nonce_form"),
    "certification number": (attestation(certification=1), "certification"),
    "certification empty": (attestation(certification=""), "certification"),
    "certification long": (attestation(certification="c" * 2049), "certification"),
    "status": (attestation(status=1), "status_invalid"),
    "store status": (attestation(key_storage_status=[]), "claim_invalid"),
    "two segments": ("a.b", "malformed_token"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_s12_e23_each_fault_has_its_reason(name: str) -> None:
    text, reason = FAULTS[name]
    assert reason_of(text) == reason


def test_as_many_keys_as_are_allowed_are_taken() -> None:
    assert len(verify(attestation(attested_keys=MANY[:MAX_KEYS])).attested_keys) == MAX_KEYS


OWN = "https://wallet.example/levels/own"
ENOUGH: dict[str, tuple[list[str], set[str]]] = {
    "the same": ([MODERATE], {MODERATE}),
    "better": ([HIGH], {MODERATE}),
    "best of several": ([BASIC, HIGH], {MODERATE}),
    "beside an unknown one": ([OWN, HIGH], {HIGH}),
    "one of several accepted": ([ENHANCED], {HIGH, ENHANCED}),
    "above the lowest accepted": ([ENHANCED], {HIGH, BASIC}),
    "accepted by name": ([OWN], {OWN}),
    "accepted by name beside ranks": ([OWN], {OWN, HIGH}),
    "none asked for": ([OWN], set()),
}
TOO_LITTLE: dict[str, tuple[object, set[str]]] = {
    "enhanced for moderate": ([ENHANCED], {MODERATE}),
    "moderate for high": ([MODERATE], {HIGH}),
    "basic for enhanced": ([BASIC], {ENHANCED}),
    "not stated": (DROP, {BASIC}),
    "unknown": ([OWN], {BASIC}),
    "a rank for a name": ([HIGH], {OWN}),
    "another case": (["ISO_18045_HIGH"], {BASIC}),
}


@pytest.mark.parametrize("claim", ["key_storage", "user_authentication"])
@pytest.mark.parametrize("name", ENOUGH)
def test_a_level_is_good_enough_by_its_name_or_by_its_rank(claim: str, name: str) -> None:
    levels, accepted = ENOUGH[name]
    verified = verify(attestation(**{claim: levels}), **{claim: frozenset(accepted)})
    assert getattr(verified, claim) == tuple(levels)


@pytest.mark.parametrize("claim", ["key_storage", "user_authentication"])
@pytest.mark.parametrize("name", TOO_LITTLE)
def test_s12_a_level_below_the_one_required_is_refused(claim: str, name: str) -> None:
    levels, accepted = TOO_LITTLE[name]
    assert reason_of(attestation(**{claim: levels}), **{claim: frozenset(accepted)}) == f"{claim}_level"


def test_an_oversized_attestation_is_a_limit_of_its_own() -> None:
    with pytest.raises(Malformed, match="limit_exceeded"):
        verify(attestation(pad="x" * 40_000))


def alone(text: str) -> tuple[VerifiedKeyAttestation, str]:
    return verify_attestation_proof(text, policy=POLICY, now=NOW, skew_s=5, allowed_algs=ALGS)


def test_an_attestation_is_a_proof_by_its_nonce_and_needs_no_end() -> None:
    verified, nonce = alone(attestation(nonce="n-1", exp=DROP))
    assert (verified.exp, nonce) == (None, "n-1")


def test_s12_an_attestation_without_nonce_is_no_proof() -> None:
    with pytest.raises(Untrusted) as refusal:
        alone(attestation())
    assert (refusal.value.code, refusal.value.params["reason"]) == ("key_attestation_invalid", "nonce_missing")


def proof(attested: object, signer: LocalSigner = FIRST, named: object = DROP, kid: object = DROP) -> str:
    """Return a proof that leaves its key to the attestation, or names it by ``jwk`` or ``kid``."""
    header = {"typ": "openid4vci-proof+jwt", "key_attestation": attested, "jwk": named, "kid": kid}
    claims = {"aud": ISSUER, "nonce": "n-1", "iat": NOW}
    return jws.sign({name: value for name, value in header.items() if value is not DROP}, claims, signer)


def proven(text: str, **policy: Any) -> VerifiedKeyProof:
    return verify_key_proof(
        text,
        audience=ISSUER,
        client_id=None,
        now=NOW,
        max_age_s=300,
        skew_s=5,
        allowed_algs=ALGS,
        attestations=replace(POLICY, **policy),
    )


def refused(text: str, **policy: Any) -> tuple[str, str]:
    with pytest.raises(Untrusted) as refusal:
        proven(text, **policy)
    return refusal.value.code, str(refusal.value.params["reason"])


def test_a_proof_that_is_made_with_an_attestation_verifies() -> None:
    text = make_key_proof(
        audience=ISSUER,
        nonce="n-1",
        iat=NOW,
        signer=FIRST,
        client_id=None,
        key_attestation=attestation(nonce="n-1"),
    )
    verified = proven(text, own_nonce=True)
    assert verified.thumbprint == FIRST.kid
    assert verified.attestation is not None
    assert verified.attestation.thumbprints == (FIRST.kid, SECOND.kid)


def test_a_proof_may_leave_its_key_to_the_attestation() -> None:
    verified = proven(proof(attestation()))
    assert (verified.thumbprint, verified.holder_jwk) == (FIRST.kid, dict(FIRST.public_jwk))


@pytest.mark.parametrize("kid", ["0", FIRST.kid], ids=["place", "thumbprint"])
def test_a_proof_names_an_attested_key_as_european_wallets_do(kid: str) -> None:
    assert proven(proof(attestation(), kid=kid)).thumbprint == FIRST.kid


@pytest.mark.parametrize("kid", ["1", SECOND.kid], ids=["place", "thumbprint"])
def test_another_attested_key_by_its_name_is_for_the_policy_to_judge(kid: str) -> None:
    text = proof(attestation(), SECOND, kid=kid)
    assert proven(text, first_key_signs=False).thumbprint == SECOND.kid
    assert refused(text) == ("key_attestation_invalid", "proof_key")


def test_any_attested_key_signs_where_the_policy_lets_it() -> None:
    text = proof(attestation(), SECOND, dict(SECOND.public_jwk))
    assert proven(text, first_key_signs=False).thumbprint == SECOND.kid
    assert refused(text) == ("key_attestation_invalid", "proof_key")


def test_without_a_policy_no_attestation_is_read() -> None:
    verified = verify_key_proof(
        proof("not a token", named=dict(FIRST.public_jwk)),
        audience=ISSUER,
        client_id=None,
        now=NOW,
        max_age_s=300,
        skew_s=5,
        allowed_algs=ALGS,
    )
    assert verified.attestation is None


def test_an_attestation_may_be_missing_where_none_is_required() -> None:
    plain = proof(DROP, named=dict(FIRST.public_jwk))
    assert proven(plain, required=False).attestation is None
    assert refused(plain) == ("key_attestation_invalid", "missing")
    assert refused(proof(DROP), required=False) == ("proof_invalid", "key_params")


def test_a_nonce_of_the_attestation_may_be_missing_where_the_proof_has_it() -> None:
    assert proven(proof(attestation(nonce="n-1"))).nonce == "n-1"
    assert refused(proof(attestation()), own_nonce=True) == ("key_attestation_invalid", "nonce_missing")


PROOFS: dict[str, tuple[str, tuple[str, str]]] = {
    "exp missing": (proof(attestation(exp=DROP)), ("key_attestation_invalid", "exp_missing")),
    "other nonce": (proof(attestation(nonce="n-2")), ("key_attestation_invalid", "nonce")),
    "no text": (proof({"attested_keys": []}), ("key_attestation_invalid", "form")),
    "attestation expired": (proof(attestation(exp=NOW - 5)), ("key_attestation_invalid", "expired")),
    "key not attested": (
        proof(attestation(), OTHER, dict(OTHER.public_jwk)),
        ("key_attestation_invalid", "proof_key"),
    ),
    "signed by no attested key": (proof(attestation(), OTHER), ("proof_invalid", "signature_invalid")),
    "kid beyond the keys": (proof(attestation(), kid="2"), ("proof_invalid", "kid_unknown")),
    "kid of a stranger": (proof(attestation(), OTHER, kid=OTHER.kid), ("proof_invalid", "kid_unknown")),
    "kid in other letters": (proof(attestation(), kid="00"), ("proof_invalid", "kid_unknown")),
    "kid of another than the signer": (
        proof(attestation(), SECOND, kid="0"),
        ("proof_invalid", "signature_invalid"),
    ),
    "kid beside jwk": (
        proof(attestation(), named=dict(FIRST.public_jwk), kid="0"),
        ("proof_invalid", "key_params"),
    ),
    "signed by the second": (proof(attestation(), SECOND), ("proof_invalid", "signature_invalid")),
    "key of another than the signer": (
        proof(attestation(), OTHER, dict(FIRST.public_jwk)),
        ("proof_invalid", "signature_invalid"),
    ),
}


@pytest.mark.parametrize("name", PROOFS)
def test_s12_e23_each_fault_of_an_attested_proof_has_its_reason(name: str) -> None:
    text, expected = PROOFS[name]
    assert refused(text) == expected
