"""Messages: what nears is told to who asked, and an employer learns what its worker had to ask for instead of it.

The own space shows the same as long as it holds; the second channel brings each message once, where the registers
know a way to the person or the company. A message that could not be sent is sent in a later round.
"""

from datetime import date
from typing import Final

from portadoc.access.decision import reach
from portadoc.access.subjects import Subject
from portadoc.catalogue import text
from portadoc.errors import Unavailable
from portadoc.portal.applications.application import Application, ApplicationState, Capacity
from portadoc.portal.applications.course import REPLACING
from portadoc.portal.applications.timers import Reminder, ReminderKind, day_of
from portadoc.portal.deployment import Deployment
from portadoc.portal.registers.extracts import works_for
from portadoc.portal.settings import SECONDS_PER_DAY
from portadoc.portal.store import application_store, case_store
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection
from portadoc.web.pages.reader import Reader

WORKER_ASKED: Final = "worker_asked"
_TOLD_WITHIN_DAYS: Final = 7
_SHOWN_DAYS: Final = 365


class Notices:
    """Tells people, each thing once."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def remind(self, connection: Connection, application: Application, reminder: Reminder) -> bool:
        """Note a reminder and send it; False when that was done before.

        In the caller's transaction: what could not be sent is not noted. Raises
        Unavailable[second_channel_failed], [register_unavailable].
        """
        kind, on = reminder.kind.value, reminder.on
        if not self._noted(connection, application, kind, on):
            return False
        reader = Reader(application.language, "portal")
        case, day = application.case_number, reader.day(on)
        if reminder.kind is ReminderKind.CARD_EXPIRES:
            message = reader.say("notice.card_expires", case=case, day=day)
        else:
            message = reader.say("notice.sent", case=case, text=reader.say(f"reminder.{kind}", day=day))
        contact = self._contact(application)
        if contact is not None:
            self._deployment.second_channel.send(application.institution, contact, message)
        return True

    def tell_employers(self) -> int:
        """Tell each employer what a worker of its asked for in its place; return how many messages were sent.

        Only an employer for which the person register says that the worker works: nobody can make us write to
        others. Raises Unavailable[second_channel_failed], [register_unavailable] after all others were told.
        """
        here, sent, failed = self._deployment, 0, None
        since = here.clock.now() - _TOLD_WITHIN_DAYS * SECONDS_PER_DAY
        for slug in here.settings.by_slug:
            with here.database.read() as connection:
                asked = [
                    each
                    for each in application_store.asked_by_workers(connection, slug, since=since)
                    if not case_store.was_reminded(connection, slug, each.application_id, kind=WORKER_ASKED)
                ]
            for each in asked:
                try:
                    sent += self._tell_employer(each)
                except Unavailable as error:
                    failed = error
        if failed is not None:
            raise failed
        return sent

    def of_workers(self, subject: Subject, slug: str) -> tuple[tuple[str, str], ...]:
        """Return name and case number of what workers asked for, for the space of their employer."""
        here = self._deployment
        theirs = reach(subject, now=here.clock.now()).employers
        if not theirs:
            return ()
        since = here.clock.now() - _SHOWN_DAYS * SECONDS_PER_DAY
        with here.database.read() as connection:
            asked = application_store.asked_by_workers(connection, slug, since=since, employers=theirs)
        told = []
        for each in asked:
            person = self._person(each)
            if each.state is not ApplicationState.WITHDRAWN and works_for(person, each.employer_id):
                told.append((_name(person or {}), each.case_number))
        return tuple(told)

    def _tell_employer(self, application: Application) -> bool:
        here, slug = self._deployment, application.institution
        known = here.registers.known(slug, worker_pin=application.worker_pin, employer_id=application.employer_id)
        contact = (known["employer"] or {}).get("email")
        if contact is None or not works_for(known["person"], application.employer_id):
            return False
        message = text(
            "notice.worker_changed" if application.request_kind in REPLACING else "notice.worker_asked",
            application.language,
            "portal",
            name=_name(known["person"]),
            case=application.case_number,
        )
        with here.database.transaction() as connection:
            opened = day_of(application.opened_at or application.created_at)
            if not self._noted(connection, application, WORKER_ASKED, opened):
                return False
            here.second_channel.send(slug, str(contact), message)
        return True

    def _noted(self, connection: Connection, application: Application, kind: str, about: date) -> bool:
        """Note and tell that a message goes out, without what it says; False when it went out before."""
        here, slug = self._deployment, application.institution
        news = case_store.note_reminder(
            connection,
            slug,
            application.application_id,
            kind=kind,
            about=about.isoformat(),
            now=here.clock.now(),
        )
        if news:
            here.tell(connection, EventKind.REMINDER_SENT, slug, application.application_id, reminder=kind)
        return news

    def _contact(self, application: Application) -> str | None:
        """Return the way to who asked: the company as its register knows it, or the person."""
        by_employer = application.applicant.capacity is Capacity.EMPLOYER
        known = self._deployment.registers.known(
            application.institution,
            worker_pin=None if by_employer else application.worker_pin,
            employer_id=application.employer_id if by_employer else None,
        )
        found = (known["employer"] or {}).get("email") if by_employer else (known["person"] or {}).get("contact")
        return None if found is None else str(found)

    def _person(self, application: Application) -> JsonObject | None:
        known = self._deployment.registers.known(
            application.institution, worker_pin=application.worker_pin, employer_id=None
        )
        person: JsonObject | None = known["person"]
        return person


def _name(person: JsonObject) -> str:
    return f"{person.get('given_name', '')} {person.get('family_name', '')}".strip()
