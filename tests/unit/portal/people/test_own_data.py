"""J22: what is kept of a person goes to that person, and to nobody else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portadoc.access import Role, Subject, SubjectKind
from portadoc.errors import Refused
from portadoc.portal.drafts import Wish
from portadoc.schemas.events import EventKind
from portadoc.storage.outbox import EVENTS
from tests.unit.portal.core.conftest import ANNE, CLAIRE, IVAN, JEAN, PAUL, SLUG, TODAY, Desk, as_worker

PARENT = Subject(
    "p", SubjectKind.PERSON, frozenset({Role.WORKER}), pin="TEST288062001", children=frozenset({"C1"})
)


def test_j22_a_person_gets_everything_that_is_kept_whoever_asked_for_it(desk: Desk) -> None:
    by_employer = desk.submit()
    by_self = desk.draft(JEAN, wish=as_worker())
    told = desk.portal.own_data.export(JEAN, SLUG)
    assert {each["application_id"] for each in told["applications"]} == {
        by_employer.application_id,
        by_self.application_id,
    }
    (granted,) = [each for each in told["applications"] if each["state"] == "granted"]
    assert granted["answers"]["host_state"] == "DE"
    assert granted["decisions"][0]["decision"]["article"] == "12(1)"
    assert granted["history"][0]["what"] == "started"
    assert told["register"]["family_name"] == "Exemple"
    assert not {"assigned_to", "proposed", "seal_code"} & granted.keys()
    assert CLAIRE.id not in str(told)


@pytest.mark.parametrize("subject", [CLAIRE, IVAN, ANNE, PARENT, JEAN])
def test_j22_nobody_gets_what_is_kept_of_others(desk: Desk, subject: Subject) -> None:
    desk.submit()
    with pytest.raises(Refused, match="not_found"):
        desk.portal.own_data.export(subject, SLUG, pin="TEST279110801" if subject is JEAN else "TEST185041201")


def test_j22_a_parent_gets_what_is_kept_of_a_child(desk: Desk) -> None:
    assert desk.portal.own_data.export(PARENT, SLUG, pin="C1")["applications"] == []


def test_j22_what_a_second_officer_has_not_approved_is_not_told(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(four_eyes=True)
    granted = desk.submit()
    ends: dict[str, Any] = {"reason": "fraud", "first_day": TODAY, "note": "We suspect forged pay slips."}
    for _ in range(2):
        desk.portal.office.revoke(ANNE, SLUG, granted.application_id, **ends)
        _is_not_told(desk)
        desk.portal.office.send_back(PAUL, SLUG, granted.application_id, reason="No forged slip is here.")
        _is_not_told(desk)
    desk.portal.office.revoke(ANNE, SLUG, granted.application_id, **ends)
    desk.portal.office.approve(PAUL, SLUG, granted.application_id)
    (told,) = desk.portal.own_data.export(JEAN, SLUG)["applications"]
    assert told["state"] == "withdrawn"
    assert [each["reason"] for each in told["history"] if each["what"] == "revoked"] == ["fraud"]


def _is_not_told(desk: Desk) -> None:
    told = str(desk.portal.own_data.export(JEAN, SLUG))
    assert not [each for each in ("fraud", "forged", "proposed", "returned") if each in told]


def test_j22_the_other_employers_of_an_agent_are_nobody_s_data_here(desk: Desk) -> None:
    agent = replace(CLAIRE, employers=frozenset({"TEST12345", "TEST23456"}))
    draft = desk.portal.start(agent, SLUG, Wish(employer_id="TEST12345"))
    desk.fill(agent, draft, employer_id={"employer_id": "TEST12345"})
    exported = desk.portal.own_data.export(JEAN, SLUG)
    (told,) = exported["applications"]
    assert told["known"]["employer"]["id"] == "TEST12345"
    assert "TEST23456" not in str(exported)


def test_j21_that_it_was_given_out_is_noted_without_the_person(desk: Desk) -> None:
    desk.portal.own_data.export(JEAN, SLUG)
    with desk.house.database.read() as connection:
        noted: list[Any] = [each for each in _events(connection) if each[0] == EventKind.PERSON_EXPORTED]
    assert len(noted) == 1
    assert "TEST185041201" not in str(noted)


def _events(connection: Any) -> list[Any]:
    return connection.exec_driver_sql(f"SELECT kind, subject_id, payload FROM {EVENTS.name}").all()
