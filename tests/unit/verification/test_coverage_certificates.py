"""Certificates of coverage, presented like any credential: judged for their State, and never for another type."""

from datetime import date
from typing import Any

import pytest

from portadoc.schemas.catalogue import A1_TYPES, ACCEPTED_VCTS, CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.verification.checks import AUTHORISATION, COVERS_WORK, TYPE, Outcome
from portadoc.verification.policy import WorkAsked
from portadoc.verification.rendering.shown import shown_report
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import Verdict

EXAMPLES = {"coverage-bilateral": ("bilateral-fr-jp", "JP"), "coverage-maintenance": ("maintenance-fr-ke", "KE")}


def claims_of(world: Any, configuration: str, **changes: Any) -> dict[str, Any]:
    projection = CREDENTIAL_TYPES[configuration].projection
    envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
    subject = projection.project(example(EXAMPLES[configuration][0]))
    claims = {**subject, **envelope, "vct": projection.vct, **changes}
    return {name: value for name, value in claims.items() if value is not None}


def report_of(world: Any, claims: dict[str, Any], **policy: Any) -> VerificationReport:
    asked = {"accepted_types": ACCEPTED_VCTS, **policy}
    report: VerificationReport = world.verify(world.presentation(world.credential(claims)), **asked)
    return report


@pytest.mark.parametrize("configuration", EXAMPLES)
def test_a_certificate_is_read_and_shown(world: Any, configuration: str) -> None:
    report = report_of(world, claims_of(world, configuration))
    assert report.layout == configuration
    assert report.check(TYPE).outcome in (Outcome.PASS, Outcome.WARNING)
    shown = shown_report(report, "en")
    found = {each.label: each.value for each in shown.key}
    assert found["Applicable legislation"] == "France"
    assert found["State of work"] == {"JP": "Japan", "KE": "Kenya"}[EXAMPLES[configuration][1]]
    assert found["Legal basis"]
    assert found["Employer"] == "Menuiserie Test SARL"
    assert report.review_request is None, "article 5 is about the A1"


@pytest.mark.parametrize("configuration", EXAMPLES)
def test_an_institution_needs_to_be_authorised_for_the_type(world: Any, configuration: str) -> None:
    check = report_of(world, claims_of(world, configuration)).check(AUTHORISATION)
    assert check.full_code == "issuer_untrusted.type_not_authorised"


@pytest.mark.parametrize("configuration", EXAMPLES)
def test_who_asked_for_an_a1_is_not_answered_by_it(world: Any, configuration: str) -> None:
    report = report_of(world, claims_of(world, configuration), accepted_types=A1_TYPES)
    assert report.check(TYPE).code == "type_not_accepted"


@pytest.mark.parametrize("configuration", EXAMPLES)
@pytest.mark.parametrize(
    ("work", "outcome", "code"),
    [
        (WorkAsked(state="FR"), Outcome.PASS, "covers_work_ok"),
        (WorkAsked(state="DE"), Outcome.FAIL, "work_state_not_covered"),
        (WorkAsked(state="US"), Outcome.FAIL, "work_state_not_covered"),
        (WorkAsked(employers=frozenset({"test 12345"})), Outcome.PASS, "covers_work_ok"),
        (WorkAsked(employers=frozenset({"other"})), Outcome.FAIL, "work_employer_not_covered"),
        (WorkAsked(first=date(2026, 10, 1), last=date(2026, 12, 1)), Outcome.FAIL, "work_period_not_covered"),
    ],
)
def test_it_covers_the_work_that_it_names_and_no_other(
    world: Any, configuration: str, work: WorkAsked, outcome: Outcome, code: str
) -> None:
    report = report_of(world, claims_of(world, configuration), work=work)
    assert (report.check(COVERS_WORK).outcome, report.check(COVERS_WORK).code) == (outcome, code)


@pytest.mark.parametrize("configuration", EXAMPLES)
def test_it_covers_its_own_state_of_work(world: Any, configuration: str) -> None:
    own = WorkAsked(state=EXAMPLES[configuration][1])
    assert report_of(world, claims_of(world, configuration), work=own).check(COVERS_WORK).code == "covers_work_ok"


@pytest.mark.parametrize("configuration", EXAMPLES)
def test_a_state_of_the_a1_in_it_is_never_read_as_covered(world: Any, configuration: str) -> None:
    claims = claims_of(world, configuration, country_work="DE")
    report = report_of(world, claims, work=WorkAsked(state="DE"))
    assert report.check(COVERS_WORK).outcome is not Outcome.PASS
    assert report.verdict is not Verdict.AUTHENTIC_IN_FORCE
