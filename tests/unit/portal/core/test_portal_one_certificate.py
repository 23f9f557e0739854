"""Never two certificates for the same days by the rules alone, and none that follows one which has ended."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portadoc.access.subjects import Subject
from portadoc.errors import Error, Refused, Unavailable
from portadoc.portal.applications.application import Application, ApplicationState, RequestKind, Step
from portadoc.portal.applications.risk import OVERLAPS, PREDECESSOR_ENDED
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome
from portadoc.portal.store import application_store, handover_store
from portadoc.web.pages.reader import Reader
from tests.unit.portal.core.conftest import ANNE, CLAIRE, JEAN, SLUG, TODAY, Desk
from tests.unit.portal.core.test_portal_changes_ahead import FIRST_DAY, LATER, until
from tests.unit.portal.core.test_portal_crashes import Killed, dies_after
from tests.unit.portal.core.test_portal_follow_ups import OTHER_SITE, follow
from tests.unit.portal.core.test_portal_particulars import SEVERAL

FRAUD: dict[str, Any] = {"reason": "fraud", "first_day": TODAY, "note": "False papers."}
BELGIUM: dict[str, Any] = {
    "host_state": {"host_state": "BE"},
    "workplaces": {"0.name": "Chantier Test", "0.street": "Proefstraat 3", "0.town": "Gent"},
}
AGAIN: dict[str, Any] = {"host_state": BELGIUM["host_state"], "workplaces": BELGIUM["workplaces"], "period": LATER}
FOLLOWING = [RequestKind.EXTENSION, RequestKind.CHANGE, RequestKind.CORRECTION]


def prepared(
    desk: Desk, first: Application, kind: RequestKind, who: Subject = CLAIRE, **changes: Any
) -> Application:
    """Return a follow-up in which everything is answered, not sent yet."""
    draft = desk.portal.follow_up(who, SLUG, first.application_id, kind)
    for name, form in changes.items():
        draft = desk.portal.answer(who, SLUG, draft.application_id, name, form)
    return desk.fill(who, draft)


def sent(desk: Desk, draft: Application, who: Subject = CLAIRE) -> Application:
    """Send a draft."""
    return desk.portal.submit(who, SLUG, draft.application_id)


def standing(desk: Desk) -> list[Application]:
    """Return the cases whose certificates stand on the day when the work begins."""
    until(desk, max(date(2027, 1, 4), desk.portal.deployment.today()))
    desk.portal.resume_unfinished()
    with desk.house.database.read() as connection:
        found = application_store.certified_of(connection, SLUG, "TEST185041201")
    return [each for each in found if each.has_certificate]


def records(desk: Desk, *record_ids: str | None) -> list[bool]:
    """Tell of each record whether every copy of it is withdrawn."""
    return [
        all(each.withdrawn_at is not None for each in desk.house.issuer.credentials(SLUG, record_id=one))
        for one in record_ids
    ]


def is_live(desk: Desk, record_id: str | None) -> bool:
    """Tell whether the issuer holds a record in force."""
    try:
        desk.house.issuer.seals.live_record(SLUG, record_id or "")
    except Error:
        return False
    return True


def made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of all records that are uploaded from here on."""
    ids: list[str] = []
    upload = desk.house.issuer.upload

    def noted(*args: Any, record_id: str, **named: Any) -> Any:
        ids.append(record_id)
        return upload(*args, record_id=record_id, **named)

    monkeypatch.setattr(desk.house.issuer, "upload", noted)
    return ids


@pytest.mark.parametrize("second", [RequestKind.CORRECTION, RequestKind.CHANGE])
@pytest.mark.parametrize("first", [RequestKind.CORRECTION, RequestKind.CHANGE])
def test_of_two_that_take_one_place_the_second_is_for_a_person(
    desk: Desk, first: RequestKind, second: RequestKind
) -> None:
    old = desk.submit()
    one, other = prepared(desk, old, first), desk.portal.follow_up(CLAIRE, SLUG, old.application_id, second)
    if other.application_id == one.application_id:  # one draft of a kind is begun: the worker asks, too
        other = prepared(desk, old, second, JEAN)
        who = JEAN
    else:
        other, who = prepared(desk, old, second, **BELGIUM), CLAIRE
    assert sent(desk, one).state is ApplicationState.GRANTED
    late = sent(desk, other, who)
    assert (late.state, PREDECESSOR_ENDED in late.risk) == (ApplicationState.IN_REVIEW, True)
    assert [each.application_id for each in standing(desk)] == [one.application_id]


def test_three_in_a_row_give_one_certificate(desk: Desk) -> None:
    old = desk.submit()
    asked = [
        prepared(desk, old, RequestKind.CHANGE, period=LATER),
        prepared(desk, old, RequestKind.CORRECTION),
        prepared(desk, old, RequestKind.CORRECTION, JEAN),
    ]
    came = [sent(desk, each, who).state.value for each, who in zip(asked, (CLAIRE, CLAIRE, JEAN), strict=True)]
    assert came == ["granted", "in_review", "in_review"]
    until(desk, FIRST_DAY)
    desk.portal.resume_unfinished()
    assert [each.application_id for each in standing(desk)] == [asked[0].application_id]


def test_what_follows_on_from_the_current_one_is_granted(desk: Desk) -> None:
    current = desk.submit()
    for each in (OTHER_SITE, {"0.name": "Dritte Baustelle GmbH", "0.town": "Kiel"}):
        current = follow(desk, current, RequestKind.CORRECTION, workplaces=each)
        assert (current.state, current.risk) == (ApplicationState.GRANTED, ())
    extended = follow(desk, current, RequestKind.EXTENSION)
    assert extended.state is ApplicationState.GRANTED
    corrected = follow(desk, current, RequestKind.CORRECTION)
    assert corrected.state is ApplicationState.GRANTED
    assert follow(desk, corrected, RequestKind.CORRECTION).state is ApplicationState.GRANTED
    draft = desk.portal.follow_up(CLAIRE, SLUG, extended.application_id, RequestKind.CORRECTION)
    same = {"start": "2027-07-01", "end": "2027-12-31"}
    assert sent(desk, desk.fill(CLAIRE, draft, period=same)).state is ApplicationState.GRANTED


def test_an_extension_that_would_begin_earlier_by_correction_is_for_a_person(desk: Desk) -> None:
    extended = follow(desk, desk.submit(), RequestKind.EXTENSION)
    earlier = {"start": "2027-06-01", "end": "2027-12-31"}
    draft = desk.portal.follow_up(CLAIRE, SLUG, extended.application_id, RequestKind.CORRECTION)
    corrected = sent(desk, desk.fill(CLAIRE, draft, period=earlier))
    assert (corrected.state, OVERLAPS in corrected.risk) == (ApplicationState.IN_REVIEW, True)


def test_no_extension_follows_what_another_one_replaces_soon(desk: Desk) -> None:
    old = desk.submit()
    extension = prepared(desk, old, RequestKind.EXTENSION)
    assert follow(desk, old, RequestKind.CHANGE, period={**LATER, "end": "2027-06-30"}).is_in_force
    asked = sent(desk, extension)
    assert (asked.state, PREDECESSOR_ENDED in asked.risk) == (ApplicationState.IN_REVIEW, True)


@pytest.mark.parametrize("kinds", [("correction", "change"), ("correction", "correction"), ("change", "change")])
def test_two_at_once_are_one_certificate(desk: Desk, kinds: tuple[str, str]) -> None:
    old = desk.submit()
    asked = [
        (prepared(desk, old, RequestKind(kind), who), who) for kind, who in zip(kinds, (CLAIRE, JEAN), strict=True)
    ]
    start = threading.Barrier(2)

    def send(each: tuple[Application, Subject]) -> str:
        start.wait()
        return sent(desk, *each).state.value

    with ThreadPoolExecutor(2) as pool:
        came = sorted(pool.map(send, asked))
    assert came == ["granted", "in_review"]
    assert len(standing(desk)) == 1


def test_a_second_one_that_is_decided_between_is_seen_in_the_transaction_that_grants(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = desk.submit()
    one, other = prepared(desk, old, RequestKind.CORRECTION), prepared(desk, old, RequestKind.CORRECTION, JEAN)
    record, first = desk.portal.running.record_decision, []

    def with_another_between(*args: Any, **named: Any) -> Any:
        if not first:
            first.append("begun")
            first.append(sent(desk, other, JEAN).state.value)
        return record(*args, **named)

    monkeypatch.setattr(desk.portal.running, "record_decision", with_another_between)
    late = sent(desk, one)
    assert first == ["begun", "granted"]
    assert (late.state, PREDECESSOR_ENDED in late.risk) == (ApplicationState.IN_REVIEW, True)
    assert late.decision is None


@pytest.mark.parametrize("kind", FOLLOWING)
def test_nothing_follows_by_itself_what_was_withdrawn_since(desk: Desk, kind: RequestKind) -> None:
    old = desk.submit()
    draft = prepared(desk, old, kind)
    desk.portal.office.revoke(ANNE, SLUG, old.application_id, **FRAUD)
    asked = sent(desk, draft)
    assert (asked.state, PREDECESSOR_ENDED in asked.risk) == (ApplicationState.IN_REVIEW, True)
    text = Reader("en", "portal").say(f"risk.{PREDECESSOR_ENDED}")
    assert text == "The certificate that this request follows has ended, or another one takes its place"
    assert standing(desk) == []


@pytest.mark.parametrize("kind", FOLLOWING)
def test_nothing_follows_by_itself_what_the_employer_ended(desk: Desk, kind: RequestKind) -> None:
    old = desk.submit()
    draft = prepared(desk, old, kind)
    assert follow(desk, old, RequestKind.WITHDRAWAL).state is ApplicationState.GRANTED
    asked = sent(desk, draft)
    assert (asked.state, PREDECESSOR_ENDED in asked.risk) == (ApplicationState.IN_REVIEW, True)


def test_where_one_officer_wants_to_withdraw_the_next_one_is_for_a_person(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(four_eyes=True)
    old = desk.submit()
    desk.portal.office.revoke(ANNE, SLUG, old.application_id, **FRAUD)
    asked = sent(desk, prepared(desk, old, RequestKind.CORRECTION))
    assert (asked.state, PREDECESSOR_ENDED in asked.risk) == (ApplicationState.IN_REVIEW, True)


@pytest.mark.parametrize("name", ["upload", "paper"])
def test_what_ends_while_the_next_one_is_certified_has_no_successor(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    old = desk.submit()
    draft = prepared(desk, old, RequestKind.CORRECTION)
    ids, real, begun = made(desk, monkeypatch), getattr(desk.house.issuer, name), []

    def ended_between(*args: Any, **named: Any) -> Any:
        if not begun:
            begun.append(desk.portal.office.revoke(ANNE, SLUG, old.application_id, **FRAUD))
        return real(*args, **named)

    monkeypatch.setattr(desk.house.issuer, name, ended_between)
    asked = sent(desk, draft)
    assert (asked.state, asked.step, asked.record_id) == (ApplicationState.IN_REVIEW, None, None)
    assert PREDECESSOR_ENDED in asked.risk
    assert [is_live(desk, each) for each in ids] == [False]
    assert standing(desk) == []


def test_a_change_that_waits_ends_with_what_it_changes(desk: Desk) -> None:
    old = desk.submit()
    change = follow(desk, old, RequestKind.CHANGE, period=LATER)
    assert change.step is Step.REPLACE
    desk.portal.office.revoke(ANNE, SLUG, old.application_id, **FRAUD)
    gone = desk.again(change)
    assert (gone.state, gone.step) == (ApplicationState.WITHDRAWN, None)
    assert gone.history[-1].reason == "fraud"
    assert records(desk, old.record_id, change.record_id) == [True, True]
    until(desk, FIRST_DAY)
    assert desk.portal.resume_unfinished() == 0


def test_a_change_ends_with_what_it_changes_also_after_a_crash(
    open_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    old = desk.submit()
    change = follow(desk, old, RequestKind.CHANGE, period=LATER)
    with monkeypatch.context() as patched:
        dies_after(patched, desk.house.issuer, "withdraw")
        with pytest.raises(Killed):
            desk.portal.office.revoke(ANNE, SLUG, old.application_id, **FRAUD)
    later = open_desk()
    for _ in range(2):
        later.clock.advance(120)
        later.portal.resume_unfinished()
    assert [later.again(each).state.value for each in (old, change)] == ["withdrawn", "withdrawn"]
    assert records(later, old.record_id, change.record_id) == [True, True]


def test_a_change_does_not_take_the_place_of_what_is_being_withdrawn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = desk.submit()
    change = follow(desk, old, RequestKind.CHANGE, period=LATER)

    def down(*_: Any, **__: Any) -> None:
        raise Unavailable("storage_unavailable", reason="busy")

    with monkeypatch.context() as patched:
        patched.setattr(desk.house.issuer, "withdraw", down)
        desk.portal.office.revoke(ANNE, SLUG, old.application_id, **FRAUD)
    until(desk, FIRST_DAY)
    desk.portal.running.run(desk.again(change))
    for _ in range(3):
        desk.portal.resume_unfinished()
        desk.clock.advance(120)
    assert [desk.again(each).state.value for each in (old, change)] == ["withdrawn", "withdrawn"]


def test_an_officer_looks_at_an_extension_of_what_was_withdrawn(desk: Desk) -> None:
    old = desk.submit()
    extended = follow(desk, old, RequestKind.EXTENSION)
    corrected = follow(desk, old, RequestKind.CORRECTION)
    desk.portal.office.revoke(ANNE, SLUG, corrected.application_id, **FRAUD)
    left = [(each.kind, each.application_id) for each in desk.portal.office.tasks(ANNE, SLUG)]
    assert (PREDECESSOR_ENDED, extended.application_id) in left
    said = Reader("en", "portal").say(f"office.task.{PREDECESSOR_ENDED}")
    assert said == "Look at a case that follows a certificate which was withdrawn."


def test_an_officer_is_told_when_what_an_open_case_follows_is_withdrawn(desk: Desk) -> None:
    old = desk.submit()
    sent(desk, prepared(desk, old, RequestKind.CORRECTION))
    current = standing(desk)[0]
    desk.portal.office.revoke(ANNE, SLUG, current.application_id, **FRAUD)
    waiting = desk.submit()
    assert waiting.state is ApplicationState.GRANTED
    review = follow(desk, waiting, RequestKind.CHANGE, period=LATER, link=UNSURE)
    review = sent(desk, review)
    assert review.state is ApplicationState.IN_REVIEW
    desk.portal.office.revoke(ANNE, SLUG, waiting.application_id, **FRAUD)
    assert [each.application_id for each in desk.portal.office.tasks(ANNE, SLUG)] == [review.application_id]


def granted_anyway(desk: Desk, asked: Application, start: date = date(2027, 1, 4)) -> Application:
    """Return a case that an officer grants in spite of its signs."""
    verdict = replace(GRANTED, validity_start=start, validity_end=date(2027, 6, 30))
    return desk.portal.office.decide(ANNE, SLUG, asked.application_id, verdict)


def looked_at(desk: Desk) -> list[str]:
    """Return the cases at which an officer has to look because of what they follow."""
    return [each.application_id for each in desk.portal.office.tasks(ANNE, SLUG) if each.kind == PREDECESSOR_ENDED]


def test_where_an_officer_grants_a_second_one_the_one_that_waits_is_looked_at(desk: Desk) -> None:
    old = desk.submit()
    change = follow(desk, old, RequestKind.CHANGE, period=LATER)
    asked = follow(desk, old, RequestKind.CORRECTION)
    assert asked.state is ApplicationState.IN_REVIEW
    assert granted_anyway(desk, asked).state is ApplicationState.GRANTED
    assert desk.again(old).state is ApplicationState.SUPERSEDED
    assert looked_at(desk) == [change.application_id]


def test_where_an_officer_corrects_what_waits_both_are_looked_at(desk: Desk) -> None:
    old = desk.submit()
    change = follow(desk, old, RequestKind.CHANGE, period=LATER)
    asked = follow(desk, change, RequestKind.CORRECTION)
    assert (asked.state, OVERLAPS in asked.risk) == (ApplicationState.IN_REVIEW, True)
    assert granted_anyway(desk, asked, FIRST_DAY).state is ApplicationState.GRANTED
    assert desk.again(change).state is ApplicationState.SUPERSEDED
    assert looked_at(desk) == [asked.application_id]


def test_a_change_that_is_taken_back_leaves_what_stays_alone(desk: Desk) -> None:
    old = desk.submit()
    extended = follow(desk, old, RequestKind.EXTENSION)
    change = follow(desk, old, RequestKind.CHANGE)
    assert change.step is Step.REPLACE
    desk.portal.office.revoke(ANNE, SLUG, change.application_id, **FRAUD)
    assert [desk.again(each).is_in_force for each in (old, extended)] == [True, True]
    assert looked_at(desk) == []


UNSURE = {
    "direct_relationship": "unknown",
    "paid_by": "employer",
    "hired_out_onward": "no",
    "only_this_work": "yes",
}
REFUSED = Verdict(outcome=VerdictOutcome.REFUSE, reason="No.")


def fails(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Let a step fail for good."""

    def failing(*_: Any, **__: Any) -> None:
        raise Refused("not_found")

    monkeypatch.setattr(owner, name, failing)


def test_what_was_recorded_and_never_released_is_withdrawn(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = made(desk, monkeypatch)
    with monkeypatch.context() as patched:
        fails(patched, handover_store, "keep_document")
        left = desk.submit()
    assert (left.state, left.step, left.record_id) == (ApplicationState.IN_REVIEW, None, None)
    assert [is_live(desk, each) for each in ids] == [False]
    assert records(desk, *ids) == [True]
    assert desk.portal.office.decide(ANNE, SLUG, left.application_id, REFUSED).state is ApplicationState.REFUSED


def test_what_was_never_released_is_withdrawn_later_where_it_cannot_be_now(
    open_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    ids = made(desk, monkeypatch)
    with monkeypatch.context() as patched:
        fails(patched, handover_store, "keep_document")
        dies_after(patched, desk.house.issuer, "withdraw")
        with pytest.raises(Killed):
            desk.submit()
    later = open_desk()
    (left,) = later.portal.applications(CLAIRE, SLUG)
    assert left.step is Step.CLOSE
    later.clock.advance(120)
    assert later.portal.resume_unfinished() == 1
    left = later.again(left)
    assert (left.state, left.step, left.record_id) == (ApplicationState.IN_REVIEW, None, None)
    assert records(later, *ids) == [True]


def test_the_proof_stays_while_a_case_is_open_whose_certificate_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = desk.draft(period={"start": "2026-11-23", "end": "2027-06-30"}, link=UNSURE)
    asked = sent(desk, draft)
    asked = asked if asked.state is ApplicationState.IN_REVIEW else sent(desk, asked)
    proof = desk.portal.proof(CLAIRE, SLUG, asked.application_id, language="en")
    with monkeypatch.context() as patched:
        fails(patched, handover_store, "keep_document")
        desk.portal.office.decide(ANNE, SLUG, asked.application_id, GRANTED)
    left = desk.again(asked)
    assert (left.state, left.record_id, left.proof_record_id is None) == (ApplicationState.IN_REVIEW, None, False)
    desk.portal.office.decide(ANNE, SLUG, asked.application_id, REFUSED)
    assert desk.again(asked).proof_record_id is None
    assert desk.house.issuer.public_checks.look_up(proof.code, source="192.0.2.1").verdict.value != "not_decided"


GRANTED = Verdict(
    outcome=VerdictOutcome.GRANT,
    reason="It is so.",
    article="12(1)",
    status_code="01",
    validity_start=TODAY.replace(day=23),
    validity_end=FIRST_DAY,
)


@pytest.mark.parametrize("name", ["upload", "paper"])
def test_what_was_to_become_definitive_ends_with_the_provisional_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = desk.submit(**SEVERAL)
    office = desk.portal.office
    office.endings.object_received(
        ANNE, SLUG, case.application_id, state="DE", received_on=TODAY, note="Germany objects."
    )
    ids, real, begun = made(desk, monkeypatch), getattr(desk.house.issuer, name), []
    wish = {"what": "revoke", "reason": "", "cause": "fraud", "from": TODAY.isoformat()}

    def revoked_between(*args: Any, **named: Any) -> Any:
        if not begun:
            begun.append(office.endings._revoked(ANNE, desk.again(case), wish))
        return real(*args, **named)

    monkeypatch.setattr(desk.house.issuer, name, revoked_between)
    office.endings.settle(ANNE, SLUG, case.application_id, reason="Both agree.")
    gone = desk.again(case)
    assert gone.state is ApplicationState.WITHDRAWN
    assert [is_live(desk, each) for each in (case.record_id, *ids)] == [False, False]


def test_what_failed_to_become_definitive_ends_with_the_provisional_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = desk.submit(**SEVERAL)
    office, ids = desk.portal.office, made(desk, monkeypatch)
    office.endings.object_received(
        ANNE, SLUG, case.application_id, state="DE", received_on=TODAY, note="Germany objects."
    )
    with monkeypatch.context() as patched:
        fails(patched, handover_store, "keep_document")
        office.endings.settle(ANNE, SLUG, case.application_id, reason="Both agree.")
    assert desk.again(case).state is ApplicationState.PROVISIONAL
    assert [is_live(desk, each) for each in ids] == [True]
    assert office.revoke(ANNE, SLUG, case.application_id, **FRAUD).state is ApplicationState.WITHDRAWN
    assert [is_live(desk, each) for each in (case.record_id, *ids)] == [False, False]


def test_no_exception_wished_ends_the_proof(desk: Desk) -> None:
    asked = sent(desk, desk.draft(period={"start": "2026-11-24", "end": "2029-06-30"}))
    proof = desk.portal.proof(CLAIRE, SLUG, asked.application_id, language="en")
    desk.portal.wish_exception(CLAIRE, SLUG, asked.application_id, wanted=False)
    done = desk.again(asked)
    assert (done.state, done.step, done.proof_record_id) == (ApplicationState.REFUSED, None, None)
    assert desk.house.issuer.public_checks.look_up(proof.code, source="192.0.2.1").verdict.value != "not_decided"


@pytest.mark.parametrize(("start", "end"), [("02-01", "02-20"), ("02-28", "03-01")])
def test_the_days_before_a_change_still_count(desk: Desk, start: str, end: str) -> None:
    follow(desk, desk.submit(), RequestKind.CHANGE, period=LATER)
    until(desk, FIRST_DAY)
    desk.portal.resume_unfinished()
    asked = desk.submit(**BELGIUM, period={"start": f"2027-{start}", "end": f"2027-{end}"})
    assert (asked.state, OVERLAPS in asked.risk) == (ApplicationState.IN_REVIEW, True)


def test_the_days_after_a_withdrawal_are_free_and_those_before_are_not(desk: Desk) -> None:
    first = desk.submit()
    until(desk, date(2027, 3, 20))
    ended = {"reason": "facts_changed", "first_day": date(2027, 3, 15), "note": "The work ended."}
    desk.portal.office.revoke(ANNE, SLUG, first.application_id, **ended)
    after = desk.submit(**BELGIUM, period={"start": "2027-04-01", "end": "2027-05-31"})
    before = desk.submit(**BELGIUM, period={"start": "2027-02-01", "end": "2027-02-20"})
    assert [OVERLAPS in each.risk for each in (after, before)] == [False, True]
