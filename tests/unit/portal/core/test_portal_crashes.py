"""Whoever dies between two steps leaves nothing half done and nothing forgotten; of two, one wins."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from portadoc.errors import Conflict, Error, Refused, Unavailable
from portadoc.portal.applications.application import Application, ApplicationState, RequestKind, Step
from portadoc.portal.drafts import Wish
from portadoc.portal.store import case_store
from tests.unit.portal.core.conftest import ANNE, CLAIRE, NOW, SLUG, Desk


class Killed(BaseException):
    """The process ends here: nothing after this runs."""


def dies_before(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Let the process die when it comes to a function."""

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    monkeypatch.setattr(owner, name, killed)


def dies_after(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Let the process die right after a function has done its work."""
    real = getattr(owner, name)

    def killed(*args: Any, **named: Any) -> None:
        real(*args, **named)
        raise Killed

    monkeypatch.setattr(owner, name, killed)


STEPS: list[tuple[str, Callable[[pytest.MonkeyPatch, Desk], None]]] = [
    ("before deciding", lambda m, d: dies_before(m, d.portal.running, "_follows")),
    ("before the decision is recorded", lambda m, d: dies_before(m, case_store, "insert_decision")),
    ("after the decision is recorded", lambda m, d: dies_after(m, d.portal.running, "record_decision")),
    ("before the record", lambda m, d: dies_before(m, d.house.issuer, "upload")),
    ("after the record", lambda m, d: dies_after(m, d.house.issuer, "upload")),
    ("before the paper", lambda m, d: dies_before(m, d.house.issuer, "paper")),
    ("after the paper", lambda m, d: dies_after(m, d.house.issuer, "paper")),
]


@pytest.mark.parametrize(("where", "kill"), STEPS, ids=[name for name, _ in STEPS])
def test_a_kill_between_any_two_steps_is_made_good(
    open_desk: Callable[..., Desk], where: str, kill: Callable[[pytest.MonkeyPatch, Desk], None]
) -> None:
    first = open_desk()
    draft = first.draft()
    with pytest.MonkeyPatch.context() as patched:
        kill(patched, first)
        with pytest.raises(Killed):
            first.portal.submit(CLAIRE, SLUG, draft.application_id)
    left = first.again(draft)
    assert (left.state, left.step in (Step.DECIDE, Step.ISSUE)) == (ApplicationState.IN_REVIEW, True), where
    assert left.case_number

    later = open_desk()  # the next process
    assert later.portal.resume_unfinished() == 0  # it could still be running
    later.clock.advance(60)
    assert later.portal.resume_unfinished() == 1
    done = later.again(draft)
    assert (done.state, done.step) == (ApplicationState.GRANTED, None), where
    with later.house.database.read() as connection:
        assert len(case_store.decisions_of(connection, SLUG, draft.application_id)) == 1
    kept = later.portal.paper(CLAIRE, SLUG, draft.application_id, language="en")
    assert kept.pdf.startswith(b"%PDF")
    assert later.portal.resume_unfinished() == 0


def test_a_step_that_cannot_be_done_now_is_done_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:

        def unavailable(*_: Any, **__: Any) -> None:
            raise Unavailable("storage_unavailable", reason="busy")

        patched.setattr(desk.house.issuer, "upload", unavailable)
        waiting = desk.submit()
        assert (waiting.state, waiting.step) == (ApplicationState.IN_REVIEW, Step.ISSUE)
        assert desk.portal.view(CLAIRE, SLUG, waiting.application_id).next_step == "being_decided"
    desk.clock.advance(60)
    assert desk.portal.resume_unfinished() == 1
    assert desk.again(waiting).state is ApplicationState.GRANTED


def test_a_step_that_fails_again_and_again_goes_to_an_officer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: Any, **__: Any) -> None:
        raise Unavailable("storage_unavailable", reason="busy")

    monkeypatch.setattr(desk.house.issuer, "upload", unavailable)
    waiting = desk.submit()
    for _ in range(8):
        desk.clock.advance(60)
        desk.portal.resume_unfinished()
    left = desk.again(waiting)
    assert (left.state, left.step) == (ApplicationState.IN_REVIEW, None)
    assert [each.kind for each in desk.portal.office.tasks(ANNE, SLUG)] == ["step_failed"]
    assert [each.application.application_id for each in desk.portal.office.work_list(ANNE, SLUG)] == [
        waiting.application_id
    ]


def test_a_grant_that_the_independent_check_refuses_is_not_signed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portadoc.errors import Refused
    from portadoc.portal.applications import deciding
    from portadoc.portal.store.case_store import decisions_of

    def refuses(*_: Any) -> None:
        raise Refused("grant_not_derivable", rule="row-12", provision="Reg. 883/2004 art. 12(1)")

    monkeypatch.setattr(deciding, "check_grant", refuses)
    left = desk.submit()
    assert (left.state, left.step, left.record_id) == (ApplicationState.IN_REVIEW, None, None)
    assert left.history[-1].details == {
        "code": "grant_not_derivable",
        "rule": "row-12",
        "provision": "Reg. 883/2004 art. 12(1)",
    }
    assert left.decision is None  # only an officer sees what the rules would have granted
    with desk.house.database.read() as connection:
        assert [each.decision["outcome"] for each in decisions_of(connection, SLUG, left.application_id)] == [
            "GRANT"
        ]


def in_review_with_a_proof(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Application:
    """Return an urgent request that waits for a person, whose proof of application was given out."""
    from portadoc.portal.applications import deciding

    def refuses(*_: Any) -> None:
        raise Refused("grant_not_derivable", rule="row-12", provision="Reg. 883/2004 art. 12(1)")

    with monkeypatch.context() as patched:
        patched.setattr(deciding, "check_grant", refuses)
        sent = desk.submit(period={"start": "2026-11-23", "end": "2027-01-31"})
    assert (sent.state, sent.proof_record_id is None) == (ApplicationState.IN_REVIEW, False)
    return sent


def unavailable(*_: Any, **__: Any) -> None:
    """Answer as an issuer whose storage cannot be had."""
    raise Unavailable("storage_unavailable", reason="busy")


@pytest.mark.parametrize("failure", [unavailable, None], ids=["outage", "refusal"])
def test_what_ends_an_ended_case_is_tried_on_and_an_officer_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, failure: Callable[..., None] | None
) -> None:
    def refuses(*_: Any, **__: Any) -> None:
        raise Refused("withdrawal_reason_unknown")

    sent = in_review_with_a_proof(desk, monkeypatch)
    with monkeypatch.context() as patched:
        patched.setattr(desk.house.issuer, "withdraw", failure or refuses)
        desk.portal.withdraw(CLAIRE, SLUG, sent.application_id)
        for _ in range(10):
            desk.clock.advance(120)
            desk.portal.resume_unfinished()
    left = desk.again(sent)
    assert (left.state, left.step) == (ApplicationState.WITHDRAWN, Step.CLOSE)  # its outcome is as it was
    (task,) = desk.portal.office.tasks(ANNE, SLUG)
    code = "step_tried_too_often" if failure else "withdrawal_reason_unknown"
    assert (task.kind, task.detail) == ("step_failed", f"close:{code}")
    desk.portal.office.finish(ANNE, SLUG, task.task_id)
    desk.clock.advance(3600)
    assert desk.portal.resume_unfinished() == 1
    done = desk.again(sent)
    assert (done.state, done.step, done.proof_record_id) == (ApplicationState.WITHDRAWN, None, None)


@pytest.mark.parametrize("name", ["_claimed", "run"])
def test_a_case_that_fails_holds_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    stuck = in_review_with_a_proof(desk, monkeypatch)
    with monkeypatch.context() as patched:
        patched.setattr(desk.house.issuer, "withdraw", unavailable)
        patched.setattr(desk.house.issuer, "upload", unavailable)
        desk.portal.withdraw(CLAIRE, SLUG, stuck.application_id)
        other = desk.submit(period={"start": "2027-08-01", "end": "2027-09-30"})
    assert (desk.again(stuck).step, other.step) == (Step.CLOSE, Step.ISSUE)
    works, failed = getattr(desk.portal.running, name), []

    def fails(application: Application) -> Any:
        if application.application_id == stuck.application_id:
            failed.append(name)
            raise Conflict("application_state", state="withdrawn", act="sent_to_officer")
        return works(application)

    with monkeypatch.context() as patched:
        patched.setattr(desk.portal.running, name, fails)
        desk.clock.advance(60)
        desk.portal.resume_unfinished()
        assert desk.again(other).state is ApplicationState.GRANTED
        desk.portal.resume_unfinished()
        assert len(failed) == 1  # it waits before it is tried again
    desk.clock.advance(60)
    desk.portal.resume_unfinished()
    assert desk.again(stuck).step is None


def test_fifty_submissions_of_one_request_are_one_decision(desk: Desk) -> None:
    draft = desk.draft()
    start = threading.Barrier(50)

    def submit(_: int) -> str:
        start.wait()
        return desk.portal.submit(CLAIRE, SLUG, draft.application_id).application_id

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(submit, range(50))) == {draft.application_id}
    done = desk.again(draft)
    assert done.state is ApplicationState.GRANTED
    with desk.house.database.read() as connection:
        assert len(case_store.decisions_of(connection, SLUG, draft.application_id)) == 1
    assert done.case_number.startswith("A1-2026-000001-")


def test_j13_fifty_requests_with_one_key_are_one_application(
    desk: Desk, machine_answers: Callable[[], dict[str, Any]]
) -> None:
    given, start = machine_answers(), threading.Barrier(50)

    def apply(_: int) -> str:
        start.wait()
        return desk.portal.apply(CLAIRE, SLUG, Wish(), given, key="same", body=b"same").application_id

    with ThreadPoolExecutor(50) as pool:
        made = set(pool.map(apply, range(50)))
    assert len(made) == 1
    assert len(desk.portal.applications(CLAIRE, SLUG)) == 2  # with the draft that showed what to send


def test_many_at_once_take_up_a_step_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = desk.draft()
    with monkeypatch.context() as patched:
        dies_before(patched, desk.house.issuer, "upload")
        with pytest.raises(Killed):
            desk.portal.submit(CLAIRE, SLUG, draft.application_id)
    desk.clock.advance(60)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: desk.portal.resume_unfinished(), range(8)))
    assert sum(taken) == 1
    assert desk.again(draft).state is ApplicationState.GRANTED


def test_a_replacement_that_dies_is_finished_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = desk.submit()
    draft = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.CORRECTION)
    with monkeypatch.context() as patched:
        dies_after(patched, desk.house.issuer, "withdraw")
        with pytest.raises(Killed):
            desk.portal.submit(CLAIRE, SLUG, draft.application_id)
    half = desk.again(draft)
    assert (half.state, half.step) == (ApplicationState.GRANTED, Step.REPLACE)
    desk.clock.advance(60)
    desk.portal.resume_unfinished()
    assert (desk.again(first).state, desk.again(draft).step) == (ApplicationState.SUPERSEDED, None)


def test_two_acts_on_one_version_are_one_act(desk: Desk) -> None:
    draft = desk.draft()
    start = threading.Barrier(2)

    def withdraw(_: int) -> str:
        start.wait()
        try:
            return desk.portal.withdraw(CLAIRE, SLUG, draft.application_id).state.value
        except Conflict as conflict:
            return conflict.code

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(withdraw, range(2)))
    assert said in (["application_changed", "withdrawn"], ["application_state", "withdrawn"])


def test_no_audit_no_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from portadoc.storage import outbox

    draft = desk.draft()

    def full(*_: Any, **__: Any) -> str:
        raise Unavailable("storage_unavailable", reason="full")

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "append", full)
        with pytest.raises(Error, match="storage_unavailable"):
            desk.portal.submit(CLAIRE, SLUG, draft.application_id)
    assert desk.again(draft).state is ApplicationState.DRAFT
    assert desk.clock.now() == NOW
