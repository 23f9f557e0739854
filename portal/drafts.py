"""Drafts: begun, filled in one answer at a time, with what registers and earlier requests know already."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from portadoc.access.actions import Action
from portadoc.access.reasons import Reason
from portadoc.access.subjects import Role, Subject
from portadoc.errors import Conflict, Refused
from portadoc.portal.applications.application import (
    Actor,
    Application,
    ApplicationState,
    Awaited,
    Capacity,
    CertificateKind,
    Party,
    RequestKind,
)
from portadoc.portal.applications.course import REPLACING
from portadoc.portal.applications.known import earlier_of, known_of
from portadoc.portal.applications.life_cycle import Act, after
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.questions.flows import (
    FLOWS,
    answers_that_apply,
    case_of,
    question,
    questions_for,
)
from portadoc.portal.questions.form import Known
from portadoc.portal.questions.reading import read_answer
from portadoc.portal.registers.extracts import works_for
from portadoc.portal.registers.register import plain_pin
from portadoc.portal.standing import chain_of
from portadoc.portal.store import application_store
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection

_REGISTERED: Final = frozenset({"worker_pin", "employer_id", "employer_number"})
"""Answers on which registers can say more."""
_CAPACITY_OF: Final[Mapping[Capacity, frozenset[Role]]] = {
    Capacity.EMPLOYER: frozenset({Role.EMPLOYER_AGENT, Role.INTEGRATOR}),
    Capacity.SELF_EMPLOYED: frozenset({Role.SELF_EMPLOYED}),
    Capacity.WORKER: frozenset({Role.WORKER}),
    Capacity.INSURED_PERSON: frozenset(),
}
"""Whose capacity it is to apply: nobody is self-employed by saying so. Cards are asked for elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to ask for. ``employer_id`` is needed by an agent of several employers only."""

    certificate_kind: CertificateKind = CertificateKind.A1
    request_kind: RequestKind = RequestKind.NEW
    capacity: Capacity = Capacity.EMPLOYER
    employer_id: str | None = None
    worker_pin: str | None = None
    predecessor: str | None = None
    language: str = "en"


class Drafts:
    """Begins applications and takes answers."""

    def __init__(self, deployment: Deployment, gate: Gate) -> None:
        self._deployment = deployment
        self._gate = gate

    def start(self, subject: Subject, slug: str, wish: Wish) -> Application:
        """Begin an application and return the draft.

        Raises Refused[not_found], [access_denied], [certificate_not_offered], [predecessor_needed];
        Conflict[application_state] for a predecessor that cannot be followed.
        """
        made = self.made(subject, slug, wish)
        with self._deployment.database.transaction() as connection:
            self.keep(connection, made)
        return made

    def made(self, subject: Subject, slug: str, wish: Wish) -> Application:
        """Return a draft that the subject may begin, with what is known, not kept yet. Raises as ``start``."""
        here, now = self._deployment, self._deployment.clock.now()
        institution = here.institution(slug)
        if wish.certificate_kind.value not in institution.certificates or wish.certificate_kind.value not in FLOWS:
            raise Refused("certificate_not_offered", kind=wish.certificate_kind.value)
        if not _CAPACITY_OF[wish.capacity] & subject.roles:
            raise Refused("access_denied", reason=Reason.ROLE.value, action=Action.START.value)
        before = self._predecessor(subject, slug, wish)
        own_pin = subject.pin if wish.capacity is not Capacity.EMPLOYER else wish.worker_pin
        draft = Application(
            application_id=here.new_id(),
            case_number="",
            institution=slug,
            request_kind=wish.request_kind,
            certificate_kind=wish.certificate_kind if before is None else before.certificate_kind,
            state=ApplicationState.DRAFT,
            applicant=Party(subject_id=subject.id, capacity=wish.capacity),
            employer_id=_employer_of(subject, wish, before),
            worker_pin=own_pin if before is None else before.worker_pin,
            created_at=now,
            version=0,
            language=wish.language,
            predecessor=wish.predecessor,
        )
        self._gate.require(subject, Action.START, draft)
        known = self._known_at_start(subject, draft, before)
        draft = replace(draft, known=known, answers=_answers_before(draft, before, institution.country))
        return after(draft, Act.STARTED, now=now, actor=Actor.APPLICANT, actor_id=subject.id)

    def keep(self, connection: Connection, made: Application) -> None:
        """Keep a draft that ``made`` gave."""
        application_store.insert_application(connection, made)
        self._deployment.tell(
            connection,
            EventKind.APPLICATION_STARTED,
            made.institution,
            made.application_id,
            request=made.request_kind.value,
            certificate=made.certificate_kind.value,
        )

    def answer(
        self, subject: Subject, slug: str, application_id: str, question_id: str, raw: Mapping[str, str]
    ) -> Application:
        """Take the answer to a question as a form sends it, and return the draft.

        Raises Refused[not_found] for a question that is not asked in this case, Malformed[answer_invalid],
        Conflict[application_state], [application_changed].
        """
        with self._deployment.database.read() as connection:
            current = self._gate.application(connection, subject, slug, application_id, Action.ANSWER)
        known = self.known(current)
        asked = question(question_id, current.answers, known)
        value = read_answer(asked, raw, case_of(current.answers, known))
        changed = self._answered(current, {question_id: value}, subject)
        with self._deployment.database.transaction() as connection:
            application_store.save_application(connection, changed, was=current)
            self._deployment.tell(
                connection, EventKind.APPLICATION_CHANGED, slug, application_id, state=changed.state.value
            )
        return changed

    def answered(self, draft: Application, answers: Mapping[str, Json], subject: Subject) -> Application:
        """Return a draft with many answers at once, as a machine gives them: each is read as a form's would be."""
        return self._answered(draft, answers, subject)

    def known(self, application: Application) -> Known:
        """Return what is known in an application."""
        own_state = self._deployment.institution(application.institution).country
        return known_of(application, own_state=own_state)

    def questions_left(self, application: Application) -> tuple[str, ...]:
        """Return the questions that give the facts which the decision misses."""
        if application.awaits is not Awaited.FACTS:
            return ()
        return questions_for(application.asked, application.answers, self.known(application))

    def _answered(self, current: Application, answers: Mapping[str, Json], subject: Subject) -> Application:
        given = {**current.answers, **answers}
        changed = after(
            current,
            Act.ANSWERED,
            now=self._deployment.clock.now(),
            actor=Actor.APPLICANT,
            actor_id=subject.id,
            details={"questions": sorted(answers)},
            answers=given,
        )
        if _REGISTERED & answers.keys():
            changed = self._looked_up(changed, subject)
        kept = answers_that_apply(changed.answers, self.known(changed))
        return replace(changed, answers=kept)

    def _looked_up(self, application: Application, subject: Subject) -> Application:
        """Return an application with what registers say of the worker and the employer that are named now.

        An employer may name only an employer that it may apply for, or the answer is refused.
        """
        employed = application.applicant.capacity is Capacity.EMPLOYER
        answers = application.answers
        named = answers.get("employer_id") if employed else answers.get("employer_number")
        changed = replace(
            application,
            employer_id=str(named) if named else application.employer_id,
            worker_pin=plain_pin(str(answers.get("worker_pin") or application.worker_pin or "")) or None,
        )
        self._gate.require(subject, Action.ANSWER, changed)
        extracts = self._extracts(changed)
        return replace(changed, known={**changed.known, **extracts})

    def _extracts(self, application: Application) -> JsonObject:
        """Return what registers say; of a worker who is not its own, an employer learns nothing by a number."""
        extracts = self._deployment.registers.known(
            application.institution, worker_pin=application.worker_pin, employer_id=application.employer_id
        )
        by_employer = application.applicant.capacity is Capacity.EMPLOYER
        if by_employer and not works_for(extracts["person"], application.employer_id):
            return {**extracts, "person": None}
        return extracts

    def _known_at_start(self, subject: Subject, draft: Application, before: Application | None) -> JsonObject:
        slug, own_state = draft.institution, self._deployment.institution(draft.institution).country
        by_person = draft.applicant.capacity is not Capacity.EMPLOYER
        known: JsonObject = {
            **_with_earlier(self._extracts(draft), before if draft.request_kind in REPLACING else None),
            "person_source": "sign_in" if by_person else "person_register",
            "choices": self._choices(slug, subject, draft),
        }
        if before is not None and draft.request_kind is RequestKind.WITHDRAWAL and before.valid_from is not None:
            last = None if before.valid_to is None else before.valid_to.isoformat()
            known["certificate_period"] = {"start": before.valid_from.isoformat(), "end": last}
        if before is not None and draft.request_kind is RequestKind.EXTENSION:
            with self._deployment.database.read() as connection:
                chain = chain_of(connection, before)
            known["earlier"] = earlier_of(chain, own_state=own_state)
        return known

    def _choices(self, slug: str, subject: Subject, draft: Application) -> JsonObject:
        """Return the employers among which an agent chooses, by number, with the names that the register has."""
        if draft.applicant.capacity is not Capacity.EMPLOYER:
            return {}
        theirs = sorted(subject.employers | {each.employer for each in subject.mandates})
        return {"employer_id": {each: self._name_of(slug, each) for each in theirs}}

    def _name_of(self, slug: str, employer_id: str) -> str:
        found = self._deployment.registers.known(slug, worker_pin=None, employer_id=employer_id)["employer"]
        return str((found or {}).get("name") or employer_id)

    def _predecessor(self, subject: Subject, slug: str, wish: Wish) -> Application | None:
        """Return the application that is followed. Raises Refused[not_found], Conflict[application_state]."""
        if wish.request_kind is RequestKind.NEW and wish.predecessor is None:
            return None
        if wish.predecessor is None:
            raise Refused("predecessor_needed")
        with self._deployment.database.read() as connection:
            found = self._gate.application(connection, subject, slug, wish.predecessor, Action.REPORT_CHANGE)
        if not found.is_in_force:
            raise Conflict("application_state", state=found.state.value, act=wish.request_kind.value)
        return found


def capacity_to_follow(subject: Subject, before: Application, request_kind: RequestKind) -> Capacity:
    """Return in which capacity somebody follows an application up: that of before, or the worker's own.

    A worker whose employer asked can say what is wrong or has changed; to extend or end it is the employer's.
    """
    capacity = before.applicant.capacity
    if capacity is not Capacity.EMPLOYER or request_kind not in REPLACING:
        return capacity
    acts_for_it = before.employer_id in subject.employers | {each.employer for each in subject.mandates}
    is_worker = Role.WORKER in subject.roles and subject.pin is not None and subject.pin == before.worker_pin
    return Capacity.WORKER if is_worker and not acts_for_it else capacity


def _employer_of(subject: Subject, wish: Wish, before: Application | None) -> str | None:
    """Return for which employer is applied: the one named, the one before, or the only one there is."""
    if wish.capacity is not Capacity.EMPLOYER:
        return wish.employer_id
    if before is not None:
        return before.employer_id
    theirs = subject.employers | {each.employer for each in subject.mandates}
    return wish.employer_id or (min(theirs) if theirs else None)


def _with_earlier(extracts: JsonObject, before: Application | None) -> JsonObject:
    """Return what registers say, and of what they do not know any more what they said at the time."""
    earlier: Mapping[str, Json] = {} if before is None else before.known
    return {name: earlier.get(name) if each is None else each for name, each in extracts.items()}


def _answers_before(draft: Application, before: Application | None, own_state: str) -> JsonObject:
    """Return the answers with which something that was wrong, or has changed, is begun: all can be changed."""
    if before is None or draft.request_kind not in REPLACING:
        return {}
    return answers_that_apply(before.answers, known_of(before, own_state=own_state))
