"""Attacks on the portal's core: each is one that went through before."""

from dataclasses import replace
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.portal.applications.application import ApplicationState, Capacity
from portadoc.portal.drafts import Wish
from portadoc.portal.store import application_store
from portadoc.storage.installation import digest
from tests.unit.portal.core.conftest import ANNE, CLAIRE, JEAN, SLUG, Desk

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
