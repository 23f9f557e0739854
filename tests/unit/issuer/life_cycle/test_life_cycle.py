"""What is done to a record: each verb links old and new, ends every copy of the old one, and acts once."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from portadoc.errors import Conflict, Refused
from portadoc.formats.withdrawal_list import WithdrawalCause
from portadoc.issuer import WithdrawalReason
from portadoc.issuer.life_cycle.history import RecordState
from portadoc.issuer.life_cycle.reissuing import Terms
from portadoc.issuer.life_cycle.succession import Asked, Change
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.events import EventKind
from portadoc.schemas.examples import example
from portadoc.storage.outbox import read_after

A1, HEALTH = "fr-demo", "fr-health"
WRONG = Change(reason=WithdrawalReason.ISSUED_IN_ERROR)
PDA1: Any = example("posted-worker-fr-de")


def other_period(*, start: int = 0, end: int = 0) -> Any:
    told = PDA1.legislation
    changed = replace(told, start=told.start + timedelta(days=start), end=told.end + timedelta(days=end))
    return replace(PDA1, legislation=changed)


CORRECTED: Any = other_period(end=-1)


def told(rig: Any, kind: EventKind) -> list[Any]:
    with rig.database.read() as connection:
        return [
            each.event for each in read_after(connection, institution=None, cursor=None) if each.event.kind is kind
        ]


def states(rig: Any, record_id: str) -> list[bool]:
    """Return of each copy of a record whether it is withdrawn."""
    return [copy.withdrawn_at is not None for copy in rig.issuer.credentials(A1, record_id=record_id)]


def test_a_record_is_issued_and_offered(rig: Any) -> None:
    issued = rig.issuer.life_cycle.issue(A1, PDA1, terms=Terms(configuration_ids=("pda1",)), record_id="r-1")
    again = rig.issuer.life_cycle.issue(A1, PDA1, terms=Terms(configuration_ids=("pda1",)), record_id="r-1")
    assert (issued.record_id, again.record_id) == ("r-1", "r-1")
    assert issued.offer.offer_id != again.offer.offer_id
    assert rig.obtain(rig.token(issued.offer)).status == 200
    seen = rig.issuer.life_cycle.view(A1, "r-1")
    assert (seen.state, len(seen.copies), seen.acts, seen.predecessor) == (RecordState.IN_FORCE, 1, (), None)


def test_a_correction_takes_the_place_of_the_record_and_ends_every_copy(rig: Any) -> None:
    rig.issued(copies=2)
    old = rig.last_record
    act = rig.issuer.life_cycle.correct(A1, old, CORRECTED, change=WRONG, asked=Asked())
    before, after = rig.issuer.life_cycle.view(A1, old), rig.issuer.life_cycle.view(A1, act.successor)
    assert (before.state, before.successor) == (RecordState.SUPERSEDED, act.successor)
    assert (after.state, after.predecessor, after.copies) == (RecordState.IN_FORCE, old, ())
    assert states(rig, old) == [True, True]
    (copy, _) = rig.issuer.credentials(A1, record_id=old)
    assert (copy.cause, copy.successor) == (WithdrawalCause.ISSUED_IN_ERROR.value, act.successor)
    (event,) = told(rig, EventKind.RECORD_CORRECTED)
    assert (event.subject_id, event.payload["successor"]) == (old, act.successor)
    assert event.payload["inform"] == ["worker", "employer"]
    assert len(told(rig, EventKind.CREDENTIAL_WITHDRAWN)) == 2
    (part,) = told(rig, EventKind.RECORD_WITHDRAWN)
    assert "inform" not in part.payload  # nobody is told twice


def test_a_prolongation_that_begins_no_later_takes_the_place(rig: Any) -> None:
    rig.issued()
    act = rig.issuer.life_cycle.prolong(A1, rig.last_record, other_period(end=30), asked=Asked())
    assert (act.cause, states(rig, rig.last_record)) == ("replaced", [True])


def test_after_a_prolongation_that_begins_later_both_stand_for_their_own_days(rig: Any) -> None:
    rig.issued()
    days = (PDA1.legislation.end - PDA1.legislation.start).days + 1
    act = rig.issuer.life_cycle.prolong(A1, rig.last_record, other_period(start=days, end=days), asked=Asked())
    seen = rig.issuer.life_cycle.view(A1, rig.last_record)
    assert (seen.state, seen.successor, act.reason) == (RecordState.IN_FORCE, act.successor, None)
    assert states(rig, rig.last_record) == [False]
    with pytest.raises(Conflict, match="record_has_successor"):
        rig.issuer.life_cycle.prolong(A1, rig.last_record, other_period(end=60), asked=Asked())


def test_a_replacement_is_about_the_same_person(rig: Any) -> None:
    rig.issued()
    person = replace(PDA1.person, pin="TEST999999999")
    with pytest.raises(Refused, match="records_of_several_persons"):
        rig.issuer.life_cycle.replace(A1, rig.last_record, replace(PDA1, person=person), asked=Asked())
    act = rig.issuer.life_cycle.replace(A1, rig.last_record, CORRECTED, asked=Asked())
    assert (act.verb, states(rig, rig.last_record)) == ("replace", [True])


def test_a_correction_may_change_whom_a_record_is_about_and_nothing_else_may(rig: Any) -> None:
    other = replace(PDA1, person=replace(PDA1.person, pin="TEST999999999"))
    act = rig.issuer.life_cycle.correct(A1, rig.record(), other, change=WRONG, asked=Asked())
    assert rig.issuer.life_cycle.view(A1, act.successor).state is RecordState.IN_FORCE
    with pytest.raises(Refused, match="records_of_several_persons"):
        rig.issuer.life_cycle.prolong(A1, act.successor, other_period(end=30), asked=Asked())


def test_a_health_card_is_prolonged_and_gives_way_to_no_other_kind(rig: Any) -> None:
    card: Any = example("insured-traveller")
    old = rig.issuer.upload(HEALTH, card)
    with pytest.raises(Refused, match="successor_kind_differs"):
        rig.issuer.life_cycle.replace(HEALTH, old, example("replacement-certificate"), asked=Asked())
    longer = replace(card, date_of_expiry=card.date_of_expiry.replace(year=2040))
    act = rig.issuer.life_cycle.prolong(HEALTH, old, longer, asked=Asked())
    assert rig.issuer.life_cycle.view(HEALTH, old).state is RecordState.SUPERSEDED
    with pytest.raises(Refused, match="record_unknown"):
        rig.issuer.life_cycle.view(A1, act.successor)


def test_what_cannot_follow_is_refused_and_changes_nothing(rig: Any) -> None:
    rig.issued()
    verbs, old = rig.issuer.life_cycle, rig.last_record
    with pytest.raises(Refused, match="prolongation_not_later"):
        verbs.prolong(A1, old, PDA1, asked=Asked())
    with pytest.raises(Refused, match="record_of_other_institution"):
        verbs.correct(A1, old, example("insured-traveller"), change=WRONG, asked=Asked())
    late = replace(WRONG, effective_from=date(2026, 11, 23))
    with pytest.raises(Refused, match="withdrawal_date_future"):
        verbs.correct(A1, old, CORRECTED, change=late, asked=Asked())
    with pytest.raises(Refused, match="withdrawal_successor_unknown"):
        verbs.correct(A1, old, PDA1, change=WRONG, successor_id=old, asked=Asked())
    with pytest.raises(Refused, match="record_unknown"):
        verbs.correct(A1, "nobody", CORRECTED, change=WRONG, asked=Asked())
    seen = verbs.view(A1, old)
    assert (seen.state, seen.acts, states(rig, old)) == (RecordState.IN_FORCE, (), [False])


def test_the_same_request_acts_once_and_is_told_the_same(rig: Any) -> None:
    rig.issued()
    asked = Asked(request_key="k")
    one = rig.issuer.life_cycle.correct(A1, rig.last_record, CORRECTED, change=WRONG, asked=asked)
    two = rig.issuer.life_cycle.correct(A1, rig.last_record, CORRECTED, change=WRONG, asked=asked)
    assert one == two
    assert len(told(rig, EventKind.RECORD_CORRECTED)) == 1


def test_one_of_fifty_corrections_at_once_counts(rig: Any) -> None:
    rig.issued()

    def correct() -> bool:
        try:
            rig.issuer.life_cycle.correct(A1, rig.last_record, CORRECTED, change=WRONG, asked=Asked())
        except Conflict:
            return False
        return True

    assert rig.at_once(20, correct).count(True) == 1
    assert len(rig.issuer.life_cycle.view(A1, rig.last_record).acts) == 1


def test_what_was_seen_before_a_change_is_not_acted_on(rig: Any) -> None:
    record_id = rig.record()
    seen = rig.issuer.life_cycle.view(A1, record_id)
    rig.issuer.offer(A1, record_id, ("pda1",))
    assert rig.issuer.life_cycle.view(A1, record_id).version == seen.version
    rig.obtain(rig.token(rig.issuer.offer(A1, record_id, ("pda1",))))
    with pytest.raises(Conflict, match="record_changed"):
        rig.issuer.life_cycle.withdraw(A1, record_id, change=WRONG, asked=Asked(version=seen.version))
    now = rig.issuer.life_cycle.view(A1, record_id).version
    done = rig.issuer.life_cycle.withdraw(A1, record_id, change=WRONG, asked=Asked(version=now))
    assert done.state is RecordState.WITHDRAWN


def test_every_way_to_withdraw_is_in_the_history(rig: Any) -> None:
    first, second = rig.record(), rig.record()
    rig.issuer.withdraw(A1, first, reason=WithdrawalReason.FRAUD, effective_from=date(2026, 11, 1))
    for _ in range(2):
        rig.issuer.life_cycle.withdraw(A1, second, change=WRONG, asked=Asked(request_key="w"))
    (act,) = rig.issuer.life_cycle.view(A1, first).acts
    assert (act.verb, act.reason, act.effective_from, act.cause) == ("withdraw", "fraud", "2026-11-01", "other")
    news = told(rig, EventKind.RECORD_WITHDRAWN)
    assert [event.payload["inform"] for event in news] == [["worker", "employer"]] * 2
    (act,) = rig.issuer.life_cycle.view(A1, second).acts
    assert (act.reason, act.request_key) == ("issued_in_error", "w")


@pytest.mark.parametrize("while_signing", [True, False])
def test_a_copy_issued_at_the_same_moment_does_not_survive_the_record(
    rig: Any, monkeypatch: pytest.MonkeyPatch, while_signing: bool
) -> None:
    """The correction comes between the intent and the mark, or between reading the record and the intent."""
    token, proof = rig.token(), rig.proof()
    room, ring = rig.issuer.status_lists, rig.key_ring
    acts: list[Any] = []

    def correct() -> None:
        if not acts:
            acts.append(None)
            acts[0] = rig.issuer.life_cycle.correct(A1, rig.last_record, CORRECTED, change=WRONG, asked=Asked())

    if while_signing:
        signer_of = ring.signer

        def signer(institution: str, purpose: KeyPurpose) -> Any:
            if rig.issuer.credentials(A1) and purpose is KeyPurpose.CREDENTIAL:
                correct()
            return signer_of(institution, purpose)

        monkeypatch.setattr(ring, "signer", signer)
    else:
        require_room = room.require_room

        def slow(institution: str, *, copies: int) -> None:
            require_room(institution, copies=copies)
            correct()

        monkeypatch.setattr(room, "require_room", slow)
    assert rig.obtain(token, [proof]).status == 400
    assert acts
    assert all(states(rig, rig.last_record))
    assert [copy for copy in rig.issuer.credentials(A1) if copy.withdrawn_at is None] == []


def test_wallets_that_fetch_while_the_record_is_corrected_keep_no_valid_copy(rig: Any) -> None:
    record_id = rig.record()
    tokens = [rig.token(rig.issuer.offer(A1, record_id, ("pda1",))) for _ in range(9)]
    waiting = [(token, rig.proof()) for token in tokens]

    def fetch_or_correct() -> int:
        token, proof = waiting.pop()
        if len(waiting) == 5:
            rig.issuer.life_cycle.correct(A1, record_id, CORRECTED, change=WRONG, asked=Asked())
        return int(rig.obtain(token, [proof]).status)

    assert set(rig.at_once(9, fetch_or_correct)) <= {200, 400}
    assert all(states(rig, record_id))
    assert rig.obtain(rig.token(), None).status == 200  # of another record: the institution goes on


def test_all_or_nothing_of_a_succession_is_kept(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever dies in the one transaction leaves the old record as it was, and the same request goes through."""
    rig.issued()
    old, asked = rig.last_record, Asked(request_key="k")
    tell, calls = rig.issuer.life_cycle._deployment.__class__.tell, {"left": 0}

    def dying(self: Any, *args: Any, **kwargs: Any) -> None:
        calls["left"] -= 1
        if calls["left"] == 0:
            raise KeyboardInterrupt
        tell(self, *args, **kwargs)

    monkeypatch.setattr(rig.issuer.life_cycle._deployment.__class__, "tell", dying)
    for step in range(1, 5):  # record added, record withdrawn, copy withdrawn, record corrected
        calls["left"] = step
        with pytest.raises(KeyboardInterrupt):
            rig.issuer.life_cycle.correct(A1, old, CORRECTED, change=WRONG, successor_id="new", asked=asked)
        assert states(rig, old) == [False]
        with pytest.raises(Refused, match="record_unknown"):
            rig.issuer.life_cycle.view(A1, "new")
    calls["left"] = 0
    rig.issuer.life_cycle.correct(A1, old, CORRECTED, change=WRONG, successor_id="new", asked=asked)
    assert states(rig, old) == [True]


def test_acts_of_one_second_are_told_in_their_order(rig: Any) -> None:
    record_id = rig.record()
    for number in range(6):
        terms = Terms(configuration_ids=("pda1",))
        rig.issuer.life_cycle.reissue(A1, record_id, lost=False, terms=terms, asked=Asked(request_key=str(number)))
    acts = rig.issuer.life_cycle.view(A1, record_id).acts
    assert [act.request_key for act in acts] == [str(number) for number in range(6)]


def test_no_record_comes_of_its_own_heirs(rig: Any) -> None:
    first, heir = rig.issuer.upload(A1, PDA1), other_period(start=400, end=400)
    cycle = rig.issuer.life_cycle
    second = cycle.prolong(A1, first, heir, asked=Asked()).successor
    with pytest.raises(Conflict, match="record_has_successor"):
        cycle.replace(A1, second, PDA1, successor_id=first, asked=Asked())
    assert cycle.view(A1, second).state is RecordState.IN_FORCE


def test_what_has_ended_takes_no_place(rig: Any) -> None:
    """Also where the old record stays in force beside what follows it."""
    first, heir = rig.issuer.upload(A1, PDA1), other_period(start=400, end=400)
    ended = rig.issuer.upload(A1, heir)
    rig.issuer.withdraw(A1, ended, reason=WithdrawalReason.FRAUD)
    with pytest.raises(Refused, match="withdrawal_successor_unknown"):
        rig.issuer.life_cycle.prolong(A1, first, heir, successor_id=ended, asked=Asked())
    assert rig.issuer.life_cycle.view(A1, first).successor is None


def test_a_record_that_is_withdrawn_after_another_followed_it_gave_way_to_none(rig: Any) -> None:
    first = rig.issuer.upload(A1, PDA1)
    act = rig.issuer.life_cycle.prolong(A1, first, other_period(start=400, end=400), asked=Asked())
    rig.issuer.life_cycle.withdraw(A1, first, change=Change(reason=WithdrawalReason.FRAUD), asked=Asked())
    seen = rig.issuer.life_cycle.view(A1, first)
    assert (seen.state, seen.successor) == (RecordState.WITHDRAWN, act.successor)
