"""Auditing: what happened in a case and when, to who says why, without a word about a person.

Names, reasons and identifiers stay out; officers stand as letters, so that two persons are seen to be two. That
somebody looked is written down with the purpose before anything is shown (J21).
"""

from dataclasses import dataclass
from enum import StrEnum

from portadoc.access.actions import Action
from portadoc.access.decision import require
from portadoc.access.resources import Resource, ResourceKind
from portadoc.access.subjects import Subject
from portadoc.errors import Refused
from portadoc.portal.applications.application import Actor, Application
from portadoc.portal.applications.numbers import read_case_number
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate, resource_of
from portadoc.portal.store import application_store, office_store
from portadoc.schemas.events import EventKind


class Purpose(StrEnum):
    """Why somebody looks into a case; a text key below ``office.audit.purpose.``."""

    COMPLAINT = "complaint"
    SAMPLE = "sample"
    DATA_PROTECTION = "data_protection"
    COURT = "court"


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One thing that happened. ``officer`` is a letter, the same one for the same officer; empty for others."""

    at: int
    what: str
    actor: Actor
    officer: str
    state: str


class AuditDesk:
    """Shows histories to auditors."""

    def __init__(self, deployment: Deployment, gate: Gate) -> None:
        self._deployment = deployment
        self._gate = gate

    def admit(self, subject: Subject, slug: str) -> None:
        """Let in who may see histories here when it is said why. Raises Refused[not_found], [access_denied]."""
        self._deployment.institution(slug)
        about, context = Resource(ResourceKind.APPLICATION, slug), self._gate.context(purpose=Purpose.SAMPLE.value)
        require(subject, Action.VIEW_HISTORY, about, context)

    def history(self, subject: Subject, slug: str, case_number: str, purpose: Purpose) -> tuple[AuditLine, ...]:
        """Return what happened in a case, however its number was typed.

        Raises Refused[not_found], [access_denied], Malformed[case_number_invalid].
        """
        here = self._deployment
        self.admit(subject, slug)
        number = read_case_number(case_number)
        with here.database.transaction() as connection:
            application_id = office_store.find_by_number(connection, slug, number)
            found = application_store.find_application(connection, slug, application_id or "")
            if found is None:
                raise Refused("not_found")
            context = self._gate.context(purpose=purpose.value)
            require(subject, Action.VIEW_HISTORY, resource_of(found), context)
            here.tell(
                connection,
                EventKind.CASE_AUDITED,
                slug,
                found.application_id,
                auditor=subject.id,
                purpose=purpose.value,
            )
        return audit_lines(found)


def audit_lines(application: Application) -> tuple[AuditLine, ...]:
    """Return the history of a case without anything about a person."""
    officers = dict.fromkeys(each.actor_id for each in application.history if each.actor is Actor.OFFICER)
    letters = {each: _letter(index) for index, each in enumerate(officers)}
    return tuple(
        AuditLine(each.at, each.what, each.actor, letters.get(each.actor_id, ""), each.state.value)
        for each in application.history
    )


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else str(index + 1)
