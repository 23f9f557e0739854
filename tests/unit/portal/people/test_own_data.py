"""J22: what is kept of a person goes to that person, and to nobody else."""

from typing import Any

import pytest

from portadoc.access import Role, Subject, SubjectKind
from portadoc.errors import Refused
from portadoc.schemas.events import EventKind
from portadoc.storage.outbox import EVENTS
from tests.unit.portal.core.conftest import ANNE, CLAIRE, IVAN, JEAN, SLUG, Desk, as_worker

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


def test_j21_that_it_was_given_out_is_noted_without_the_person(desk: Desk) -> None:
    desk.portal.own_data.export(JEAN, SLUG)
    with desk.house.database.read() as connection:
        noted: list[Any] = [each for each in _events(connection) if each[0] == EventKind.PERSON_EXPORTED]
    assert len(noted) == 1
    assert "TEST185041201" not in str(noted)


def _events(connection: Any) -> list[Any]:
    return connection.exec_driver_sql(f"SELECT kind, subject_id, payload FROM {EVENTS.name}").all()
