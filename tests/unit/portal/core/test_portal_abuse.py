"""Attacks on the portal's core: each is one that went through before."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portadoc.errors import Conflict, Refused
from portadoc.portal.applications.application import ApplicationState, Capacity
from portadoc.portal.drafts import Wish
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome
from portadoc.portal.pages.form_view import rows_typed
from portadoc.portal.store import application_store
from portadoc.storage.installation import digest
from tests.unit.portal.core.conftest import ANNE, CLAIRE, IVAN, JEAN, SLUG, Desk

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
_UNKNOWN_TO_IVAN: dict[str, dict[str, str]] = {
    "birth_place": {"town": "Oran", "country": "DZ"},
    "nationalities": {"0.country": "FR"},
    "residence": {"street": "1 rue du Test", "postcode": "69000", "town": "Lyon", "country": "FR"},
    "gender": {"gender": "m"},
    "cover_basis": {"cover_basis": "employment"},
    "cover_since": {"since": "2020-01-01", "gap_days": "0"},
}


@pytest.mark.parametrize(
    ("given", "family", "born", "state"),
    [
        ("Karim", "Essai", "1990-01-30", ApplicationState.GRANTED),
        ("KARIM Ali", "essai-dupont", "1990-01-30", ApplicationState.GRANTED),
        ("Karim", "Essai", "1990-01-31", ApplicationState.IN_REVIEW),
        ("Somebody", "Essai", "1990-01-30", ApplicationState.IN_REVIEW),
        ("Karim", "Invented", "1990-01-30", ApplicationState.IN_REVIEW),
    ],
)
def test_j11_nobody_gets_a_certificate_under_the_number_of_another(
    desk: Desk, given: str, family: str, born: str, state: ApplicationState
) -> None:
    worker = {"given_name": given, "family_name": family, "birth_date": born}
    sent = desk.submit(IVAN, worker_pin=_KARIM, worker=worker, **_UNKNOWN_TO_IVAN)
    assert sent.state is state
    assert ("register_contradicts" in sent.risk) == (state is ApplicationState.IN_REVIEW)
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
