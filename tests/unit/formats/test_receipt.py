"""The receipt as a token: the round trip, its commitment, and every form that is refused."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from portadoc import base64url
from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import unverified_claims
from portadoc.formats.receipt import (
    TYP,
    Receipt,
    ReceiptCredential,
    ReceiptStatus,
    check_commitment,
    make_receipt,
    parse_receipt,
    presentation_commitment,
    verify_receipt,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.randomness import system_random_bytes

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
NONCE = "n" * 43
PRESENTED = "e30.e30.c2ln~WyJzYWx0IiwibmFtZSIsInZhbHVlIl0~"
CREDENTIAL = ReceiptCredential(
    type="urn:eudi:pda1:1",
    issuer="FR:TEST01",
    verdict="authentic_in_force",
    status=ReceiptStatus("status.example", NOW - 60, 60),
    commitment=presentation_commitment(NONCE, PRESENTED),
)
UNKNOWN = ReceiptCredential(
    type=None, issuer=None, verdict="not_authentic", status=None, commitment=presentation_commitment("o", "a.b.c~")
)
RECEIPT = Receipt(
    verifier_id="DE:TEST90",
    verifier_name="Test inspection",
    verified_at=NOW,
    purpose="inspector-quick",
    policy_version="v1",
    on_date=date(2026, 11, 22),
    work=False,
    verdict="not_authentic",
    colour="red",
    credentials=(CREDENTIAL, UNKNOWN),
)


@dataclass(frozen=True)
class Desk:
    ring: KeyRing
    trusted: TrustedKey

    @property
    def signer(self) -> Any:
        return self.ring.signer("de-inspection", KeyPurpose.RECEIPT)

    def open(self, text: str) -> Receipt:
        return verify_receipt(parse_receipt(text, allowed_algs=ALL_ALGORITHMS), trusted=self.trusted)

    def signed(self, changes: dict[str, Any]) -> str:
        payload = {**unverified_claims(make_receipt(RECEIPT, signer=self.signer)), **changes}
        return jws.sign(signing_header(TYP, self.signer), payload, self.signer)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("receipt-keys")
    verifier = DevelopmentInstitution("de-inspection", "DE:TEST90", "DE", "Test", frozenset({Role.VERIFIER}))
    ring = create_development_ring(
        folder,
        [verifier],
        base_url="https://verifier.example",
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    chain = ring.signer("de-inspection", KeyPurpose.RECEIPT).chain
    trust = read_trust_file(folder / TRUST_FILE)
    return Desk(ring, trust.resolve_chain(chain, purpose=KeyPurpose.RECEIPT, at=NOW))


def refusal(text: str, desk: Desk) -> tuple[type[Error], str, object]:
    with pytest.raises(Error) as caught:
        desk.open(text)
    return type(caught.value), caught.value.code, caught.value.params.get("reason")


def test_a_receipt_is_read_as_it_was_made(desk: Desk) -> None:
    text = make_receipt(RECEIPT, signer=desk.signer)
    assert desk.open(text) == RECEIPT
    unverified = parse_receipt(text, allowed_algs=ALL_ALGORITHMS)
    assert (unverified.unverified_at, unverified.unverified_chain) == (NOW, desk.signer.chain)


def test_the_commitment_is_the_digest_of_nonce_and_sd_hash() -> None:
    sd_hash = base64url.encode(hashlib.sha256(PRESENTED.encode()).digest())
    expected = base64url.encode(hashlib.sha256(f"{NONCE}.{sd_hash}".encode()).digest())
    assert presentation_commitment(NONCE, PRESENTED) == expected
    assert presentation_commitment(NONCE, PRESENTED + "a.b.c") == expected


def test_the_commitment_names_the_presentation_to_who_knows_the_nonce() -> None:
    assert check_commitment(RECEIPT, nonce=NONCE, unverified_presentation=PRESENTED) is CREDENTIAL
    assert check_commitment(RECEIPT, nonce="o", unverified_presentation="a.b.c~") is UNKNOWN
    for nonce, presented in (("other", PRESENTED), (NONCE, "a.b.c~")):
        with pytest.raises(Untrusted) as caught:
            check_commitment(RECEIPT, nonce=nonce, unverified_presentation=presented)
        assert caught.value.params["reason"] == "commitment_mismatch"
    with pytest.raises(Malformed):
        presentation_commitment(NONCE, "no SD-JWT")


def test_nothing_is_signed_that_a_reader_would_refuse(desk: Desk) -> None:
    with pytest.raises(Untrusted, match="receipt_invalid"):
        make_receipt(replace(RECEIPT, purpose="Two Words"), signer=desk.signer)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"more": 1}, "members"),
        ({"iss": "DE:TEST91"}, "verifier_mismatch"),
        ({"iss": ""}, "iss"),
        ({"verifier": 1}, "verifier"),
        ({"verifier": "n" * 257}, "verifier"),
        ({"iat": "now"}, "claim_invalid"),
        ({"purpose": "<b>"}, "purpose"),
        ({"policy_version": None}, "policy_version"),
        ({"on_date": "20261122"}, "on_date"),
        ({"on_date": "22 November"}, "on_date"),
        ({"on_date": 1}, "on_date"),
        ({"work": 1}, "work"),
        ({"verdict": "a b"}, "verdict"),
        ({"colour": "blue!"}, "colour"),
        ({"credentials": {}}, "credentials"),
        ({"credentials": [1]}, "credentials"),
        ({"credentials": [{}]}, "credentials"),
    ],
)
def test_a_signed_receipt_of_another_form_is_refused(desk: Desk, changes: dict[str, Any], reason: str) -> None:
    assert refusal(desk.signed(changes), desk) == (Untrusted, "receipt_invalid", reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": 1}, "type"),
        ({"issuer": ""}, "issuer"),
        ({"verdict": None}, "verdict"),
        ({"commitment": "short"}, "commitment"),
        ({"status": []}, "status"),
        ({"status": {"source": "s", "as_of": 1}}, "status"),
        ({"status": {"source": "", "as_of": 1, "age_s": 1}}, "source"),
        ({"status": {"source": "s", "as_of": 1, "age_s": -1}}, "claim_invalid"),
    ],
)
def test_an_entry_of_another_form_is_refused(desk: Desk, changes: dict[str, Any], reason: str) -> None:
    (entry, _) = unverified_claims(make_receipt(RECEIPT, signer=desk.signer))["credentials"]
    text = desk.signed({"credentials": [{**entry, **changes}]})
    assert refusal(text, desk) == (Untrusted, "receipt_invalid", reason)


def test_no_more_entries_than_a_receipt_may_hold(desk: Desk) -> None:
    (entry, _) = unverified_claims(make_receipt(RECEIPT, signer=desk.signer))["credentials"]
    assert refusal(desk.signed({"credentials": [entry] * 17}), desk)[:2] == (Malformed, "limit_exceeded")


def test_another_token_of_the_same_key_is_no_receipt(desk: Desk) -> None:
    payload = unverified_claims(make_receipt(RECEIPT, signer=desk.signer))
    text = jws.sign(signing_header("kb+jwt", desk.signer), payload, desk.signer)
    assert refusal(text, desk) == (Untrusted, "receipt_invalid", "typ_mismatch")
    assert refusal("no token", desk) == (Untrusted, "receipt_invalid", "malformed_token")


def test_an_altered_receipt_is_refused(desk: Desk) -> None:
    header, _, signature = make_receipt(RECEIPT, signer=desk.signer).split(".")
    payload = desk.signed({"verdict": "authentic_in_force", "colour": "green"}).split(".")[1]
    altered = f"{header}.{payload}.{signature}"
    assert refusal(altered, desk) == (Untrusted, "receipt_invalid", "signature_invalid")
