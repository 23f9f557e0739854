"""From report to receipt: what it says, whom it believes, and that nothing of the claims gets in."""

import json
import string
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Error
from portadoc.formats.receipt import SPEC, Receipt, ReceiptStatus, check_commitment, make_receipt
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.verification.policy import WorkAsked
from portadoc.verification.receipts import Verified, VerifyingParty, open_receipt, receipt_of
from portadoc.verification.report import Verdict, VerificationReport

PARTY = VerifyingParty(id="DE:TEST90", name="Test inspection", purpose="inspector-quick", policy_version="v1")
NONCE = "k" * 43


def receipt(world: Any, report: VerificationReport, presented: str | None = None) -> Receipt:
    verified = Verified(unverified_presentation=presented or world.presentation(), report=report)
    return receipt_of([verified], verifier=PARTY, verdict=report.verdict, nonce=NONCE, verified_at=world.NOW)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> tuple[KeyRing, TrustStore]:
    folder: Path = tmp_path_factory.mktemp("receipt-office")
    ring = create_development_ring(
        folder,
        [DevelopmentInstitution("de-inspection", "DE:TEST90", "DE", "Test", frozenset({Role.VERIFIER}))],
        base_url="https://verifier.example",
        now=1_795_000_000,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    return ring, read_trust_file(folder / TRUST_FILE)


def test_a_receipt_says_who_verified_when_why_and_with_what_result(world: Any) -> None:
    presented = world.presentation()
    made = receipt(world, world.verify(presented), presented)
    (entry,) = made.credentials
    assert (made.verifier_id, made.verifier_name, made.verified_at) == ("DE:TEST90", "Test inspection", world.NOW)
    assert (made.purpose, made.policy_version) == ("inspector-quick", "v1")
    assert (made.verdict, made.colour) == ("authentic_in_force", "green")
    assert (entry.type, entry.issuer, entry.verdict) == ("urn:eudi:pda1:1", "FR:TEST01", "authentic_in_force")
    assert entry.status == ReceiptStatus("issuer.example", world.NOW - 60, 60)
    assert check_commitment(made, nonce=NONCE, unverified_presentation=presented) is entry


def test_the_verdict_over_all_presentations_stands_beside_that_of_each(world: Any) -> None:
    good, bad = world.presentation(), world.presentation()[:-4]
    verified = [Verified(unverified_presentation=text, report=world.verify(text)) for text in (good, bad)]
    made = receipt_of(
        verified, verifier=PARTY, verdict=Verdict.HOLDER_NOT_PROVEN, nonce=NONCE, verified_at=world.NOW
    )
    assert (made.verdict, made.colour) == ("holder_not_proven", "amber")
    assert [each.verdict for each in made.credentials] == ["authentic_in_force", "holder_not_proven"]


def test_review_f14_a_receipt_says_for_which_day_it_was_judged_and_whether_some_work_was(world: Any) -> None:
    plain = receipt(world, world.verify(on_date=date(2026, 11, 20)))
    assert (plain.on_date, plain.work) == (date(2026, 11, 20), False)
    about_work = receipt(world, world.verify(work=WorkAsked(state="DE")))
    assert about_work.work is True
    assert receipt(world, world.verify("a.b.c~", work=WorkAsked(state="DE")), "a.b.c~").work is False


def test_a_presentation_that_nobody_vouches_for_leaves_all_unknown(world: Any) -> None:
    made = receipt(world, world.verify("a.b.c~"), "a.b.c~")
    (entry,) = made.credentials
    assert (entry.type, entry.issuer, entry.status, entry.verdict) == (None, None, None, "not_authentic")


def test_a_type_that_is_not_known_is_not_repeated(world: Any) -> None:
    report = replace(world.verify(), credential_type="urn:somebody:by:name")
    assert receipt(world, report).credentials[0].type is None


def test_a_status_that_is_not_known_has_no_source(world: Any) -> None:
    report = world.verify(status=world.held(exp=world.NOW))
    assert receipt(world, report).credentials[0].status is None


def test_a_status_of_this_very_second_is_of_no_age(world: Any) -> None:
    for iat in (world.NOW, world.NOW + 30):
        entry = receipt(world, world.verify(status=world.held(iat=iat))).credentials[0]
        assert entry.status == ReceiptStatus("issuer.example", iat, 0)


def test_a_withdrawal_has_its_source_too(world: Any) -> None:
    withdrawn = world.held(statuses=world.statuses.with_status([7], 1))
    for report in (world.verify(status=withdrawn), world.verify(status=withdrawn, on_date=date(2026, 11, 1))):
        assert report.verdict in (Verdict.WITHDRAWN_OR_REPLACED, Verdict.EFFECT_NOT_ESTABLISHED)
        assert receipt(world, report).credentials[0].status == ReceiptStatus("issuer.example", world.NOW - 60, 60)


CANARY = st.text(string.ascii_letters + string.digits, min_size=12, max_size=24)


@given(canaries=st.lists(CANARY, min_size=6, max_size=6, unique=True), idx=st.integers(0, 1023))
def test_nothing_of_the_claims_gets_into_a_receipt(world: Any, canaries: list[str], idx: int) -> None:
    name, number, employer, subject, path, key = canaries
    uri = f"{world.LIST_URI}/{path}"
    claims = world.claims(
        personal_administrative_number=number,
        document_number=name,
        employer={"id": "1", "name": employer, "country": "FR"},
        sub=subject,
        jti=key,
        status={"status_list": {"idx": idx, "uri": uri}},
    )
    presented = world.presentation(world.credential(claims))
    held = world.held()
    status = replace(held, lists={uri: held.lists[world.LIST_URI]})
    report = world.verify(presented, status=status)
    assert report.claims["document_number"] == name
    made = receipt(world, report, presented)
    said = repr(made) + json.dumps([world.NOW])
    assert not [canary for canary in canaries if canary in said]
    assert uri not in said
    assert not [part for part in presented.split("~") if part and part in said]


def test_the_commitment_tells_two_sessions_nothing_of_each_other(world: Any) -> None:
    presented = world.presentation()
    report = world.verify(presented)
    verified = [Verified(unverified_presentation=presented, report=report)]
    commitments = {
        receipt_of(verified, verifier=PARTY, verdict=report.verdict, nonce=nonce, verified_at=world.NOW)
        .credentials[0]
        .commitment
        for nonce in ("first", "second")
    }
    assert len(commitments) == 2


def test_a_receipt_is_opened_with_the_trust_of_the_time_that_it_names(
    world: Any, office: tuple[KeyRing, TrustStore]
) -> None:
    ring, trust = office
    made = receipt(world, world.verify())
    text = make_receipt(made, signer=ring.signer("de-inspection", KeyPurpose.RECEIPT))
    later = world.NOW + 20 * 365 * 86_400
    assert open_receipt(text, verifiers=trust, now=world.NOW - 60) == made
    assert open_receipt(text, verifiers=trust, now=later) == made


def test_a_receipt_of_a_later_time_or_by_another_key_is_refused(
    world: Any, office: tuple[KeyRing, TrustStore]
) -> None:
    ring, trust = office
    made = receipt(world, world.verify())

    def refusal(text: str, now: int) -> tuple[str, object]:
        with pytest.raises(Error) as caught:
            open_receipt(text, verifiers=trust, now=now)
        return caught.value.code, caught.value.params.get("reason")

    text = make_receipt(made, signer=ring.signer("de-inspection", KeyPurpose.RECEIPT))
    assert refusal(text, world.NOW - 61) == ("receipt_invalid", "not_yet_made")
    with pytest.raises(Error) as caught:
        open_receipt(text, verifiers=trust, now=world.NOW - 61)
    assert caught.value.spec == SPEC
    request = make_receipt(made, signer=ring.signer("de-inspection", KeyPurpose.REQUEST))
    assert refusal(request, world.NOW)[0] == "chain_invalid"
    other = replace(made, verifier_id="DE:TEST91")
    assert refusal(make_receipt(other, signer=ring.signer("de-inspection", KeyPurpose.RECEIPT)), world.NOW) == (
        "receipt_invalid",
        "verifier_mismatch",
    )
