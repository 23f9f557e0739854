"""Everything that an institution's portal keeps of a person, for that person. Spec: GDPR art. 15, 20."""

from dataclasses import asdict
from datetime import date
from typing import Any, Final

from portadoc.access import Action, Resource, ResourceKind, Subject, require
from portadoc.days import kept_day
from portadoc.errors import Refused
from portadoc.portal.applications.application import Application
from portadoc.portal.applications.life_cycle import Act
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.store import (
    application_store,
    attachment_store,
    case_store,
    handover_store,
    health_store,
    news_store,
)
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection

FORMAT: Final = "portadoc-own-data/1"
_OURS: Final = frozenset(
    {"version", "step", "step_due_at", "step_tries", "proposed", "assigned_to", "history", "seal_code"}
)
"""How we work on a case, and what no decision came of yet. What opens a sealed paper stands on the paper alone."""
_NOT_DECIDED: Final = frozenset({Act.PROPOSED.value, Act.RETURNED.value})
"""Acts between officers: what they propose binds nobody, and what is approved has an entry of its own."""
_OF_OTHERS: Final = "choices"
"""What is known in a case and concerns its applicant alone: for which employers an agent may apply."""


class OwnData:
    """Gives people what is kept of them."""

    def __init__(self, deployment: Deployment, gate: Gate) -> None:
        self._deployment = deployment
        self._gate = gate

    def export(self, subject: Subject, slug: str, *, pin: str | None = None) -> JsonObject:
        """Return what is kept of the subject, or of a child for whom the subject acts.

        Every answer, fact and decision, whoever asked; officers are not named, what they only propose is not told,
        and no other employers of an agent are. That it was given out is noted,
        or it is not given. Raises Refused[not_found] for anybody else's (J22).
        """
        here = self._deployment
        here.institution(slug)
        whose = pin or subject.pin
        if whose is None:
            raise Refused("not_found")
        require(
            subject,
            Action.EXPORT_PERSON,
            Resource(ResourceKind.PERSON, slug, worker_pin=whose),
            self._gate.context(),
        )
        registered = here.registers.known(slug, worker_pin=whose, employer_id=None)["person"]
        with here.database.transaction() as connection:
            found = application_store.about_person(connection, slug, whose)
            exported = [self._whole(connection, each) for each in found]
            asked_by_others = _asked_by_others(
                connection, slug, whose, born=kept_day((registered or {}).get("birth_date"))
            )
            here.tell(connection, EventKind.PERSON_EXPORTED, slug, subject.id, applications=len(exported))
        return {
            "format": FORMAT,
            "institution": here.institution(slug).institution_id,
            "at": here.clock.now(),
            "person": whose,
            "register": registered,
            "applications": exported,
            **asked_by_others,
        }

    def _whole(self, connection: Connection, listed: Application) -> JsonObject:
        slug, application_id = listed.institution, listed.application_id
        found = application_store.find_application(connection, slug, application_id) or listed
        told = {name: _plain(getattr(found, name)) for name in found.__slots__ if name not in _OURS}
        return {
            **told,
            "known": {name: _plain(each) for name, each in found.known.items() if name != _OF_OTHERS},
            "applicant": {"capacity": found.applicant.capacity.value},
            "history": [
                {"at": each.at, "what": each.what, "by": each.actor.value, "reason": each.reason}
                for each in found.history
                if each.what not in _NOT_DECIDED
            ],
            "decisions": [
                {"at": each.at, "automated": each.automated, "facts": each.facts, "decision": each.decision}
                for each in case_store.decisions_of(connection, slug, application_id)
            ],
            "attachments": [
                {"name": each.name, "added_at": each.added_at, "sha256": each.sha256}
                for each in attachment_store.attachments_of(connection, slug, application_id)
            ],
            "offers": [
                {"for": each.for_whom.value, "made_at": each.made_at, "expires_at": each.expires_at}
                for each in handover_store.offers_of(connection, slug, application_id)
            ],
        }


def _asked_by_others(connection: Connection, slug: str, pin: str, *, born: date | None) -> JsonObject:
    """Return the consents that the person gave to care providers, who asked about the person, and who was told."""
    return {
        "consents": [
            {
                "state": each.state.value,
                "made_at": each.made_at,
                "expires_at": each.expires_at,
                "given_to": each.given_name,
                "reason": each.reason,
            }
            for each in health_store.consents_of(connection, slug, (pin,))
        ],
        "asked_by": [
            {"at": each.at, "name": each.asked_name, "outcome": each.outcome}
            for each in health_store.asked_about(connection, slug, (pin,))
        ],
        "news": [
            {"at": each.at, "what": each.verb, "number": each.number, "for": each.party}
            for each in (() if born is None else news_store.news_about(connection, slug, pin, born))
        ],
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if hasattr(value, "items"):
        return {str(name): _plain(each) for name, each in value.items()}
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return asdict(value)
