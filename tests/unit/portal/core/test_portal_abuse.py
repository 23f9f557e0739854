"""Attacks on the portal's core: each is one that went through before."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portadoc.errors import Conflict, Misconfigured, Refused, Unavailable
from portadoc.portal.applications.application import Application, ApplicationState, Capacity, RequestKind
from portadoc.portal.applications.risk import is_registered
from portadoc.portal.drafts import Wish
from portadoc.portal.handover.offering import HandOver
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome
from portadoc.portal.pages.form_view import rows_typed
from portadoc.portal.store import application_store, handover_store
from portadoc.portal.store.handover_store import ForWhom
from portadoc.storage.installation import digest
from tests.unit.portal.core.conftest import ANNE, CLAIRE, IVAN, JEAN, PAUL, SLUG, TODAY, Desk
from tests.unit.portal.core.test_portal_hand_over import messages, redeem

_NEARLY_24_MONTHS = {"start": "2027-01-20", "end": "2028-12-20"}
_A_MONTH = {"start": "2026-12-01", "end": "2026-12-31"}


def test_j13_two_requests_at_one_moment_are_judged_beside_each_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = desk.draft(period=_NEARLY_24_MONTHS)
    running, made = desk.portal.running, []
    certified = running._certifying.certified

    def certify_after_the_second(*args: Any, **named: Any) -> Any:
        if not made:  # the first is decided and not yet out
            made.append(None)
            made[0] = desk.portal.submit(CLAIRE, SLUG, second.application_id)
        return certified(*args, **named)

    monkeypatch.setattr(running._certifying, "certified", certify_after_the_second)
    assert desk.submit(period=_A_MONTH).state is ApplicationState.GRANTED
    assert made[0].state is ApplicationState.IN_REVIEW


def test_j13_what_was_granted_after_the_facts_were_taken_stops_a_grant(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = desk.draft(period=_A_MONTH), desk.draft(period=_NEARLY_24_MONTHS)
    running, made = desk.portal.running, []
    decide = running._decide

    def decide_after_the_second(application: Any) -> Any:
        if not made:
            made.append(None)
            made[0] = desk.portal.submit(CLAIRE, SLUG, second.application_id)
        return decide(application)

    monkeypatch.setattr(running, "_steps", {**running._steps, "decide": decide_after_the_second})
    sent = desk.portal.submit(CLAIRE, SLUG, first.application_id)
    assert made[0].state is ApplicationState.GRANTED
    assert sent.state is ApplicationState.IN_REVIEW
    assert sent.history[-1].details["code"] == "grant_not_derivable"


def test_j18_many_drafts_hide_no_certificate_that_stands(desk: Desk) -> None:
    assert desk.submit(period=_A_MONTH).state is ApplicationState.GRANTED
    draft = desk.portal.start(CLAIRE, SLUG, Wish(worker_pin="TEST185041201"))
    with desk.portal.deployment.database.transaction() as connection:
        for number in range(520):
            other = replace(draft, application_id=digest(str(number))[:32], created_at=draft.created_at + 1)
            application_store.insert_application(connection, other)
    assert desk.submit(period=_NEARLY_24_MONTHS).state is ApplicationState.IN_REVIEW


def test_j03_nobody_is_self_employed_by_saying_so(desk: Desk) -> None:
    for capacity in (Capacity.SELF_EMPLOYED, Capacity.INSURED_PERSON, Capacity.EMPLOYER):
        with pytest.raises(Refused, match="access_denied"):
            desk.portal.start(JEAN, SLUG, Wish(capacity=capacity))


def test_j13_who_contests_again_and_again_leaves_one_task(desk: Desk) -> None:
    granted = desk.submit()
    for _ in range(3):
        desk.portal.contest(CLAIRE, SLUG, granted.application_id, said="Look again.")
    assert len(desk.portal.office.tasks(ANNE, SLUG)) == 1
    said = [each.details for each in desk.again(granted).history if each.reason == "contested"]
    assert said == [{"said": "Look again."}] * 3


_KARIM = {"worker_pin": "TEST190013001"}
_AS_KARIM = {"given_name": "Karim", "family_name": "Essai", "birth_date": "1990-01-30"}
_UNKNOWN_TO_IVAN: dict[str, dict[str, str]] = {
    "birth_place": {"town": "Oran", "country": "DZ"},
    "nationalities": {"0.country": "FR"},
    "residence": {"street": "1 rue du Test", "postcode": "69000", "town": "Lyon", "country": "FR"},
    "gender": {"gender": "m"},
    "cover_basis": {"cover_basis": "employment"},
    "cover_since": {"since": "2020-01-01", "gap_days": "0"},
}


@pytest.mark.parametrize(
    ("given", "family", "born", "contradicts"),
    [
        ("Karim", "Essai", "1990-01-30", False),
        ("KARIM Ali", "essai-dupont", "1990-01-30", False),
        ("Karim", "Essai", "1990-01-31", True),
        ("Somebody", "Essai", "1990-01-30", True),
        ("Karim", "Invented", "1990-01-30", True),
    ],
)
def test_j11_nobody_gets_a_certificate_under_the_number_of_another(
    desk: Desk, given: str, family: str, born: str, contradicts: bool
) -> None:
    worker = {"given_name": given, "family_name": family, "birth_date": born}
    sent = desk.submit(IVAN, worker_pin=_KARIM, worker=worker, **_UNKNOWN_TO_IVAN)
    assert sent.state is ApplicationState.IN_REVIEW
    assert ("register_contradicts" in sent.risk) == contradicts
    assert "not_registered_here" in sent.risk  # he works for somebody else
    assert sent.reasons == ()  # nothing is told to who tries numbers


def test_j02_who_types_a_number_does_not_fill_the_list_of_that_person(desk: Desk) -> None:
    mine = desk.submit()
    draft = desk.portal.start(IVAN, SLUG, Wish())
    desk.portal.answer(IVAN, SLUG, draft.application_id, "worker_pin", {"worker_pin": "TEST185041201"})
    assert [each.application_id for each in desk.portal.applications(JEAN, SLUG)] == [mine.application_id]
    exported = desk.portal.own_data.export(JEAN, SLUG)["applications"]  # and yet nothing that is kept is hidden
    assert {each["application_id"] for each in exported} == {mine.application_id, draft.application_id}


def test_a_row_with_an_endless_number_is_no_row() -> None:
    assert rows_typed({"9" * 5000 + ".town": "x", "\u00b2.town": "x"}) == 0
    assert rows_typed({"0.town": "x", "3.town": ""}) == 4


@pytest.mark.parametrize("four_eyes", [False, True])
def test_j13_nobody_decides_a_case_that_is_not_as_it_was_looked_at(
    open_desk: Callable[..., Desk], four_eyes: bool
) -> None:
    desk = open_desk(four_eyes=four_eyes)
    worker = {"given_name": "Another", "family_name": "Person", "birth_date": "1990-01-30"}
    sent = desk.submit(IVAN, worker_pin=_KARIM, worker=worker, **_UNKNOWN_TO_IVAN)
    desk.portal.office.assign(ANNE, SLUG, sent.application_id, to=ANNE.id)
    refusal = Verdict(outcome=VerdictOutcome.REFUSE, reason="This is somebody else.")
    with pytest.raises(Conflict, match="application_changed"):
        desk.portal.office.decide(ANNE, SLUG, sent.application_id, refusal, version=sent.version)
    decided = desk.portal.office.decide(ANNE, SLUG, sent.application_id, refusal, version=sent.version + 1)
    assert (decided.proposed is not None) == four_eyes


_NOBODY = {
    "worker_pin": {"worker_pin": "TEST199999999"},
    "worker": {"given_name": "Nobody", "family_name": "Known", "birth_date": "1990-01-30"},
}


@pytest.mark.parametrize("complete", [True, False])
def test_j11_whom_the_register_does_not_know_is_an_officer_s_where_it_knows_all(
    open_desk: Callable[..., Desk], complete: bool
) -> None:
    desk = open_desk(registers_complete=complete)
    sent = desk.submit(IVAN, **_NOBODY, **_UNKNOWN_TO_IVAN)
    assert ("not_registered_here" in sent.risk) == complete
    assert sent.state is (ApplicationState.IN_REVIEW if complete else ApplicationState.GRANTED)


def test_who_is_registered_with_the_employer_from_the_first_day_on_is_no_doubt(desk: Desk) -> None:
    assert "not_registered_here" not in desk.submit().risk
    hired: dict[str, Any] = {"covers": [{"employer": "E", "since": "2027-01-04", "until": None}]}
    ended: dict[str, Any] = {"covers": [{"employer": "E", "since": "2020-01-01", "until": "2026-12-31"}]}
    first = date(2027, 1, 4)
    assert is_registered(hired, "E", first, complete=True)
    assert is_registered(hired, None, first, complete=True)
    assert not is_registered(hired, "E", date(2027, 1, 3), complete=True)
    assert not is_registered(ended, "E", first, complete=False)
    assert not is_registered(hired, "F", first, complete=False)


@pytest.mark.parametrize(("first_day", "doubt"), [("2027-06-30", False), ("2027-06-29", True)])
def test_j18_two_states_on_the_same_days_need_a_person(desk: Desk, first_day: str, doubt: bool) -> None:
    assert desk.submit().state is ApplicationState.GRANTED
    sent = desk.submit(host_state={"host_state": "AT"}, period={"start": first_day, "end": "2027-09-30"})
    assert ("certificate_overlaps" in sent.risk) == doubt
    assert not doubt or sent.state is ApplicationState.IN_REVIEW


def test_j06_what_is_withdrawn_is_offered_no_more(desk: Desk) -> None:
    granted = desk.submit()
    made = desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    revoked = desk.portal.office.revoke(
        ANNE, SLUG, granted.application_id, reason="facts_changed", first_day=TODAY, note="It ended."
    )
    assert revoked.state is ApplicationState.WITHDRAWN
    _offers_are_closed(desk, granted)
    with pytest.raises(Refused, match="offer_unknown"):
        redeem(desk, made, "000000")


def test_j06_what_is_replaced_is_offered_no_more(desk: Desk) -> None:
    granted = desk.submit()
    made = desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    draft = desk.portal.follow_up(CLAIRE, SLUG, granted.application_id, RequestKind.CORRECTION)
    period = {"start": "2027-01-04", "end": "2027-07-31"}
    desk.portal.answer(CLAIRE, SLUG, draft.application_id, "period", period)
    desk.fill(CLAIRE, draft)
    desk.portal.submit(CLAIRE, SLUG, draft.application_id)
    assert desk.again(granted).state is ApplicationState.SUPERSEDED
    _offers_are_closed(desk, granted)
    with pytest.raises(Refused, match="offer_unknown"):
        redeem(desk, made, "000000")


def _offers_are_closed(desk: Desk, application: Application) -> None:
    with desk.portal.deployment.database.read() as connection:
        offers = handover_store.offers_of(connection, SLUG, application.application_id)
    assert [each.closed_at is None for each in offers] == [False]


def test_j07_nobody_reads_a_case_of_their_own_as_an_officer(desk: Desk) -> None:
    sent = desk.submit(IVAN, worker_pin=_KARIM, worker=_AS_KARIM, **_UNKNOWN_TO_IVAN)
    for involved in (replace(ANNE, pin="TEST190013001"), replace(ANNE, employers=frozenset({"TEST23456"}))):
        assert desk.portal.office.work_list(involved, SLUG) == ()
        with pytest.raises(Refused) as caught:
            desk.portal.office.case_file(involved, SLUG, sent.application_id)
        assert caught.value.params["reason"] == "own_case"
    assert len(desk.portal.office.work_list(ANNE, SLUG)) == 1


def test_j07_who_has_two_logins_is_still_one_person(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(four_eyes=True)
    sent = desk.submit(IVAN, worker_pin=_KARIM, worker=_AS_KARIM, **_UNKNOWN_TO_IVAN)
    anne, also_anne = replace(ANNE, pin="TEST275000000"), replace(PAUL, pin="TEST275000000")
    refusal = Verdict(outcome=VerdictOutcome.REFUSE, reason="This is somebody else.")
    desk.portal.office.decide(anne, SLUG, sent.application_id, refusal)
    with pytest.raises(Refused) as caught:
        desk.portal.office.approve(also_anne, SLUG, sent.application_id)
    assert caught.value.params["reason"] == "same_person"
    approved = desk.portal.office.approve(replace(PAUL, pin="TEST276000000"), SLUG, sent.application_id)
    assert approved.state is ApplicationState.REFUSED


def _wrong_code(desk: Desk) -> str:
    """Return a code that was never sent."""
    sent = "".join(each["text"] for each in messages(desk))
    return next(each for each in ("000000", "111111", "222222", "333333") if each not in sent)


def test_j08_new_offers_do_not_give_endless_tries_of_the_code(desk: Desk) -> None:
    granted = desk.submit()
    for _ in range(3):
        made = desk.portal.offer(CLAIRE, SLUG, granted.application_id)
        for _ in range(5):
            with pytest.raises(Refused, match="tx_code_wrong"):
                redeem(desk, made, _wrong_code(desk))
    with pytest.raises(Unavailable, match="offers_throttled"):
        desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    desk.clock.advance(3600)
    desk.portal.offer(CLAIRE, SLUG, granted.application_id)


def _offers_at_one_moment(desk: Desk, granted: Application, count: int) -> list[HandOver]:
    """Return the offers that are made of many that are asked for at one moment."""
    start, refused = threading.Barrier(count), list[str]()

    def offer(_: int) -> HandOver | None:
        start.wait()
        try:
            return desk.portal.offer(CLAIRE, SLUG, granted.application_id)
        except Unavailable as error:
            refused.append(error.code)
            return None

    with ThreadPoolExecutor(count) as pool:
        made = [each for each in pool.map(offer, range(count)) if each is not None]
    assert refused == ["offers_throttled"] * (count - len(made))
    return made


def _tries_of(desk: Desk, offers: list[HandOver]) -> int:
    """Return how many wrong codes some offers take together."""
    tried = 0
    for made in offers * 5:
        with contextlib.suppress(Conflict, Refused):
            try:
                redeem(desk, made, _wrong_code(desk))
            except Refused as refused:
                tried += refused.code == "tx_code_wrong"
    return tried


def test_j08_offers_at_one_moment_give_no_more_tries_than_one_after_another(desk: Desk) -> None:
    granted, settings = desk.submit(), desk.portal.settings
    made = _offers_at_one_moment(desk, granted, 24)
    assert 1 <= len(made) <= settings.offers_per_hour
    assert len(messages(desk)) == len(made)
    assert _tries_of(desk, made) <= settings.code_tries_per_hour
    desk.clock.advance(3600)
    desk.portal.offer(CLAIRE, SLUG, granted.application_id)


def test_j08_codes_tried_while_an_offer_is_being_made_count(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    granted, tried = desk.submit(), 0
    for _ in range(2):
        made = desk.portal.offer(CLAIRE, SLUG, granted.application_id)
        tried += _tries_of(desk, [made])
    made = desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    end_open = desk.portal.hand_over._offering._end_open

    def tries_first(*args: Any) -> None:
        nonlocal tried
        tried += _tries_of(desk, [made])
        end_open(*args)

    monkeypatch.setattr(desk.portal.hand_over._offering, "_end_open", tries_first)
    with pytest.raises(Unavailable, match="offers_throttled"):
        desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    assert tried == desk.portal.settings.code_tries_per_hour


def test_an_offer_that_could_not_be_made_counts_for_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    granted = desk.submit()

    def unavailable(*_: Any, **__: Any) -> None:
        raise Unavailable("storage_unavailable", reason="busy")

    with monkeypatch.context() as patched:
        patched.setattr(desk.house.issuer, "offer", unavailable)
        for _ in range(desk.portal.settings.offers_per_hour + 1):
            with pytest.raises(Unavailable, match="storage_unavailable"):
                desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    desk.portal.offer(CLAIRE, SLUG, granted.application_id)


def test_j08_tries_left_on_the_open_offer_of_the_other_kind_count_too(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(employer_copy=True, code_tries_per_hour=10)
    granted = desk.submit()
    made = desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    with pytest.raises(Refused, match="tx_code_wrong"):
        redeem(desk, made, _wrong_code(desk))
    desk.portal.offer(CLAIRE, SLUG, granted.application_id, for_whom=ForWhom.EMPLOYER)
    with pytest.raises(Unavailable, match="offers_throttled"):  # 1 tried, 5 left on the copy, 5 more
        desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    desk.clock.advance(600)
    desk.portal.offer(CLAIRE, SLUG, granted.application_id)  # nothing is left on what has ended


def test_a_proof_that_cannot_be_is_no_failure_and_a_fault_of_ours_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = desk.submit(IVAN, worker_pin=_KARIM, worker=_AS_KARIM, **_UNKNOWN_TO_IVAN)
    papers, failures = desk.portal.papers, [Refused("particulars_missing"), Unavailable("signer_unavailable")]

    def fail(*_args: Any, **_named: Any) -> Any:
        raise failures[0]

    monkeypatch.setattr(papers, "prove", fail)
    papers.prove_if_possible(sent)
    failures.pop(0)
    papers.prove_if_possible(sent)
    failures[0] = Misconfigured("own_output_invalid", reason="record")
    with pytest.raises(Misconfigured):
        papers.prove_if_possible(sent)
