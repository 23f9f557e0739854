"""Another State objects to a provisional certificate: it stays provisional until both agree."""

import html
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from portadoc.errors import Conflict, Malformed, Refused
from portadoc.portal.applications.application import Application, ApplicationState, Step
from portadoc.portal.applications.course import TELL_OTHER_STATE, definitive_at, is_disputed
from portadoc.portal.following import next_step
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome, require_whole
from tests.unit.portal.core.conftest import ANNE, CLAIRE, HELENE, NOW, PAUL, SLUG, TODAY, Desk
from tests.unit.portal.core.test_portal_particulars import SEVERAL
from tests.unit.portal.machines.conftest import Doors

LONG = 100 * 86_400


def tell(desk: Desk, case: Application) -> None:
    """Note that every other State was told of a decision."""
    for each in desk.portal.office.tasks(ANNE, SLUG):
        if (each.application_id, each.kind) == (case.application_id, TELL_OTHER_STATE):
            desk.portal.office.finish(ANNE, SLUG, each.task_id)


def shown(desk: Desk, case: Application) -> str:
    """Return the page of a case as its applicant reads it."""
    doors = Doors(desk.house, desk.clock)
    address = f"/portal/{SLUG}/requests/{case.application_id}"
    return html.unescape(doors.ask("GET", address, headers=doors.cookie("claire-test")).text)


def objected(desk: Desk) -> Application:
    """Return a provisional certificate to which Germany objects."""
    made = desk.submit(CLAIRE, **SEVERAL)
    tell(desk, made)
    assert (made.state, desk.again(made).step) == (ApplicationState.PROVISIONAL, Step.CONFIRM)
    return desk.portal.office.endings.object_received(
        ANNE, SLUG, made.application_id, state="DE", received_on=TODAY, note="Germany sees its seat elsewhere."
    )


def test_the_two_months_run_from_the_day_on_which_every_other_state_is_told(desk: Desk) -> None:
    shares = {**SEVERAL["shares_by_work"], "1.time": "20", "1.pay": "20"}
    shares |= {"2.state": "BE", "2.work": "E2", "2.time": "20", "2.pay": "20"}
    case = desk.submit(CLAIRE, **{**SEVERAL, "shares_by_work": shares})
    assert (case.state, case.step) == (ApplicationState.PROVISIONAL, None)
    tasks = desk.portal.office.tasks(ANNE, SLUG)
    assert sorted((each.kind, each.detail) for each in tasks) == [
        (TELL_OTHER_STATE, "BE"),
        (TELL_OTHER_STATE, "DE"),
    ]
    assert "We still have to tell the other countries." in shown(desk, case)
    desk.clock.advance(LONG)
    assert desk.portal.resume_unfinished() == 0
    desk.portal.office.finish(ANNE, SLUG, tasks[0].task_id)
    assert desk.again(case).step is None
    desk.portal.office.finish(ANNE, SLUG, tasks[1].task_id)
    told = desk.again(case)
    assert (told.step, told.history[-1].what) == (Step.CONFIRM, "states_told")
    assert definitive_at(told) == told.step_due_at
    assert "The other countries were told on 2 March 2027. It becomes final on 2 May 2027" in shown(desk, case)
    desk.clock.advance(60 * 86_400)
    assert desk.portal.resume_unfinished() == 0
    desk.clock.advance(2 * 86_400)
    assert desk.portal.resume_unfinished() == 1
    assert desk.again(case).state is ApplicationState.GRANTED


def test_a_task_that_is_done_twice_does_not_begin_the_two_months_again(desk: Desk) -> None:
    case = desk.submit(CLAIRE, **SEVERAL)
    (task,) = desk.portal.office.tasks(ANNE, SLUG)
    desk.portal.office.finish(ANNE, SLUG, task.task_id)
    told = desk.again(case)
    desk.clock.advance(86_400)
    desk.portal.office.finish(ANNE, SLUG, task.task_id)
    assert desk.again(case) == told


def test_what_an_officer_decides_provisionally_is_told_to_the_states_of_work(desk: Desk) -> None:
    shares = {**SEVERAL["shares_by_work"], "0.time": "26", "0.pay": "24", "1.time": "74", "1.pay": "76"}
    case = desk.submit(CLAIRE, **{**SEVERAL, "shares_by_work": shares})
    assert case.state is ApplicationState.IN_REVIEW
    verdict = Verdict(
        outcome=VerdictOutcome.GRANT,
        reason="The work at home counts for more.",
        article="13(1)(a)",
        status_code="02",
        validity_start=date(2027, 1, 4),
        validity_end=date(2027, 6, 30),
        provisional=True,
    )
    granted = desk.portal.office.decide(ANNE, SLUG, case.application_id, verdict)
    assert (granted.state, granted.step) == (ApplicationState.PROVISIONAL, None)
    assert [each.detail for each in desk.portal.office.tasks(ANNE, SLUG)] == ["DE"]
    with pytest.raises(Refused, match="nobody_to_tell"):
        require_whole(verdict, replace(case, facts={}), own_state="FR")


def test_an_objection_before_all_are_told_keeps_what_is_told_later_provisional(desk: Desk) -> None:
    case = desk.submit(CLAIRE, **SEVERAL)
    desk.portal.office.endings.object_received(
        ANNE, SLUG, case.application_id, state="DE", received_on=TODAY, note="Germany heard of it."
    )
    tell(desk, case)
    assert (desk.again(case).step, next_step(desk.again(case))) == (None, "objection")
    settled = desk.portal.office.endings.settle(ANNE, SLUG, case.application_id, reason="Germany agrees.")
    assert (settled.state, settled.decided_at) == (ApplicationState.GRANTED, NOW)


def test_what_is_being_made_definitive_is_not_objected_to_any_more(desk: Desk) -> None:
    case = desk.submit(CLAIRE, **SEVERAL)
    tell(desk, case)
    desk.clock.advance(LONG)
    with pytest.raises(Conflict, match="application_busy"):
        desk.portal.office.endings.object_received(
            ANNE, SLUG, case.application_id, state="DE", received_on=TODAY, note="Too late."
        )


def test_what_another_state_objects_to_does_not_become_definitive_by_itself(desk: Desk) -> None:
    case = objected(desk)
    assert [(each.kind, each.detail) for each in desk.portal.office.tasks(ANNE, SLUG)][-1] == ("objection", "DE")
    assert next_step(desk.again(case)) == "objection"
    desk.clock.advance(LONG)
    desk.portal.resume_unfinished()
    later = desk.again(case)
    assert (later.state, later.step, later.record_id) == (ApplicationState.PROVISIONAL, None, case.record_id)
    assert later.history[-1].details == {"state": "DE", "on": TODAY.isoformat()}


def test_after_an_agreement_a_definitive_certificate_takes_its_place(desk: Desk) -> None:
    case = objected(desk)
    desk.clock.advance(10 * 86_400)
    done = desk.portal.office.endings.settle(ANNE, SLUG, case.application_id, reason="Germany agrees.")
    assert (done.state, done.step, done.final) == (ApplicationState.GRANTED, None, True)
    assert done.record_id != case.record_id
    record = desk.house.issuer.seals.live_record(SLUG, done.record_id or "")
    assert (record.legislation.provisional, record.document.date_of_issuance) == (False, date(2026, 12, 2))
    with pytest.raises(Conflict, match="record_withdrawn"):
        desk.house.issuer.seals.live_record(SLUG, case.record_id or "")
    assert "objection" not in {each.kind for each in desk.portal.office.tasks(ANNE, SLUG)}


def test_after_an_agreement_on_another_law_it_is_withdrawn(desk: Desk) -> None:
    case = objected(desk)
    office = desk.portal.office
    gone = office.revoke(
        ANNE, SLUG, case.application_id, reason="issued_in_error", first_day=TODAY, note="German law applies."
    )
    assert gone.state is ApplicationState.WITHDRAWN
    assert "objection" not in {each.kind for each in office.tasks(ANNE, SLUG)}


def test_where_two_have_to_an_agreement_is_proposed_first(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(four_eyes=True)
    case = objected(desk)
    proposed = desk.portal.office.endings.settle(ANNE, SLUG, case.application_id, reason="Germany agrees.")
    assert (proposed.state, proposed.step) == (ApplicationState.PROVISIONAL, None)
    assert desk.portal.office.approve(PAUL, SLUG, case.application_id).state is ApplicationState.GRANTED


def test_j05_only_officers_object_and_only_to_what_is_provisional(desk: Desk) -> None:
    endings, granted = desk.portal.office.endings, desk.submit()
    told = {"state": "DE", "received_on": TODAY, "note": "No."}
    with pytest.raises(Conflict, match="application_state"):
        endings.object_received(ANNE, SLUG, granted.application_id, **told)
    case = desk.submit(CLAIRE, **SEVERAL, worker_pin={"worker_pin": "TEST185041201"})
    for who in (CLAIRE, HELENE):
        with pytest.raises(Refused, match=r"not_found|access_denied"):
            endings.object_received(who, SLUG, case.application_id, **told)
    for wrong, code in (
        ({"state": "FR"}, "own_state_named"),
        ({"state": ""}, "verdict_incomplete"),
        ({"received_on": date(2099, 1, 1)}, "first_day_future"),
        ({"note": " "}, "reason_missing"),
    ):
        with pytest.raises((Refused, Malformed), match=code):
            endings.object_received(ANNE, SLUG, case.application_id, **{**told, **wrong})
    with pytest.raises(Conflict, match="application_state"):
        endings.settle(ANNE, SLUG, case.application_id, reason="Nobody objected.")


def test_an_officer_notes_an_objection_and_the_agreement_on_pages(desk: Desk) -> None:
    doors = Doors(desk.house, desk.clock)
    officer = doors.cookie("anne-agent")
    case = desk.submit(CLAIRE, **SEVERAL).application_id
    base = f"/portal/{SLUG}/office/cases/{case}"
    assert f'href="{base}/object"' in doors.ask("GET", base, headers=officer).text
    assert doors.ask("GET", f"{base}/object", headers=officer).status_code == 200
    told = {"state": "DE", "from": TODAY.isoformat(), "reason": "Germany sees its seat elsewhere."}
    wrong = doors.ask("POST", f"{base}/object", headers=officer, data={**told, "state": "FR"})
    assert (wrong.status_code, "Germany sees its seat elsewhere." in wrong.text) == (422, True)
    assert doors.ask("POST", f"{base}/object", headers=officer, data=told).status_code == 303
    seen = doors.ask("GET", f"/portal/{SLUG}/requests/{case}", headers=doors.cookie("claire-test")).text
    assert "Another country objects to our decision" in seen
    assert "The decision stays provisional until both countries agree." in seen
    assert "becomes final" not in seen
    assert f'href="{base}/settle"' in doors.ask("GET", base, headers=officer).text
    assert doors.ask("GET", f"{base}/settle", headers=officer).status_code == 200
    agreed = doors.ask("POST", f"{base}/settle", headers=officer, data={"reason": "Germany agrees."})
    assert (agreed.status_code, desk.portal.application(CLAIRE, SLUG, case).state) == (
        303,
        ApplicationState.GRANTED,
    )


def test_of_two_objections_each_is_settled_by_itself(desk: Desk) -> None:
    case, endings = objected(desk), desk.portal.office.endings
    endings.object_received(
        ANNE, SLUG, case.application_id, state="BE", received_on=TODAY, note="Belgium holds itself competent."
    )
    with pytest.raises(Refused, match="verdict_incomplete"):
        endings.settle(ANNE, SLUG, case.application_id, reason="They agree.")
    one = endings.settle(ANNE, SLUG, case.application_id, reason="Germany agrees.", state="DE")
    assert (one.state, is_disputed(one), one.step) == (ApplicationState.PROVISIONAL, True, None)
    left = [each.detail for each in desk.portal.office.tasks(ANNE, SLUG) if each.kind == "objection"]
    assert left == ["BE"]
    with pytest.raises(Refused, match="verdict_incomplete"):
        endings.settle(ANNE, SLUG, case.application_id, reason="Germany agrees.", state="DE")
    both = endings.settle(ANNE, SLUG, case.application_id, reason="Belgium agrees.", state="BE")
    assert both.state is ApplicationState.GRANTED


def test_a_new_objection_ends_what_was_proposed_without_knowing_of_it(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(four_eyes=True)
    case, endings = objected(desk), desk.portal.office.endings
    endings.settle(ANNE, SLUG, case.application_id, reason="Germany agrees.")
    now = endings.object_received(
        ANNE, SLUG, case.application_id, state="BE", received_on=TODAY, note="Belgium holds itself competent."
    )
    assert now.proposed is None
    assert [each.kind for each in desk.portal.office.tasks(ANNE, SLUG)].count("approve_ending") == 0
