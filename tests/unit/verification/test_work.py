"""Does the decision cover this work: by every layout, with what is shown, kept back or cannot be read."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt.issuance import issue
from portadoc.formats.sd_jwt.selection import select
from portadoc.i18n import LANGUAGES, render
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.verification.checks import COVERS_WORK, Check, Outcome
from portadoc.verification.policy import WorkAsked
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import Verdict

EMPLOYER = example("posted-worker-fr-de").employments[0].id
OK, FAIL, UNKNOWN = (Outcome.PASS, "covers_work_ok"), Outcome.FAIL, (Outcome.UNKNOWN, "work_not_shown")
STATE, OTHER_EMPLOYER, DAYS = (
    (FAIL, "work_state_not_covered"),
    (FAIL, "work_employer_not_covered"),
    (FAIL, "work_period_not_covered"),
)
LAYOUTS = ("pda1", "pda1-rulebook", "pda1-webuild")


def claims_of(world: Any, layout: str) -> dict[str, Any]:
    projection = CREDENTIAL_TYPES[layout].projection
    envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
    return {**projection.project(example("posted-worker-fr-de")), **envelope, "vct": projection.vct}


def report_of(world: Any, claims: dict[str, Any], work: WorkAsked | None, **policy: Any) -> VerificationReport:
    report: VerificationReport = world.verify(world.presentation(world.credential(claims)), work=work, **policy)
    return report


def told(report: VerificationReport) -> tuple[Outcome, str]:
    check = report.check(COVERS_WORK)
    return check.outcome, check.code


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (WorkAsked(), OK),
        (WorkAsked(state="DE"), OK),
        (WorkAsked(state="FR"), OK),
        (WorkAsked(state="NL"), STATE),
        (WorkAsked(state="US"), STATE),
        (WorkAsked(employers=frozenset({EMPLOYER})), OK),
        (WorkAsked(employers=frozenset({f" {EMPLOYER[:3]}-{EMPLOYER[3:].lower()}.", "other"})), OK),
        (WorkAsked(employers=frozenset({"other"})), OTHER_EMPLOYER),
        (WorkAsked(first=date(2026, 11, 1), last=date(2027, 8, 31)), OK),
        (WorkAsked(first=date(2026, 10, 31), last=date(2026, 11, 2)), DAYS),
        (WorkAsked(first=date(2027, 8, 31), last=date(2027, 9, 1)), DAYS),
        (WorkAsked(first=date(2026, 10, 31)), DAYS),
        (WorkAsked(last=date(2027, 9, 1)), DAYS),
        (WorkAsked(last=date(2027, 8, 31)), OK),
        (WorkAsked(state="NL", employers=frozenset({"other"}), first=date(2020, 1, 1)), STATE),
        (WorkAsked(state="DE", employers=frozenset({EMPLOYER}), first=date(2026, 11, 20)), OK),
    ],
)
def test_every_layout_is_read_by_its_own_rows(
    world: Any, layout: str, work: WorkAsked, expected: tuple[Outcome, str]
) -> None:
    report = report_of(world, claims_of(world, layout), work)
    assert told(report) == expected
    does_not = Verdict.DOES_NOT_COVER_WORK
    assert report.verdict is (does_not if expected[0] is FAIL else Verdict.AUTHENTIC_IN_FORCE)


def test_nobody_asked_and_another_document_are_not_judged(world: Any) -> None:
    assert told(world.verify()) == (Outcome.NOT_APPLICABLE, "work_not_asked")
    projection = CREDENTIAL_TYPES["ehic"].projection
    card = {**world.claims(), **projection.project(example("insured-traveller")), "vct": projection.vct}
    card.pop("employer")
    asked = report_of(world, card, WorkAsked(state="DE"))
    assert told(asked) == (Outcome.NOT_APPLICABLE, "work_not_decided_here")


def test_claims_without_a_layout_cannot_be_judged(world: Any) -> None:
    report = report_of(world, world.claims(work_information={}), WorkAsked(state="DE"))
    assert told(report) == (Outcome.FAIL, "layout_unknown")
    assert report.verdict is Verdict.NOT_WHAT_WAS_ASKED


def test_without_days_the_day_in_question_counts(world: Any) -> None:
    report = report_of(world, world.claims(), WorkAsked(state="DE"), on_date=date(2027, 9, 1))
    assert told(report) == DAYS
    assert report.check(COVERS_WORK).params == {"first": "2027-09-01", "last": "2027-09-01"}
    assert report.verdict is Verdict.NOT_IN_FORCE_ON_DATE


def test_a_decision_without_an_end_covers_all_days_to_come(world: Any) -> None:
    open_ended = world.claims(ending_date="2499-01-01")
    far = WorkAsked(first=world.TODAY, last=world.TODAY + timedelta(days=9000))
    assert told(report_of(world, open_ended, far)) == OK


def test_a_state_without_fixed_place_is_covered_and_old_codes_are_understood(world: Any) -> None:
    claims = claims_of(world, "pda1-rulebook")
    claims["work_information"] = {"no_fixed_place_of_work": "EL"}
    for state in ("GR", "EL"):
        assert told(report_of(world, claims, WorkAsked(state=state))) == OK
    webuild = {**claims_of(world, "pda1-webuild"), "placesOfWork": {"GR": []}}
    assert told(report_of(world, webuild, WorkAsked(state="EL"))) == OK


class TestNotShown:
    """What is kept back is never held against the document, and never in its favour."""

    def presented(self, world: Any, *shown: tuple[Any, ...], work: WorkAsked) -> VerificationReport:
        projection = CREDENTIAL_TYPES["pda1-webuild"].projection
        record = example("posted-worker-fr-de")
        second = replace(record.employments[0], id="SECOND-1", name="Second employer")
        subject = projection.project(replace(record, employments=(*record.employments, second)))
        envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
        credential = issue(
            {**subject, **envelope, "vct": projection.vct},
            disclosable=projection.disclosable(subject),
            header=signing_header("dc+sd-jwt", world.signer),
            signer=world.signer,
            random_bytes=system_random_bytes,
        ).text
        report: VerificationReport = world.verify(world.presentation(select(credential, list(shown))), work=work)
        return report

    def test_places_kept_back_say_nothing_of_a_state(self, world: Any) -> None:
        report = self.presented(world, work=WorkAsked(state="DE"))
        assert told(report) == UNKNOWN
        assert report.check(COVERS_WORK).full_code == "work_not_shown.state"
        assert report.verdict is Verdict.WORK_NOT_SHOWN
        assert not report.valid
        assert told(self.presented(world, ("placesOfWork",), work=WorkAsked(state="NL"))) == STATE

    def test_one_employer_of_two_shown_says_nothing_of_the_other(self, world: Any) -> None:
        second = WorkAsked(employers=frozenset({"SECOND-1"}))
        assert told(self.presented(world, ("employmentSituations", 0), work=second)) == UNKNOWN
        assert told(self.presented(world, ("employmentSituations", 1), work=second)) == OK
        assert told(self.presented(world, work=second)) == UNKNOWN
        third = WorkAsked(employers=frozenset({"THIRD"}))
        both = (("employmentSituations", 0), ("employmentSituations", 1))
        assert told(self.presented(world, *both, work=third)) == OTHER_EMPLOYER

    def test_a_failure_outweighs_what_is_not_shown(self, world: Any) -> None:
        asked = WorkAsked(state="DE", first=date(2020, 1, 1))
        assert told(self.presented(world, work=asked)) == DAYS

    def test_a_place_that_cannot_be_read_says_nothing(self, world: Any) -> None:
        claims = claims_of(world, "pda1-rulebook")
        claims["work_information"]["work_address"].append({"locality": "Nowhere", "country": "ZZ"})
        assert told(report_of(world, claims, WorkAsked(state="NL"))) == UNKNOWN
        assert told(report_of(world, claims, WorkAsked(state="DE"))) == OK

    def test_a_document_that_names_no_place_shows_none(self, world: Any) -> None:
        claims = {**claims_of(world, "pda1-rulebook"), "work_information": {}}
        assert told(report_of(world, claims, WorkAsked(state="DE"))) == UNKNOWN

    def test_an_employer_without_identifier_shows_none(self, world: Any) -> None:
        nameless = world.claims(employer={"name": "Somebody", "country": "FR", "id": 5})
        assert told(report_of(world, nameless, WorkAsked(employers=frozenset({"x"})))) == UNKNOWN

    def test_a_period_that_is_not_there_cannot_be_judged(self, world: Any) -> None:
        claims = {**claims_of(world, "pda1-webuild"), "memberstateAppliedLegislation": {}}
        report = report_of(world, claims, WorkAsked(first=world.TODAY))
        assert told(report) == (Outcome.FAIL, "claim_missing")
        assert report.verdict is Verdict.NOT_WHAT_WAS_ASKED

    def test_a_period_that_never_begins_says_nothing(self, world: Any) -> None:
        never = world.claims(starting_date="2499-01-01", ending_date="2499-01-01")
        report = report_of(world, never, WorkAsked(first=world.TODAY))
        assert report.check(COVERS_WORK).full_code == "work_not_shown.period"


def test_days_in_reverse_are_refused() -> None:
    with pytest.raises(Refused, match="work_period_reversed"):
        WorkAsked(first=date(2026, 2, 1), last=date(2026, 1, 31))


@pytest.mark.parametrize("nothing", ["", " ", "-", "./."])
def test_review_f13_an_identifier_of_no_letter_and_no_digit_names_nobody(world: Any, nothing: str) -> None:
    with pytest.raises(Refused, match="work_employer_empty"):
        WorkAsked(employers=frozenset({EMPLOYER, nothing}))
    claims = claims_of(world, "pda1-rulebook")
    claims["employer"] = [{**claims["employer"][0], "id": nothing}]
    asked = WorkAsked(employers=frozenset({EMPLOYER}))
    assert told(report_of(world, claims, asked)) != OK


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_sentence(world: Any, language: str) -> None:
    asked = (None, WorkAsked(state="NL"), WorkAsked(employers=frozenset({"x"})), WorkAsked(first=date(2020, 1, 1)))
    checks: list[Check] = [report_of(world, world.claims(), work).check(COVERS_WORK) for work in asked]
    for check in checks:
        assert "{" not in render(check.code, check.params, language).text
