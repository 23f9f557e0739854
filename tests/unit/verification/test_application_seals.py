"""A proof of application in every circumstance: amber or red, told as what it is, and never as a certificate."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord
from portadoc.keys.trust.trust_file import trust_from_json
from portadoc.schemas.catalogue import SEAL_VCTS, seal_types_for
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.checks import COVERAGE_PERIOD, COVERS_WORK, Outcome
from portadoc.verification.persons import PersonMatch, same_person
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy, WorkAsked
from portadoc.verification.rendering.report_json import report_from_json, report_to_json
from portadoc.verification.rendering.shown import shown_report
from portadoc.verification.rendering.told_verdict import told_report
from portadoc.verification.rendering.wording import Words
from portadoc.verification.report import VerificationReport
from portadoc.verification.seal_procedure import HeldSigners, verify_sealed
from portadoc.verification.verdict import Colour, Verdict
from tests.unit.verification.test_seals import held
from tests.vectors.generate import NOW
from tests.vectors.seal_world import DAY, LIST_URI, WITHDRAWN, SealWorld, text_of

POLICY = VerificationPolicy(
    policy_id="test",
    accepted_types=SEAL_VCTS,
    key_binding=KeyBindingRefused(),
    status_required=False,
    profile=profile("ietf-latest"),
    on_date=date(2026, 11, 22),
)


@pytest.fixture(scope="module")
def sealing() -> SealWorld:
    return SealWorld()


def judged(
    sealing: SealWorld,
    content: dict[int, Any] | None = None,
    *,
    status: HeldStatusLists | None = None,
    claims: dict[str, Any] | None = None,
    **policy: Any,
) -> VerificationReport:
    asked = sealing.application() if content is None else content
    return verify_sealed(
        text_of(sealing.message(sealing.claims(asked, **(claims or {})))),
        trust=trust_from_json(sealing.trust()),
        signers=HeldSigners([sealing.sealer.chain]),
        status=status or held(sealing),
        policy=replace(POLICY, **policy),
        now=NOW,
    )


def ended(sealing: SealWorld) -> VerificationReport:
    uri = {"status_list": {"idx": WITHDRAWN, "uri": LIST_URI}}
    record = WithdrawalRecord(date(2026, 11, 20), WithdrawalCause.OTHER, NOW - DAY)
    return judged(sealing, status=held(sealing, withdrawals={WITHDRAWN: record}), claims={"status": uri})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_proof_is_told_as_applied_for_and_not_decided_with_its_day(sealing: SealWorld, language: str) -> None:
    words, report = Words(language), judged(sealing)
    told = told_report(report, words)
    assert (report.verdict, report.colour) == (Verdict.APPLIED_NOT_DECIDED, Colour.AMBER)
    assert told.headline == {"en": "Applied for, not decided", "fr": "Demandé, pas décidé"}[language]
    assert words.day(date(2026, 11, 21)) in told.sentence
    assert {"en": "two months", "fr": "deux mois"}[language] in told.action.lower()
    assert report.check(COVERAGE_PERIOD).params == {"filed_on": "2026-11-21"}


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 11, 23), date(2027, 5, 22), date(2030, 1, 1)])
@pytest.mark.parametrize("work", [None, WorkAsked(state="DE"), WorkAsked(state="US", employers=frozenset({"x"}))])
def test_a_proof_is_the_same_on_every_day_and_for_any_work(
    sealing: SealWorld, day: date, work: WorkAsked | None
) -> None:
    report = judged(sealing, on_date=day, work=work)
    assert report.verdict is Verdict.APPLIED_NOT_DECIDED
    assert report.check(COVERS_WORK).outcome is Outcome.NOT_APPLICABLE


def test_a_status_that_is_not_known_does_not_make_a_certificate_of_a_proof(sealing: SealWorld) -> None:
    report = judged(sealing, status=HeldStatusLists())
    assert report.verdict is Verdict.APPLIED_NOT_DECIDED
    assert "authentic" not in told_report(report, Words("en")).headline.lower()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_proof_that_was_ended_is_told_as_an_application_that_is_not_open(
    sealing: SealWorld, language: str
) -> None:
    report = ended(sealing)
    told = told_report(report, Words(language))
    assert (report.verdict, report.colour) == (Verdict.WITHDRAWN_OR_REPLACED, Colour.RED)
    assert told.headline == {"en": "Application no longer open", "fr": "Demande qui n'est plus ouverte"}[language]
    over = judged(sealing, claims={"exp": NOW - DAY})
    assert over.verdict is Verdict.NOT_IN_FORCE_ON_DATE
    assert told_report(over, Words(language)).action.startswith(
        {"en": "This proof", "fr": "Cette preuve"}[language]
    )


def test_the_facts_of_a_proof_are_those_of_the_application(sealing: SealWorld) -> None:
    report = judged(sealing)
    shown = shown_report(report, "en")
    found = {each.label: each.value for each in shown.key}
    assert shown.document == "Proof of application, printed seal"
    assert found["Filed on"] == "21 November 2026, 16:42 UTC"
    assert found["Case number"] == "A1-2026-000123-7"
    assert found["Legislation asked for"] == "France"
    assert found["States of work named"] == "Germany"
    assert found["Period asked for"] == "23 November 2026 – 22 May 2027"
    assert found["Urgent departure"] == "yes"
    assert "Applicable legislation" not in found
    assert "Period" not in found
    assert "A1 certificate" in [each.value for each in shown.says]
    assert shown_report(report, "fr").says[6].value == "Certificat A1"


def test_a_fact_that_is_not_there_is_not_told(sealing: SealWorld) -> None:
    plain = {label: value for label, value in sealing.application().items() if label not in (3, 11, 12, 13, 17)}
    found = {each.label: each.value for each in shown_report(judged(sealing, {**plain, 3: 7}), "en").key}
    assert found["Filed on"] == "21 November 2026"
    assert found["Period asked for"] == "from 23 November 2026, no end shown"
    assert found.keys().isdisjoint({"Employer", "Urgent departure"})
    nameless = {label: value for label, value in plain.items() if label != 2}
    assert "Filed on" not in {each.label for each in shown_report(judged(sealing, nameless), "en").key}


def test_nobody_is_asked_to_review_what_is_not_decided(sealing: SealWorld) -> None:
    report = judged(sealing)
    assert report.review_request is None
    assert shown_report(report, "en").review == ()
    assert report_from_json(report_to_json(report, language="en")) == report


def test_its_person_is_compared_like_any_other(sealing: SealWorld) -> None:
    a1 = verify_sealed(
        text_of(sealing.message(sealing.claims())),
        trust=trust_from_json(sealing.trust()),
        signers=HeldSigners([sealing.sealer.chain]),
        status=held(sealing),
        policy=POLICY,
        now=NOW,
    )
    assert same_person(judged(sealing), judged(sealing)) is PersonMatch.SAME
    assert same_person(judged(sealing), a1) is PersonMatch.DIFFERENT


def test_who_asks_for_an_a1_hears_of_an_application_and_who_asks_for_a_card_does_not() -> None:
    assert "urn:portadoc:seal:application:1" in seal_types_for({"urn:eudi:pda1:1"})
    assert "urn:portadoc:seal:application:1" not in seal_types_for({"urn:eudi:ehic:1"})
