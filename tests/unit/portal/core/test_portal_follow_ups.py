"""What comes after a certificate: a worker's own report, requests on the same days, extensions, an end."""

from typing import Any

import pytest

from portadoc.errors import Malformed, Refused
from portadoc.portal.applications.application import Application, ApplicationState, Capacity, RequestKind
from portadoc.portal.applications.risk import EXTENDED, OVERLAPS
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome
from portadoc.portal.pages.case_view import act_of, state_of
from portadoc.portal.pages.office.case_file_view import case_content
from portadoc.portal.pages.office.verdict_form import suggested
from portadoc.portal.pages.status_view import change_kinds
from portadoc.web.pages.reader import Reader
from tests.unit.portal.core.conftest import ANNE, CLAIRE, IVAN, JEAN, SLUG, Desk, as_worker, days

LONGER = {"start": "2027-01-04", "end": "2027-09-30"}
OTHER_SITE = {"0.name": "Neue Baustelle GmbH", "0.town": "Bremen"}


def follow(desk: Desk, first: Application, kind: RequestKind, **changes: Any) -> Application:
    draft = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, kind)
    for name, form in changes.items():
        draft = desk.portal.answer(CLAIRE, SLUG, draft.application_id, name, form)
    return desk.portal.submit(CLAIRE, SLUG, desk.fill(CLAIRE, draft).application_id)


@pytest.mark.parametrize("kind", [RequestKind.CHANGE, RequestKind.CORRECTION])
def test_a_worker_reports_about_a_certificate_that_the_employer_asked_for(desk: Desk, kind: RequestKind) -> None:
    first = desk.submit()
    draft = desk.portal.follow_up(JEAN, SLUG, first.application_id, kind)
    assert (draft.applicant.capacity, draft.employer_id) == (Capacity.WORKER, "TEST12345")
    assert draft.answers["host_state"] == "DE"  # nothing is asked twice
    desk.portal.answer(JEAN, SLUG, draft.application_id, "workplaces", OTHER_SITE)
    sent = desk.portal.submit(JEAN, SLUG, draft.application_id)
    assert sent.predecessor == first.application_id
    assert sent.state in (ApplicationState.GRANTED, ApplicationState.IN_REVIEW)
    assert desk.portal.tell_employers() == 1
    assert desk.portal.notices.of_workers(CLAIRE, SLUG) == (("Jean Exemple", sent.case_number),)
    (message,) = (desk.house.settings.data_dir / "messages").glob("*.json")
    assert "is wrong or has changed" in message.read_text(encoding="utf-8")


def test_j02_a_worker_does_not_end_or_extend_what_the_employer_asked_for(desk: Desk) -> None:
    first = desk.submit()
    for kind in (RequestKind.EXTENSION, RequestKind.WITHDRAWAL):
        with pytest.raises(Refused, match="access_denied"):
            desk.portal.follow_up(JEAN, SLUG, first.application_id, kind)
    with pytest.raises(Refused, match="not_found"):
        desk.portal.follow_up(IVAN, SLUG, first.application_id, RequestKind.CHANGE)
    assert change_kinds(first, as_worker=True) == ("report", "correction")


def test_each_click_leads_to_the_draft_that_was_begun(desk: Desk) -> None:
    first = desk.submit()
    begun = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.CORRECTION)
    again = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.CORRECTION)
    change = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.CHANGE)
    own = desk.portal.follow_up(JEAN, SLUG, first.application_id, RequestKind.CORRECTION)
    assert again.application_id == begun.application_id
    assert len({begun.application_id, change.application_id, own.application_id}) == 3
    desk.portal.withdraw(CLAIRE, SLUG, begun.application_id)
    fresh = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.CORRECTION)
    assert fresh.application_id != begun.application_id


def test_a_request_that_covers_a_certificate_wholly_takes_its_place_and_says_so(desk: Desk) -> None:
    first = desk.submit()
    draft = desk.draft(period=LONGER)
    told = desk.portal.applying.replaced_by(CLAIRE, draft)
    assert told is not None
    assert told.application_id == first.application_id
    longer = desk.portal.submit(CLAIRE, SLUG, draft.application_id)
    old = desk.again(first)
    assert (longer.state, longer.request_kind) == (ApplicationState.GRANTED, RequestKind.NEW)
    assert (old.state, old.successor) == (ApplicationState.SUPERSEDED, longer.application_id)
    rows = desk.house.issuer.credentials(SLUG, record_id=first.record_id)
    assert {each.successor for each in rows} == {longer.record_id}
    assert all(each.withdrawn_at for each in rows)


@pytest.mark.parametrize(
    "period",
    [
        {"start": "2027-02-01", "end": "2027-03-31"},
        {"start": "2027-06-01", "end": "2027-09-30"},
        {"start": "2026-12-01", "end": "2027-06-29"},
    ],
)
def test_a_certificate_for_part_of_the_same_days_is_for_a_person(desk: Desk, period: dict[str, str]) -> None:
    first = desk.submit()
    draft = desk.draft(period=period)
    assert desk.portal.applying.replaced_by(CLAIRE, draft) is None
    asked = desk.portal.submit(CLAIRE, SLUG, draft.application_id)
    assert (asked.state, asked.predecessor) == (ApplicationState.IN_REVIEW, None)
    assert OVERLAPS in asked.risk
    assert (
        Reader("en", "portal").say(f"risk.{OVERLAPS}") == "Another certificate of ours covers part of these days"
    )
    assert desk.again(first).state is ApplicationState.GRANTED


def test_j02_nothing_is_replaced_of_which_the_applicant_may_not_know(desk: Desk) -> None:
    own = desk.submit(JEAN, wish=as_worker())
    assert own.state is ApplicationState.GRANTED
    draft = desk.draft(period=LONGER)
    assert desk.portal.applying.replaced_by(CLAIRE, draft) is None
    asked = desk.portal.submit(CLAIRE, SLUG, draft.application_id)
    assert (asked.state, OVERLAPS in asked.risk) == (ApplicationState.IN_REVIEW, True)


def test_days_that_do_not_meet_are_decided_as_before(desk: Desk) -> None:
    desk.submit()
    later = desk.submit(period={"start": "2027-09-15", "end": "2027-10-31"})
    assert (later.state, later.predecessor, OVERLAPS in later.risk) == (ApplicationState.GRANTED, None, False)


def test_an_extension_does_not_count_as_earlier_than_what_it_extends(desk: Desk) -> None:
    first = desk.submit()
    extended = follow(desk, first, RequestKind.EXTENSION)
    assert extended.state is ApplicationState.GRANTED
    corrected = follow(desk, first, RequestKind.CORRECTION, workplaces=OTHER_SITE)
    assert (corrected.state, corrected.reasons) == (ApplicationState.GRANTED, ())
    assert desk.again(first).state is ApplicationState.SUPERSEDED
    assert desk.again(extended).state is ApplicationState.GRANTED


def test_other_days_of_what_was_extended_since_are_for_a_person(desk: Desk) -> None:
    first = desk.submit()
    follow(desk, first, RequestKind.EXTENSION)
    corrected = follow(desk, first, RequestKind.CORRECTION, period={"start": "2027-01-04", "end": "2027-07-31"})
    assert (corrected.state, EXTENDED in corrected.risk) == (ApplicationState.IN_REVIEW, True)
    assert "GAP_UNDER_2M" not in corrected.reasons


@pytest.mark.parametrize(
    ("day", "fits"),
    [
        ("2027-01-03", False),
        ("2027-01-04", True),
        ("2027-06-30", True),
        ("2027-07-01", True),
        ("2027-07-02", False),
    ],
)
def test_an_end_lies_in_the_period_or_right_after_it(desk: Desk, day: str, fits: bool) -> None:
    first = desk.submit()
    draft = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.WITHDRAWAL)
    form = {"reason": "ended_early", "effective_from": day}
    if fits:
        changed = desk.portal.answer(CLAIRE, SLUG, draft.application_id, "withdrawal", form)
        assert changed.answers["withdrawal"]["effective_from"] == day
        return
    with pytest.raises(Malformed) as fault:
        desk.portal.answer(CLAIRE, SLUG, draft.application_id, "withdrawal", form)
    assert fault.value.params["expected"] == "in_period"


def test_an_officer_sees_which_certificate_ends_and_the_day_asked_for(desk: Desk) -> None:
    first = desk.submit()
    desk.clock.advance(int(days(60).total_seconds()))
    ended = {"reason": "ended_early", "effective_from": "2027-01-20"}
    asked = follow(desk, first, RequestKind.WITHDRAWAL, withdrawal=ended)
    case = desk.portal.office.case_file(ANNE, SLUG, asked.application_id)
    shown: Any = case_content(case, Reader("en", "portal"), subject=ANNE, own_state="FR")["summary"]
    assert first.case_number in dict(shown)["Certificate concerned"]
    assert dict(shown)["Without effect from"] == "20 January 2027"
    assert suggested(case, own_state="FR")["start"] == "2027-01-20"
    verdict = Verdict(outcome=VerdictOutcome.GRANT, reason="The work has ended.")
    done = desk.portal.office.decide(ANNE, SLUG, asked.application_id, verdict)
    assert done.state is ApplicationState.GRANTED
    assert Reader("en", "portal").say(f"state.{state_of(done, expired=False)}") == "Certificate ended"
    assert act_of(done, "granted") == "history.ended"
    assert desk.again(first).state is ApplicationState.WITHDRAWN
