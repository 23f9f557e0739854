"""A date kept back proves nothing: no period is green while its end may stand behind a digest. TEST DATA."""

from typing import Any

import pytest

from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt.issuance import issue
from portadoc.formats.sd_jwt.selection import select
from portadoc.formats.type_metadata import integrity
from portadoc.i18n import LANGUAGES, render
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import ACCEPTED_VCTS, CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.checks import COVERAGE_PERIOD, COVERS_WORK, DOCUMENT_VALIDITY, CheckKind, Outcome
from portadoc.verification.policy import WorkAsked
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import Colour, Verdict

PILOT_A1 = {
    "person": {"family_name": "Test", "forename": "Ada", "date_of_birth": "1990-01-02"},
    "social_security_pin": "1900102345",
    "nationality": ["FR"],
    "details_of_employment": [
        {
            "type_of_employment": "01",
            "name": "Test SARL",
            "address": {"street": "1", "town": "Lyon", "country": "FR"},
            "ids_of_employer": [{"employer_id": "FR-1", "type_of_id": "01"}],
        }
    ],
    "places_of_work": [{"a_fixed_place_of_work_exist": False, "country_work": "DE"}],
    "decision_legislation_applicable": {
        "member_state_which_legislation_applies": "FR",
        "transitional_rules_apply": False,
        "starting_date": "2026-01-01",
        "ending_date": "2026-11-21",
    },
    "status_confirmation": "01",
    "unique_number_of_issued_document": "N-1",
    "competent_institution": {"institution_id": "FR:TEST01", "institution_name": "Test", "country_code": "FR"},
}
END_KEPT_BACK = (Outcome.UNKNOWN, "document_end_kept_back")
COVERAGE_KEPT_BACK = (Outcome.UNKNOWN, "coverage_period_kept_back")
DECISION = "decision_legislation_applicable"
DATES = ("starting_date", "ending_date", "date_of_expiry")


def subject(configuration: str, record: str) -> dict[str, Any]:
    projection = CREDENTIAL_TYPES[configuration].projection
    return {**projection.project(example(record)), "vct": projection.vct}


CARD = subject("ehic", "insured-traveller")
PID = subject("pid", "pid-posted-worker")
A1 = subject("pda1", "posted-worker-fr-de")


def presented(
    world: Any,
    claims: dict[str, Any],
    *paths: tuple[Any, ...],
    shown: tuple[tuple[Any, ...], ...] = (),
    decoys: int = 0,
    now_in: int = 0,
    **policy: Any,
) -> VerificationReport:
    """Return the report of a credential in which ``paths`` are disclosable, and of these only ``shown`` shown."""
    envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
    credential = issue(
        {**envelope, **claims},
        disclosable=paths,
        header=signing_header("dc+sd-jwt", world.signer),
        signer=world.signer,
        random_bytes=system_random_bytes,
        decoys=decoys,
    ).text
    policy = {"accepted_types": ACCEPTED_VCTS, **policy}
    report: VerificationReport = world.verify(world.presentation(select(credential, list(shown))), **policy)
    return report


def told(report: VerificationReport, kind: CheckKind) -> tuple[Outcome, str]:
    check = report.check(kind)
    return check.outcome, check.code


class TestCoverage:
    def test_review_f3_a40_an_end_that_is_kept_back_inside_the_decision_is_amber(self, world: Any) -> None:
        pilot = {**PILOT_A1, "vct": "urn:eudi:pda1:1"}
        end = (DECISION, "ending_date")
        kept_back = presented(world, pilot, end)
        assert told(kept_back, COVERAGE_PERIOD) == COVERAGE_KEPT_BACK
        assert (kept_back.verdict, kept_back.colour) == (Verdict.PERIOD_NOT_SHOWN, Colour.AMBER)
        assert told(presented(world, pilot, end, shown=(end,)), COVERAGE_PERIOD) == (
            Outcome.FAIL,
            "coverage_ended",
        )
        elsewhere = presented(world, without(pilot, end), ("social_security_pin",), ("person", "forename"))
        assert told(elsewhere, COVERAGE_PERIOD) == (Outcome.PASS, "coverage_period_ok")

    def test_review_f3_a40_work_of_a_period_without_its_end_is_not_shown(self, world: Any) -> None:
        pilot = {**PILOT_A1, "vct": "urn:eudi:pda1:1"}
        report = presented(world, pilot, (DECISION, "ending_date"), work=WorkAsked(last=world.TODAY))
        assert report.check(COVERS_WORK).full_code == "work_not_shown.period"
        early = WorkAsked(first=world.TODAY.replace(year=2025), last=world.TODAY)
        report = presented(world, pilot, (DECISION, "ending_date"), work=early)
        assert told(report, COVERS_WORK) == (Outcome.FAIL, "work_period_not_covered")

    def test_review_f3_a40_a_whole_decision_that_is_kept_back_is_no_open_one(self, world: Any) -> None:
        card = {**CARD, "vct": "urn:eu.europa.ec.eudi:ehic:1"}
        report = presented(world, {**card, "starting_date": "2026-01-01"}, ("ending_date",))
        assert told(report, COVERAGE_PERIOD) == COVERAGE_KEPT_BACK

    @pytest.mark.parametrize("kept_back", [DATES, DATES[:1], DATES[1:2], DATES[:2]])
    def test_review_f3_a40_a_card_without_its_dates_is_amber(self, world: Any, kept_back: tuple[str, ...]) -> None:
        report = presented(world, {**CARD, "ending_date": "2026-11-21"}, *[(name,) for name in kept_back])
        ended = (Outcome.FAIL, "coverage_ended")
        end_shown = "ending_date" not in kept_back
        assert told(report, COVERAGE_PERIOD) == (ended if end_shown else COVERAGE_KEPT_BACK)
        assert report.colour is not Colour.GREEN

    def test_review_f3_a40_a_start_that_is_kept_back_may_lie_ahead(self, world: Any) -> None:
        report = presented(world, {**CARD, "starting_date": "2027-01-01"}, ("starting_date",))
        assert told(report, COVERAGE_PERIOD) == COVERAGE_KEPT_BACK
        shown = presented(
            world, {**CARD, "starting_date": "2027-01-01"}, ("starting_date",), shown=(("starting_date",),)
        )
        assert told(shown, COVERAGE_PERIOD) == (Outcome.FAIL, "coverage_not_started")


class TestDocument:
    def test_review_f3_a40_identity_data_without_their_expiry_are_amber(self, world: Any) -> None:
        names = [(name,) for name in PID if name != "vct"]
        shown = tuple(path for path in names if path != ("date_of_expiry",))
        report = presented(world, PID, *names, shown=shown)
        assert told(report, DOCUMENT_VALIDITY) == END_KEPT_BACK
        only_expiry = presented(world, PID, *names, shown=(("date_of_expiry",),))
        assert told(only_expiry, DOCUMENT_VALIDITY) == (Outcome.PASS, "document_validity_ok")

    def test_review_f3_a40_an_older_name_of_the_end_is_the_end(self, world: Any) -> None:
        renamed = {**without(CARD, ("date_of_expiry",)), "expiry_date": CARD["date_of_expiry"]}
        assert told(presented(world, renamed, ("expiry_date",)), DOCUMENT_VALIDITY) == END_KEPT_BACK
        report = presented(world, renamed, ("expiry_date",), ("document_number",), shown=(("expiry_date",),))
        assert told(report, DOCUMENT_VALIDITY) == (Outcome.PASS, "document_validity_ok")

    def test_review_f3_without_any_digest_left_nothing_was_kept_back(self, world: Any) -> None:
        report = presented(
            world, without(A1, ("date_of_expiry",)), ("document_number",), shown=(("document_number",),)
        )
        assert told(report, DOCUMENT_VALIDITY) == (Outcome.PASS, "document_validity_ok")
        assert report.verdict is Verdict.AUTHENTIC_IN_FORCE

    def test_review_f3_decoys_look_the_same(self, world: Any) -> None:
        number = ("document_number",)
        report = presented(world, without(A1, ("date_of_expiry",)), number, shown=(number,), decoys=2)
        assert report.verdict is Verdict.PERIOD_NOT_SHOWN
        assert presented(world, A1, number, decoys=2).verdict is Verdict.AUTHENTIC_IN_FORCE


class TestWhatTheTypeSays:
    """Who binds a credential to Type Metadata keeps to them: what these never hide is not hidden."""

    def pinned(self, vct: str = "urn:eudi:pda1:1") -> dict[str, Any]:
        return {**without(A1, ("date_of_expiry",)), "vct#integrity": integrity(type_metadata(vct))}

    def test_review_f3_a_date_that_its_type_never_hides_is_not_kept_back(self, world: Any) -> None:
        hidden = (("document_number",), ("personal_administrative_number",))
        report = presented(world, self.pinned(), *hidden, decoys=2)
        assert told(report, DOCUMENT_VALIDITY) == (Outcome.PASS, "document_validity_ok")
        assert report.verdict is Verdict.AUTHENTIC_IN_FORCE

    def test_review_f3_metadata_that_nobody_knows_say_nothing(self, world: Any) -> None:
        report = presented(world, self.pinned("urn:eudi:ehic:1"), ("document_number",))
        assert told(report, DOCUMENT_VALIDITY) == END_KEPT_BACK

    def test_review_f3_a_date_that_the_type_may_hide_may_be_kept_back(self, world: Any) -> None:
        pinned = {**PID, "vct#integrity": integrity(type_metadata("urn:eudi:pid:1"))}
        report = presented(world, pinned, *[(name,) for name in PID if name != "vct"])
        assert told(report, DOCUMENT_VALIDITY) == END_KEPT_BACK


class TestWhereItCouldStand:
    @pytest.mark.parametrize(
        ("claims", "expected"),
        [
            ({}, {()}),
            ({"decision_legislation_applicable": {}}, {(DECISION,)}),
            ({"decision_legislation_applicable": "FR"}, {()}),
            ({"decision_legislation_applicable": {"ending_date": "2026-01-01"}}, set()),
        ],
    )
    def test_review_f3_in_the_last_object_on_the_way(self, claims: dict[str, Any], expected: set[Any]) -> None:
        from portadoc.schemas.projections import LAYOUTS

        assert LAYOUTS["pda1-pilot-v0"].could_hold(claims, (DECISION, "ending_date")) == expected


def test_review_f3_a_member_of_an_employer_that_is_kept_back_is_not_held_against_it(world: Any) -> None:
    asked = WorkAsked(employers=frozenset({"another"}))
    for kept_back, expected in ((True, "work_not_shown"), (False, "work_employer_not_covered")):
        path = ("employer", "name")
        report = presented(world, A1, path, shown=() if kept_back else (path,), work=asked)
        assert told(report, COVERS_WORK)[1] == expected


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "code", ["document_end_kept_back", "coverage_period_kept_back", "verdict_period_not_shown"]
)
def test_review_f3_it_says_to_ask_for_the_dates(code: str, language: str) -> None:
    assert "dates" in render(code, {}, language).action


def without(claims: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Return the claims without one."""
    kept = {**claims}
    if len(path) > 1:
        kept[path[0]] = without(claims[path[0]], path[1:])
    else:
        del kept[path[0]]
    return kept
