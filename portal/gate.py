"""The gate: every act on an application asks first whether this subject may, and says no more than that."""

from sqlalchemy import Connection

from portadoc.access.actions import Action
from portadoc.access.decision import require
from portadoc.access.resources import Consent, Context, Resource, ResourceKind
from portadoc.access.subjects import Subject
from portadoc.errors import Refused
from portadoc.portal.applications.application import HEALTH, Application, Capacity
from portadoc.portal.deployment import Deployment
from portadoc.portal.store import application_store


class Gate:
    """Lets subjects at applications."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def context(self, *, purpose: str = "", consent: Consent | None = None) -> Context:
        """Return the circumstances of now."""
        return Context(now=self._deployment.clock.now(), purpose=purpose, consent=consent)

    def office(self, subject: Subject, slug: str, action: Action) -> None:
        """Let a subject at the office of an institution. Raises Refused[not_found], [access_denied]."""
        self._deployment.institution(slug)
        require(subject, action, Resource(ResourceKind.OFFICE, slug), self.context())

    def application(
        self, connection: Connection, subject: Subject, slug: str, application_id: str, action: Action
    ) -> Application:
        """Return an application that the subject may do this with.

        Raises Refused[not_found] for one that it may not know of (J02) as for one that does not exist,
        Refused[access_denied].
        """
        self._deployment.institution(slug)
        found = application_store.find_application(connection, slug, application_id)
        if found is None:
            raise Refused("not_found")
        self.require(subject, action, found)
        return found

    def require(self, subject: Subject, action: Action, application: Application) -> None:
        """Let a subject at an application. Raises Refused[not_found], [access_denied]."""
        require(subject, action, resource_of(application), self.context())


def resource_of(application: Application) -> Resource:
    """Return what the rules look at of an application."""
    by_employer = application.applicant.capacity is Capacity.EMPLOYER
    proposed = application.proposed
    return Resource(
        kind=ResourceKind.HEALTH if application.certificate_kind in HEALTH else ResourceKind.APPLICATION,
        institution=application.institution,
        applicant_employer=application.employer_id if by_employer else None,
        applicant_subject=application.applicant.subject_id,
        worker_pin=application.worker_pin,
        assigned_to=application.assigned_to,
        decided_by=None if proposed is None else str(proposed["decided_by"]),
        named_employer=application.employer_id,
        decided_by_pin=None if proposed is None else proposed.get("decided_by_pin"),
    )
