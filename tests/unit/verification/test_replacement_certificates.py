"""The certificate that replaces the card, presented like any credential: by institutions authorised for it."""

from datetime import date
from typing import Any

import pytest

from portadoc.schemas.catalogue import ACCEPTED_VCTS, CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.verification.checks import AUTHORISATION, COVERAGE_PERIOD, TYPE, Outcome
from portadoc.verification.rendering.shown import shown_report
from portadoc.verification.report import VerificationReport

PROJECTION = CREDENTIAL_TYPES["prc"].projection


def report_of(world: Any, changes: dict[str, Any] | None = None, **policy: Any) -> VerificationReport:
    envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
    subject = PROJECTION.project(example("replacement-certificate"))
    subject["issuing_authority"]["id"] = "FR:TEST01"  # whose certificate this world has
    claims = {**subject, **envelope, "vct": PROJECTION.vct, **(changes or {})}
    asked = {"accepted_types": ACCEPTED_VCTS, **policy}
    report: VerificationReport = world.verify(world.presentation(world.credential(claims)), **asked)
    return report


def test_it_is_read_and_shown_with_all_that_a_care_desk_needs(world: Any) -> None:
    report = report_of(world)
    assert (report.layout, report.deviations) == ("prc", ())
    assert report.check(TYPE).outcome in (Outcome.PASS, Outcome.WARNING)
    found = {each.value for each in shown_report(report, "en").key}
    assert {"Théo Augustin Delacroix-Fictif", "80250000020000014275", "Card stolen"} <= found


def test_an_institution_needs_to_be_authorised_for_the_type(world: Any) -> None:
    assert report_of(world).check(AUTHORISATION).full_code == "issuer_untrusted.type_not_authorised"


def test_who_asked_for_a_card_alone_is_not_answered_by_it(world: Any) -> None:
    cards = frozenset({"urn:eudi:ehic:1"})
    assert report_of(world, accepted_types=cards).check(TYPE).code == "type_not_accepted"


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2026, 11, 15), "coverage_not_started"),
        (date(2026, 11, 16), "coverage_period_ok"),
        (date(2027, 2, 15), "coverage_period_ok"),
        (date(2027, 2, 16), "coverage_ended"),
    ],
)
def test_it_holds_from_its_first_day_to_its_last_whenever_it_was_issued(world: Any, day: date, code: str) -> None:
    assert report_of(world, on_date=day).check(COVERAGE_PERIOD).code == code


def test_a_reason_that_nobody_knows_is_told_and_not_read(world: Any) -> None:
    report = report_of(world, {"reason": "holiday"})
    assert [(each.code, each.claim) for each in report.deviations] == [("claim_not_in_form", "reason")]
    assert "reason" not in report.record
