"""Client attestations: a wallet that its provider vouches for and that holds its key is let in, no other."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.oauth.client_attestation import (
    LONGEST_LIFE_S,
    AttestationTerms,
    VerifiedClientAttestation,
    make_client_attestation,
    make_client_attestation_pop,
    verify_client_attestation,
)
from portadoc.formats.oauth.dpop import VerifiedDpopProof
from portadoc.formats.oauth.wallet_facts import WalletFacts
from portadoc.formats.status_list.maintained import MaintainedStatus
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner

from .wallet_provider_workshop import ALGS, NOW, PROVIDER, STRANGE_ROOT, TRUST, key, self_signed, signer

SERVER = "https://issuer.example/issuer/fr-demo"
CLIENT_ID = "https://wallet.example/client"
ATTESTER = signer(KeyPurpose.CLIENT_ATTESTATION)
INSTANCE = key(81)
OTHER = key(82)
STRONG = key(83, ec.SECP384R1())
WEAK = key(84, ec.SECP521R1())
DROP = object()
FACTS = WalletFacts(
    name="Wallet (test)",
    version="1.0.1",
    link="https://wallet.example/about",
    certification={"body": "CAB"},
    unverified_status=StatusReference("https://wallet.example/status/2", 3),
    unverified_client_status=MaintainedStatus(StatusReference("https://wallet.example/status/1", 7), NOW + 90),
)
TERMS = AttestationTerms(
    audience=SERVER, trust=TRUST, max_age_s=60, skew_s=5, max_life_s=LONGEST_LIFE_S, allowed_algs=ALGS
)


def attestation(signer: LocalSigner = ATTESTER, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return an attestation without ``iss``, changed as said."""
    head = signing_header("oauth-client-attestation+jwt", signer) | (header or {})
    claims = {"sub": CLIENT_ID, "iat": NOW, "exp": NOW + 3600, "cnf": {"jwk": dict(INSTANCE.public_jwk)}} | changes
    return signed(head, claims, signer)


def pop(signer: LocalSigner = INSTANCE, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return a proof of possession without ``iss``, changed as said."""
    head = {"typ": "oauth-client-attestation-pop+jwt"} | (header or {})
    return signed(head, {"aud": SERVER, "iat": NOW, "jti": "j-1"} | changes, signer)


def signed(header: dict[str, Any], claims: dict[str, Any], signer: LocalSigner) -> str:
    kept = [{name: value for name, value in part.items() if value is not DROP} for part in (header, claims)]
    return jws.sign(kept[0], kept[1], signer)


def verify(
    attested: str | tuple[str, ...],
    proved: str | tuple[str, ...],
    *,
    dpop: VerifiedDpopProof | None = None,
    client_id: str | None = CLIENT_ID,
    **terms: Any,
) -> VerifiedClientAttestation:
    return verify_client_attestation(
        (attested,) if isinstance(attested, str) else attested,
        (proved,) if isinstance(proved, str) else proved,
        dpop=dpop,
        client_id=client_id,
        terms=replace(TERMS, **terms),
        now=NOW,
    )


def reason_of(attested: str | tuple[str, ...], proved: str | tuple[str, ...], **others: Any) -> str:
    with pytest.raises(Untrusted) as refusal:
        verify(attested, proved, **others)
    assert refusal.value.code == "client_attestation_invalid"
    return str(refusal.value.params["reason"])


@pytest.mark.parametrize("issuer", [None, "https://wallet.example"], ids=["draft-10", "draft-07"])
def test_what_is_made_verifies_in_both_drafts(issuer: str | None) -> None:
    attested = make_client_attestation(
        client_id=CLIENT_ID,
        instance_jwk=dict(INSTANCE.public_jwk),
        iat=NOW,
        exp=NOW + 3600,
        issuer=issuer,
        wallet=FACTS,
        signer=ATTESTER,
    )
    proved = make_client_attestation_pop(
        client_id=CLIENT_ID if issuer else None,
        audience=SERVER,
        iat=NOW,
        jti="j-1",
        challenge="c-1" if issuer else None,
        signer=INSTANCE,
    )
    assert verify(attested, proved) == VerifiedClientAttestation(
        client_id=CLIENT_ID,
        instance_thumbprint=INSTANCE.kid,
        expires_at=NOW + 3600,
        challenge="c-1" if issuer else None,
        jti="j-1",
        provider_id=PROVIDER.id,
        issuer=issuer,
        wallet=FACTS,
    )
    assert ("iss" in jws.unverified_claims(proved)) == bool(issuer)


def test_a_wallet_may_say_nothing_of_itself() -> None:
    assert verify(attestation(), pop()).wallet == WalletFacts()
    assert WalletFacts().to_claims() == {}


def test_a_request_need_not_name_the_client() -> None:
    assert verify(attestation(), pop(), client_id=None).client_id == CLIENT_ID


def test_a_proof_may_name_its_own_key() -> None:
    named = pop(header={"jwk": {**INSTANCE.public_jwk, "use": "sig"}, "kid": "k"})
    assert verify(attestation(), named).jti == "j-1"


@pytest.mark.parametrize("claims", [{"nbf": NOW}, {"iat": DROP}, {"iat": DROP, "nbf": NOW}, {"more": 1}])
def test_times_of_both_drafts_and_unknown_claims_are_taken(claims: dict[str, Any]) -> None:
    assert verify(attestation(**claims), pop(nbf=NOW, exp=NOW + 60)).expires_at == NOW + 3600


ATTESTATIONS: dict[str, tuple[str, str]] = {
    "signature": (attestation()[:-8] + "AAAAAAAA", "signature_invalid"),
    "signed by another": (
        signed(
            signing_header("oauth-client-attestation+jwt", ATTESTER),
            {"sub": CLIENT_ID, "exp": NOW + 60, "cnf": {"jwk": dict(INSTANCE.public_jwk)}},
            OTHER,
        ),
        "signature_invalid",
    ),
    "exp passed": (attestation(iat=NOW - 3600, exp=NOW - 5), "expired"),
    "exp missing": (attestation(exp=DROP), "claim_missing"),
    "exp text": (attestation(exp="tomorrow"), "claim_invalid"),
    "sub missing": (attestation(sub=DROP), "sub"),
    "sub empty": (attestation(sub=""), "sub"),
    "sub number": (attestation(sub=1), "sub"),
    "sub beyond ASCII": (attestation(sub="é"), "sub"),
    "sub with line break": (attestation(sub="a\n"), "sub"),
    "sub long": (attestation(sub="s" * 2049), "sub"),
    "iss empty": (attestation(iss=""), "iss"),
    "iss null": (attestation(iss=None), "iss"),
    "iat future": (attestation(iat=NOW + 6), "not_yet_valid"),
    "nbf future": (attestation(nbf=NOW + 6), "not_yet_valid"),
    "a day long": (attestation(exp=NOW + LONGEST_LIFE_S), "lifetime"),
    "a day long since nbf": (attestation(nbf=NOW - 100, exp=NOW + LONGEST_LIFE_S - 100), "lifetime"),
    "a day long from now": (attestation(iat=DROP, exp=NOW + LONGEST_LIFE_S + 5), "lifetime"),
    "typ": (attestation(header={"typ": "JWT"}), "typ_mismatch"),
    "typ of the proof": (attestation(header={"typ": "oauth-client-attestation-pop+jwt"}), "typ_mismatch"),
    "alg not listed": (attestation(WEAK), "alg_not_allowed"),
    "no chain": (attestation(OTHER), "chain_invalid"),
    "self-signed": (attestation(self_signed()), "chain_invalid"),
    "anchor sent along": (attestation(signer(KeyPurpose.CLIENT_ATTESTATION, with_root=True)), "chain_invalid"),
    "provider unknown": (
        attestation(signer(KeyPurpose.CLIENT_ATTESTATION, root=STRANGE_ROOT)),
        "issuer_untrusted",
    ),
    "key of another purpose": (attestation(signer(KeyPurpose.KEY_ATTESTATION)), "chain_invalid"),
    "cnf missing": (attestation(cnf=DROP), "holder_key_missing"),
    "cnf by name": (attestation(cnf={"kid": "1"}), "holder_key_unsupported"),
    "cnf private": (attestation(cnf={"jwk": {**INSTANCE.public_jwk, "d": "AA"}}), "holder_key_unsupported"),
    "cnf not listed": (attestation(cnf={"jwk": dict(WEAK.public_jwk)}), "alg_not_allowed"),
    "wallet name": (attestation(wallet_name=1), "claim_invalid"),
    "wallet name empty": (attestation(wallet_name=""), "claim_invalid"),
    "wallet version": (attestation(wallet_version=None), "claim_invalid"),
    "wallet link": (attestation(wallet_link="l" * 2049), "claim_invalid"),
    "client status": (attestation(client_status=[]), "claim_invalid"),
    "client status without end": (attestation(client_status={"status": {}}), "status_invalid"),
    "status": (attestation(status=1), "status_invalid"),
    "two in one": (f"{attestation()}, {attestation()}", "malformed_token"),
    "concatenated with the proof": (f"{attestation()}~{pop()}", "malformed_token"),
}


@pytest.mark.parametrize("name", ATTESTATIONS)
def test_f15_s31_each_fault_of_an_attestation_has_its_reason(name: str) -> None:
    text, reason = ATTESTATIONS[name]
    assert reason_of(text, pop()) == reason


PROOFS: dict[str, tuple[str, str]] = {
    "signature": (pop()[:-8] + "AAAAAAAA", "pop_signature_invalid"),
    "signed by another": (pop(OTHER), "pop_signature_invalid"),
    "names another key": (pop(OTHER, header={"jwk": dict(OTHER.public_jwk)}), "pop_key"),
    "of another kind of key": (pop(STRONG), "pop_key"),
    "private key": (pop(header={"jwk": {**INSTANCE.public_jwk, "d": "AA"}}), "pop_holder_key_unsupported"),
    "key no object": (pop(header={"jwk": None}), "pop_holder_key_unsupported"),
    "typ": (pop(header={"typ": "JWT"}), "pop_typ_mismatch"),
    "typ of the attestation": (pop(header={"typ": "oauth-client-attestation+jwt"}), "pop_typ_mismatch"),
    "alg not listed": (pop(WEAK), "pop_alg_not_allowed"),
    "aud other": (pop(aud="https://other.example"), "pop_aud"),
    "aud endpoint": (pop(aud=f"{SERVER}/token"), "pop_aud"),
    "aud array": (pop(aud=[SERVER]), "pop_aud"),
    "aud missing": (pop(aud=DROP), "pop_aud"),
    "iss other": (pop(iss="somebody"), "pop_iss"),
    "iss null": (pop(iss=None), "pop_iss"),
    "iat missing": (pop(iat=DROP), "pop_claim_missing"),
    "iat text": (pop(iat="now"), "pop_claim_invalid"),
    "iat old": (pop(iat=NOW - 66), "pop_iat"),
    "iat future": (pop(iat=NOW + 6), "pop_not_yet_valid"),
    "exp passed": (pop(exp=NOW - 5), "pop_expired"),
    "jti missing": (pop(jti=DROP), "pop_jti"),
    "jti empty": (pop(jti=""), "pop_jti"),
    "jti long": (pop(jti="j" * 256), "pop_jti"),
    "challenge number": (pop(challenge=1), "pop_challenge"),
    "challenge null": (pop(challenge=None), "pop_challenge"),
    "challenge with space": (pop(challenge="a b"), "pop_challenge"),
    "two in one": (f"{pop()}, {pop()}", "pop_malformed_token"),
}


@pytest.mark.parametrize("name", PROOFS)
def test_f15_s31_each_fault_of_a_proof_has_its_reason(name: str) -> None:
    text, reason = PROOFS[name]
    assert reason_of(attestation(), text) == reason


def test_f15_another_client_than_the_attested_one_is_refused() -> None:
    assert reason_of(attestation(), pop(), client_id="somebody") == "client_id"


@pytest.mark.parametrize("attested", [(), (attestation(), attestation())], ids=["none", "two"])
def test_f15_there_is_exactly_one_attestation(attested: tuple[str, ...]) -> None:
    assert reason_of(attested, pop()) == "attestation_count"


@pytest.mark.parametrize("proved", [(), (pop(), pop())], ids=["none", "two"])
def test_f15_there_is_exactly_one_proof(proved: tuple[str, ...]) -> None:
    assert reason_of(attestation(), proved) == "pop_count"


def test_the_bounds_of_the_times_are_as_said() -> None:
    assert verify(attestation(exp=NOW + LONGEST_LIFE_S - 1), pop(iat=NOW - 65)).jti == "j-1"
    assert verify(attestation(iat=DROP, exp=NOW + LONGEST_LIFE_S + 4), pop(iat=NOW + 5)).jti == "j-1"
    assert verify(attestation(exp=NOW + 10 * LONGEST_LIFE_S), pop(), max_life_s=None).jti == "j-1"


DPOP = VerifiedDpopProof(INSTANCE.kid, "d-1", NOW, "c-1")


def test_a_dpop_proof_by_the_attested_key_stands_for_the_proof() -> None:
    verified = verify(attestation(), (), dpop=DPOP)
    assert (verified.challenge, verified.jti, verified.instance_thumbprint) == ("c-1", None, INSTANCE.kid)


def test_f15_a_dpop_proof_by_another_key_does_not() -> None:
    assert reason_of(attestation(), (), dpop=replace(DPOP, thumbprint=OTHER.kid)) == "pop_key"


def test_beside_a_proof_of_possession_a_dpop_proof_may_be_by_any_key() -> None:
    verified = verify(attestation(), pop(challenge="c-2"), dpop=replace(DPOP, thumbprint=OTHER.kid))
    assert (verified.challenge, verified.jti) == ("c-2", "j-1")
    assert reason_of(attestation(), pop(OTHER), dpop=DPOP) == "pop_signature_invalid"


def test_tokens_too_long_to_be_any_keep_their_own_code() -> None:
    for attested, proved in ((attestation(pad="x" * 20_000), pop()), (attestation(), pop(pad="x" * 20_000))):
        with pytest.raises(Malformed, match="limit_exceeded"):
            verify(attested, proved)
