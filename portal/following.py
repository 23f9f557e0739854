"""What applicants follow: their requests, where each stands, how long it will take, what comes next."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from portadoc.access.actions import Action
from portadoc.access.decision import Permit, decide, reach
from portadoc.access.subjects import Subject
from portadoc.errors import Unavailable
from portadoc.portal.applications.application import (
    Application,
    ApplicationState,
    Awaited,
    Capacity,
    CertificateKind,
    Party,
    RequestKind,
)
from portadoc.portal.applications.course import is_disputed
from portadoc.portal.applications.timers import (
    Expected,
    Reminder,
    ReminderKind,
    expected,
    posting_limit,
    reminders,
)
from portadoc.portal.deployment import Deployment
from portadoc.portal.drafts import Drafts
from portadoc.portal.gate import Gate, resource_of
from portadoc.portal.people.notices import Notices
from portadoc.portal.settings import SECONDS_PER_DAY
from portadoc.portal.store import application_store
from portadoc.storage import Connection

_PENDING: Final = frozenset({ApplicationState.IN_REVIEW, ApplicationState.AWAITING_OTHER_STATE})
_POSTED: Final = frozenset({"12(1)", "12(2)"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """Where an application stands, for the page of the applicant.

    ``expected`` is how long cases of this kind took, None where nobody waits. ``next_step`` is a text key below
    ``next.``; ``questions`` are those that the missing facts come from.
    """

    application: Application = field(repr=False)
    institution_name: str
    expected: Expected | None
    next_step: str
    questions: tuple[str, ...]
    reminders: tuple[Reminder, ...]
    follow_ups: tuple[Application, ...] = field(repr=False)
    expired: bool


class Following:
    """Shows applications to those who may see them."""

    def __init__(self, deployment: Deployment, gate: Gate, drafts: Drafts, notices: Notices) -> None:
        self._deployment = deployment
        self._gate = gate
        self._drafts = drafts
        self._notices = notices

    def application(self, subject: Subject, slug: str, application_id: str) -> Application:
        """Return an application with its history. Raises Refused[not_found] (J02)."""
        with self._deployment.database.read() as connection:
            return self._gate.application(connection, subject, slug, application_id, Action.VIEW)

    def applications(self, subject: Subject, slug: str) -> tuple[Application, ...]:
        """Return the applications that a subject may see, the newest first, without histories."""
        self._deployment.institution(slug)
        context = self._gate.context()
        theirs = reach(subject, now=context.now)
        with self._deployment.database.read() as connection:
            found = application_store.applications_of(
                connection, slug, subject_id=theirs.subject_id, employers=theirs.employers, pins=theirs.pins
            )
        return tuple(
            each for each in found if isinstance(decide(subject, Action.VIEW, resource_of(each), context), Permit)
        )

    def begun(
        self, subject: Subject, before: Application, request_kind: RequestKind, capacity: Capacity
    ) -> Application | None:
        """Return the draft that the subject has begun already of a kind of follow-up, None where there is none."""
        if not before.is_in_force:
            return None
        slug = before.institution
        with self._deployment.database.read() as connection:
            for each in application_store.successors_of(connection, slug, before.application_id):
                own = each.applicant == Party(subject_id=subject.id, capacity=capacity)
                if own and each.state is ApplicationState.DRAFT and each.request_kind is request_kind:
                    return self._gate.application(connection, subject, slug, each.application_id, Action.ANSWER)
        return None

    def view(self, subject: Subject, slug: str, application_id: str) -> StatusView:
        """Return where an application stands. Raises Refused[not_found] (J02)."""
        here = self._deployment
        context = self._gate.context()
        with here.database.read() as connection:
            found = self._gate.application(connection, subject, slug, application_id, Action.VIEW)
            took = self.expected(connection, found) if found.state in _PENDING else None
            after_it = tuple(
                each
                for each in application_store.successors_of(connection, slug, application_id)
                if isinstance(decide(subject, Action.VIEW, resource_of(each), context), Permit)
            )
        return StatusView(
            application=found,
            institution_name=here.name(slug),
            expected=took,
            next_step=next_step(found),
            questions=self._drafts.questions_left(found),
            reminders=self.reminders(found),
            follow_ups=after_it,
            expired=found.expired(here.today()),
        )

    def expected(self, connection: Connection, application: Application) -> Expected:
        """Return how long closed cases of the same kind took that an officer decided, by live figures."""
        here = self._deployment
        since = here.clock.now() - here.settings.delay_window_days * SECONDS_PER_DAY
        took = application_store.durations(
            connection,
            application.institution,
            certificate_kind=application.certificate_kind,
            request_kind=application.request_kind,
            automated=False,
            decided_after=since,
        )
        return expected(took)

    def reminders(self, application: Application) -> tuple[Reminder, ...]:
        """Return what nears: the end of the certificate, and 24 months of posting over the whole chain."""
        if not application.has_certificate:
            return ()
        here = self._deployment
        near = reminders(
            valid_to=None if application.certificate_kind is CertificateKind.PRC else application.valid_to,
            limit_on=_limit_of(application),
            today=here.today(),
            expiry_days=here.settings.expiry_reminder_days,
            limit_days=here.settings.limit_reminder_days,
        )
        is_card = application.certificate_kind is CertificateKind.EHIC
        return tuple(replace(each, kind=ReminderKind.CARD_EXPIRES) for each in near) if is_card else near

    def remind(self) -> int:
        """Send every reminder that is due, each once, of all institutions; return how many were.

        The status page shows the same. Raises Unavailable[second_channel_failed], [register_unavailable] after all
        others were sent; what was not sent is due again.
        """
        here, sent, today, failed = self._deployment, 0, self._deployment.today(), None
        ahead = timedelta(days=max(here.settings.expiry_reminder_days, here.settings.limit_reminder_days))
        for slug in here.settings.by_slug:
            with here.database.read() as connection:
                standing = application_store.ending_between(connection, slug, first=today, last=today + ahead)
            due = [(each, reminder) for each in standing for reminder in self.reminders(each)]
            for each, reminder in due:
                try:
                    with here.database.transaction() as connection:
                        sent += self._notices.remind(connection, each, reminder)
                except Unavailable as error:
                    failed = error
        if failed is not None:
            raise failed
        return sent


def next_step(application: Application) -> str:
    """Return what comes next and who does it, as a text key below ``next.``."""
    if application.step is not None and application.is_open:
        return "being_decided"
    match application.state:
        case ApplicationState.DRAFT:
            return "submit"
        case ApplicationState.WAITING_FOR_ANSWERS if application.awaits is Awaited.EXCEPTION_WISH:
            return "say_exception"
        case ApplicationState.WAITING_FOR_ANSWERS:
            return "answer"
        case ApplicationState.IN_REVIEW:
            return "approve" if application.proposed is not None else "officer"
        case ApplicationState.AWAITING_OTHER_STATE:
            return "other_state"
        case ApplicationState.REFUSED:
            return "appeal" if application.final else "contest"
        case ApplicationState.GRANTED | ApplicationState.PROVISIONAL:
            return _of_granted(application)
        case _:
            return "nothing"


def _of_granted(application: Application) -> str:
    if application.certificate_kind in (CertificateKind.EHIC, CertificateKind.PRC):
        return "collect"
    if application.request_kind is RequestKind.WITHDRAWAL:
        return "nothing"
    if is_disputed(application):
        return "objection"
    return "collect" if application.has_certificate else "other_state_issues"


def _limit_of(application: Application) -> date | None:
    """Return the last day of 24 months of posting, counted from the first day of the chain."""
    decision, facts = application.decision or {}, application.facts or {}
    if str(decision.get("article")) not in _POSTED or application.valid_from is None:
        return None
    firsts = [
        each["start"]
        for each in facts.get("previous_postings") or ()
        if each.get("relation") == "extension_of_same_posting"
    ]
    first = min([*firsts, application.valid_from.isoformat()])
    return posting_limit(date.fromisoformat(first))
