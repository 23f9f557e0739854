"""A granted change waits for its first day: before it, it can be withdrawn or objected to as any other."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from portadoc.access.actions import Action
from portadoc.errors import Conflict
from portadoc.portal.applications.application import Application, ApplicationState, RequestKind, Step
from portadoc.portal.pages.office.case_file_view import acts_of
from tests.unit.portal.core.conftest import ANNE, PAUL, SLUG, TODAY, Desk
from tests.unit.portal.core.test_portal_follow_ups import follow
from tests.unit.portal.core.test_portal_particulars import SEVERAL

FIRST_DAY = date(2027, 3, 1)
LATER = {"start": FIRST_DAY.isoformat(), "end": "2027-09-30"}
REVOKED: dict[str, Any] = {"reason": "facts_changed", "first_day": TODAY, "note": "It stays as it was."}


def changed(desk: Desk, **answers: Any) -> tuple[Application, Application]:
    """Return a certificate and the change that takes its place on the first of March."""
    first = desk.submit(**answers)
    change = follow(desk, first, RequestKind.CHANGE, period=LATER)
    assert change.is_in_force
    assert (change.step, change.valid_from) == (Step.REPLACE, FIRST_DAY)
    return first, change


def until(desk: Desk, day: date) -> None:
    """Move the clock on to a day."""
    desk.clock.advance(int((day - desk.portal.deployment.today()).total_seconds()))


def states(desk: Desk, *cases: Application) -> list[str]:
    """Return where cases stand now."""
    return [desk.again(each).state.value for each in cases]


def test_an_officer_withdraws_a_change_before_its_first_day(desk: Desk) -> None:
    first, change = changed(desk)
    case = desk.portal.office.case_file(ANNE, SLUG, change.application_id)
    assert (case.busy, "withdraw" in acts_of(case), Action.REVOKE in case.may) == (False, True, True)
    gone = desk.portal.office.revoke(ANNE, SLUG, change.application_id, **REVOKED)
    assert gone.state is ApplicationState.WITHDRAWN
    until(desk, FIRST_DAY)
    assert desk.portal.resume_unfinished() == 0
    assert states(desk, first, change) == ["granted", "withdrawn"]
    assert desk.house.issuer.seals.live_record(SLUG, first.record_id or "")


def test_an_applicant_withdraws_a_change_before_its_first_day(desk: Desk) -> None:
    first, change = changed(desk)
    wish = {"reason": "not_happening", "effective_from": LATER["start"]}
    assert follow(desk, change, RequestKind.WITHDRAWAL, withdrawal=wish).state is ApplicationState.GRANTED
    assert states(desk, first, change) == ["granted", "withdrawn"]


def test_where_two_have_to_the_withdrawal_of_a_change_is_approved_first(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(four_eyes=True)
    first, change = changed(desk)
    office = desk.portal.office
    proposed = office.revoke(ANNE, SLUG, change.application_id, **REVOKED)
    assert (proposed.step, proposed.proposed is None) == (Step.REPLACE, False)
    assert change.application_id in {each.application.application_id for each in office.work_list(PAUL, SLUG)}
    assert office.approve(PAUL, SLUG, change.application_id).state is ApplicationState.WITHDRAWN
    assert states(desk, first) == ["granted"]


def test_an_objection_to_a_change_is_noted_before_its_first_day_and_it_still_begins(desk: Desk) -> None:
    first, change = changed(desk, **SEVERAL)
    told = {"state": "DE", "received_on": TODAY, "note": "Germany sees its seat elsewhere."}
    objected = desk.portal.office.endings.object_received(ANNE, SLUG, change.application_id, **told)
    assert (objected.step, objected.step_due_at) == (Step.REPLACE, change.step_due_at)
    until(desk, FIRST_DAY)
    desk.portal.resume_unfinished()
    assert states(desk, first, change) == ["superseded", "provisional"]
    assert desk.again(change).step is None


def test_on_the_first_day_nothing_comes_between(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first, change = changed(desk)
    until(desk, FIRST_DAY)
    withdraw, refused = desk.house.issuer.withdraw, []

    def withdraw_beside_an_officer(*args: Any, **named: Any) -> Any:
        with pytest.raises(Conflict, match="application_busy") as caught:
            desk.portal.office.revoke(ANNE, SLUG, change.application_id, **REVOKED)
        refused.append(caught.value.code)
        return withdraw(*args, **named)

    monkeypatch.setattr(desk.house.issuer, "withdraw", withdraw_beside_an_officer)
    desk.portal.resume_unfinished()
    assert refused == ["application_busy"]
    assert states(desk, first, change) == ["superseded", "granted"]


def test_who_looked_the_evening_before_does_not_withdraw_what_is_replaced_by_then(desk: Desk) -> None:
    first, change = changed(desk)
    endings = desk.portal.office.endings
    seen = endings._idle(ANNE, SLUG, change.application_id, Action.REVOKE)  # the evening before
    until(desk, FIRST_DAY)
    desk.portal.resume_unfinished()
    wish = {"what": "revoke", "reason": "", "cause": "facts_changed", "from": TODAY.isoformat()}
    with pytest.raises(Conflict, match="application_changed"):
        endings._revoked(ANNE, seen, wish)
    assert states(desk, first, change) == ["superseded", "granted"]


def test_who_withdraws_first_keeps_the_old_certificate(desk: Desk) -> None:
    first, change = changed(desk)
    begun = desk.again(change)  # the step has read the case, and has not begun
    desk.portal.office.revoke(ANNE, SLUG, change.application_id, **REVOKED)
    until(desk, FIRST_DAY)
    desk.portal.running.run(begun)
    assert states(desk, first, change) == ["granted", "withdrawn"]
    assert desk.house.issuer.seals.live_record(SLUG, first.record_id or "")
