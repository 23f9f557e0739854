"""The office: cases by urgency, risk and age, decided by a person with a reason, by two where configured so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from portadoc.access.actions import Action
from portadoc.access.decision import Permit, decide
from portadoc.access.subjects import Subject
from portadoc.errors import Conflict, Malformed, Refused, Unavailable
from portadoc.portal.applications.application import (
    Actor,
    Application,
    ApplicationState,
    Awaited,
    RequestKind,
)
from portadoc.portal.applications.course import TELL_OTHER_STATE, is_busy, with_next_step
from portadoc.portal.applications.known import known_of
from portadoc.portal.applications.life_cycle import Act, after
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate, resource_of
from portadoc.portal.keeping import Keeping
from portadoc.portal.officers.departures import Departure, departures
from portadoc.portal.officers.endings import APPROVE_ENDING, Endings
from portadoc.portal.officers.verdicts import (
    Verdict,
    VerdictOutcome,
    consequence_of,
    decision_of,
    require_reason,
    require_whole,
    verdict_from_json,
    verdict_to_json,
)
from portadoc.portal.officers.work import TELLING, TaskItem, WorkItem, in_order, work_item
from portadoc.portal.questions.flows import entries
from portadoc.portal.questions.form import Known, Question
from portadoc.portal.steps.running import Running
from portadoc.portal.store import application_store, case_store, office_store
from portadoc.portal.store.case_store import Decided, Task
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection

_TO_DECIDE: Final = frozenset({ApplicationState.IN_REVIEW, ApplicationState.AWAITING_OTHER_STATE})
_ACTS: Final = (Action.ASSIGN, Action.ASK_APPLICANT, Action.DECIDE, Action.APPROVE, Action.REVOKE)
_LONGEST_QUESTION: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """Everything that an officer decides by.

    ``engine`` is what the rules found last, None where they never looked; ``register`` what registers say today,
    None where they cannot be reached. ``earlier`` are the other cases about the same person here. ``may`` holds
    what the reader may do, whatever the state; ``departs`` where what waits is not what the rules found;
    ``busy`` where nobody can act on it now.
    """

    application: Application = field(repr=False)
    decisions: tuple[Decided, ...] = field(repr=False)
    four_eyes: bool
    engine: Decided | None = field(repr=False)
    register: Known | None = field(repr=False)
    earlier: tuple[Application, ...] = field(repr=False)
    may: frozenset[Action]
    departs: tuple[Departure, ...]
    busy: bool


class Office:
    """What officers do."""

    def __init__(self, deployment: Deployment, gate: Gate, running: Running) -> None:
        self._deployment = deployment
        self._gate = gate
        self._keeping = Keeping(deployment)
        self._running = running
        self.endings = Endings(deployment, gate, running)

    def work_list(self, subject: Subject, slug: str) -> tuple[WorkItem, ...]:
        """Return what a person has to decide: urgent cases first, then by risk, then what waits longest.

        Raises Refused[not_found], [access_denied].
        """
        here = self._deployment
        self._gate.office(subject, slug, Action.VIEW_WORK_LIST)
        with here.database.read() as connection:
            found = [*application_store.applications_in(connection, slug, _TO_DECIDE)]
            found += self._endings_to_approve(connection, slug)
        now = here.clock.now()
        waiting = [each for each in self._shown(subject, found) if not is_busy(each, now=now)]
        return tuple(in_order(self._items(slug, waiting))[: here.settings.work_list_size])

    def unconfirmed(self, subject: Subject, slug: str) -> tuple[WorkItem, ...]:
        """Return the automatic refusals that nobody has contested or confirmed yet. Raises as ``work_list``."""
        return tuple(in_order(self._items(slug, self.refusals(subject, slug))))

    def refusals(self, subject: Subject, slug: str) -> tuple[Application, ...]:
        """Return the automatic refusals that nobody has contested or confirmed yet."""
        self._gate.office(subject, slug, Action.VIEW_WORK_LIST)
        with self._deployment.database.read() as connection:
            found = application_store.applications_in(connection, slug, (ApplicationState.REFUSED,))
        return tuple(each for each in self._shown(subject, found) if not each.final)

    def _shown(self, subject: Subject, found: Sequence[Application]) -> list[Application]:
        """Return those that an officer may read: nobody's own case is among them."""
        context, action = self._gate.context(), Action.VIEW_EXPLANATION
        return [each for each in found if isinstance(decide(subject, action, resource_of(each), context), Permit)]

    def _items(self, slug: str, found: Sequence[Application]) -> list[WorkItem]:
        now, ids = self._deployment.clock.now(), [each.application_id for each in found]
        with self._deployment.database.read() as connection:
            happened = office_store.history_in(connection, slug, ids, TELLING)
        return [work_item(each, happened.get(each.application_id, ()), now=now) for each in found]

    def _endings_to_approve(self, connection: Connection, slug: str) -> list[Application]:
        """Return the certificates that stand and that one officer wants to end."""
        ids = [
            each.application_id for each in case_store.open_tasks(connection, slug) if each.kind == APPROVE_ENDING
        ]
        found = [application_store.find_application(connection, slug, each) for each in dict.fromkeys(ids)]
        return [each for each in found if each is not None and each.is_in_force and each.proposed is not None]

    def case_file(self, subject: Subject, slug: str, application_id: str) -> CaseFile:
        """Return a case with its history and every decision. Raises Refused[not_found], [access_denied]."""
        here = self._deployment
        with here.database.read() as connection:
            found = self._gate.application(connection, subject, slug, application_id, Action.VIEW_EXPLANATION)
            decisions = case_store.decisions_of(connection, slug, application_id)
            earlier = self._earlier(connection, subject, found)
        resource, context = resource_of(found), self._gate.context()
        engine = engine_of(decisions)
        return CaseFile(
            application=found,
            decisions=decisions,
            four_eyes=here.institution(slug).four_eyes,
            engine=engine,
            register=self._register(found),
            earlier=earlier,
            may=frozenset(each for each in _ACTS if isinstance(decide(subject, each, resource, context), Permit)),
            departs=self._departs(found, engine),
            busy=is_busy(found, now=here.clock.now()),
        )

    def _earlier(
        self, connection: Connection, subject: Subject, application: Application
    ) -> tuple[Application, ...]:
        """Return the other cases about the same person at this institution that the officer may see."""
        if application.worker_pin is None:
            return ()
        found = application_store.applications_of(
            connection, application.institution, subject_id="", employers=(), pins=(application.worker_pin,)
        )
        return tuple(
            each
            for each in self._shown(subject, found)
            if each.application_id != application.application_id and each.submitted_at is not None
        )

    def _register(self, application: Application) -> Known | None:
        """Return what registers say today, also what the applicant was not shown."""
        here = self._deployment
        try:
            extracts = here.registers.known(
                application.institution, worker_pin=application.worker_pin, employer_id=application.employer_id
            )
        except Unavailable:
            return None
        own_state = here.institution(application.institution).country
        return known_of(replace(application, known={**application.known, **extracts}), own_state=own_state)

    def _departs(self, application: Application, engine: Decided | None) -> tuple[Departure, ...]:
        proposed = application.proposed
        if proposed is None or proposed.get("what") is not None:
            return ()
        own_state = self._deployment.institution(application.institution).country
        found = None if engine is None else engine.decision
        return departures(verdict_from_json(proposed), found, own_state=own_state)

    def assign(self, subject: Subject, slug: str, application_id: str, *, to: str) -> Application:
        """Give a case to an officer. Raises Refused[not_found], [access_denied], Conflict[application_state]."""
        return self._act(subject, slug, application_id, Action.ASSIGN, Act.ASSIGNED, assigned_to=to or None)

    def ask_applicant(
        self, subject: Subject, slug: str, application_id: str, *, question: str, questions: Collection[str] = ()
    ) -> Application:
        """Ask the applicant something in words; the case waits for an answer.

        ``questions`` names those of the form that are to be answered again. Raises as ``assign``;
        Malformed[reason_missing], [choice_unknown] for a question that is not asked in this case.
        """
        if not question.strip() or len(question) > _LONGEST_QUESTION:
            raise Malformed("reason_missing", limit=_LONGEST_QUESTION)
        askable = self.askable(self.case_file(subject, slug, application_id).application)
        if set(questions) - askable.keys():
            raise Malformed("choice_unknown")
        pointers = tuple(dict.fromkeys(pointer for each in questions for pointer in askable[each].pointers))
        said: dict[str, Any] = {"awaits": Awaited.FACTS, "asked": pointers, "proposed": None}
        return self._act(subject, slug, application_id, Action.ASK_APPLICANT, Act.ASKED, reason=question, **said)

    def askable(self, application: Application) -> dict[str, Question]:
        """Return the questions that the applicant of a case that the caller was given can answer again."""
        own_state = self._deployment.institution(application.institution).country
        reached = entries(application.answers, known_of(application, own_state=own_state))
        return {
            each.question.id: each.question for each in reached if each.told is None and each.question.pointers
        }

    def departures(self, case: CaseFile, verdict: Verdict) -> tuple[Departure, ...]:
        """Return where a verdict is not what the rules found in a case that the caller was given."""
        own_state = self._deployment.institution(case.application.institution).country
        return departures(verdict, None if case.engine is None else case.engine.decision, own_state=own_state)

    def decide(
        self, subject: Subject, slug: str, application_id: str, verdict: Verdict, *, version: int | None = None
    ) -> Application:
        """Decide a case, or propose a decision where a second officer has to approve.

        ``version`` is that of the case as it was looked at. Raises Refused[not_found], [access_denied],
        [verdict_incomplete], [article_unfit]; Malformed[reason_missing]; Conflict[application_state],
        [application_busy], [application_changed].
        """
        here = self._deployment
        current = self._case(subject, slug, application_id, Action.DECIDE)
        if version not in (None, current.version):
            raise Conflict("application_changed")
        require_whole(verdict, current, own_state=here.institution(slug).country)
        if here.institution(slug).four_eyes:
            kept = {**verdict_to_json(verdict), "decided_by": subject.id, "decided_by_pin": subject.pin}
            seen = current.version
            return self._act(subject, slug, application_id, Action.DECIDE, Act.PROPOSED, seen=seen, proposed=kept)
        return self._carry_out(current, verdict, subject)

    def approve(
        self, subject: Subject, slug: str, application_id: str, *, version: int | None = None
    ) -> Application:
        """Approve what another officer decided, and carry it out; ``version`` is that of the case as it was seen.

        Raises as ``decide``: Refused[access_denied] for who decided it, Conflict[nothing_proposed],
        [application_changed].
        """
        with self._deployment.database.read() as connection:
            current = self._gate.application(connection, subject, slug, application_id, Action.APPROVE)
        if current.proposed is None:
            raise Conflict("nothing_proposed")
        if version is not None and version != current.version:
            raise Conflict("application_changed")
        if current.proposed.get("what") is not None:
            return self.endings.carry_out(subject, current)
        self._require_open(current, Action.APPROVE)
        return self._carry_out(current, verdict_from_json(current.proposed), subject)

    def send_back(self, subject: Subject, slug: str, application_id: str, *, reason: str) -> Application:
        """Do not approve what another officer decided, and say why. Raises as ``approve``."""
        require_reason(reason)
        return self._act(subject, slug, application_id, Action.APPROVE, Act.RETURNED, reason=reason, proposed=None)

    def confirm_refusal(self, subject: Subject, slug: str, application_id: str, *, reason: str) -> Application:
        """Make an automatic refusal that nobody contested final. Raises as ``Endings.confirm_refusal``."""
        return self.endings.confirm_refusal(subject, slug, application_id, reason=reason)

    def revoke(
        self, subject: Subject, slug: str, application_id: str, *, reason: str, first_day: date, note: str = ""
    ) -> Application:
        """Withdraw a certificate from a day on. Raises as ``Endings.revoke``."""
        return self.endings.revoke(subject, slug, application_id, cause=reason, first_day=first_day, note=note)

    def tasks(self, subject: Subject, slug: str) -> tuple[Task, ...]:
        """Return what decisions left to be done. Raises Refused[not_found], [access_denied]."""
        self._gate.office(subject, slug, Action.VIEW_WORK_LIST)
        with self._deployment.database.read() as connection:
            return case_store.open_tasks(connection, slug)

    def task_items(self, subject: Subject, slug: str) -> tuple[TaskItem, ...]:
        """Return what decisions left to be done, with case numbers. Raises as ``tasks``."""
        found = [each for each in self.tasks(subject, slug) if each.kind != APPROVE_ENDING]
        with self._deployment.database.read() as connection:
            numbers = office_store.case_numbers(connection, slug, {each.application_id for each in found})
        return tuple(TaskItem(task=each, case_number=numbers.get(each.application_id, "")) for each in found)

    def finish(self, subject: Subject, slug: str, task_id: str) -> None:
        """Note that a task is done; once more changes nothing.

        Raises Refused[not_found], [access_denied]; Conflict[application_changed].
        """
        here = self._deployment
        with here.database.transaction() as connection:
            task = case_store.find_task(connection, slug, task_id)
            if task is None:
                self._gate.office(subject, slug, Action.VIEW_WORK_LIST)
                raise Refused("not_found")
            current = self._gate.application(connection, subject, slug, task.application_id, Action.DECIDE)
            if case_store.finish_task(connection, slug, task_id, done_by=subject.id, now=here.clock.now()):
                here.tell(connection, EventKind.TASK_DONE, slug, task.application_id, task=task.kind)
                if task.kind == TELL_OTHER_STATE:
                    self.endings.told(connection, subject, current)

    def _carry_out(self, current: Application, verdict: Verdict, subject: Subject) -> Application:
        here = self._deployment
        own_state = here.institution(current.institution).country
        said: dict[str, Any] = {"actor_id": subject.id, "reason": verdict.reason}
        if verdict.outcome is VerdictOutcome.ASK_OTHER_STATE:
            return self._passed_on(current, Act.SENT_TO_OTHER_STATE, verdict, subject)
        if verdict.outcome is VerdictOutcome.FORWARD:
            return self._passed_on(current, Act.FORWARDED, verdict, subject)
        if current.request_kind is RequestKind.WITHDRAWAL and verdict.outcome is VerdictOutcome.GRANT:
            old = self._keeping.before(current)
            if old is None:
                raise Conflict("certificate_missing")
            asked = (current.answers.get("withdrawal") or {}).get("effective_from")
            first_day = verdict.validity_start or (date.fromisoformat(asked) if asked else here.today())
            return self._running.end_certificate(current, old, first_day=first_day, **said)
        kind = verdict.certificate_kind or current.certificate_kind
        decided_kind = replace(current, certificate_kind=kind)
        with here.database.read() as connection:
            engine = engine_of(case_store.decisions_of(connection, current.institution, current.application_id))
        found = None if engine is None else engine.decision
        departs = tuple(each.what for each in departures(verdict, found, own_state=own_state))
        decision = decision_of(verdict, decided_kind, own_state=own_state, departs=departs)
        decided = self._running.record_decision(
            decided_kind, decision, consequence_of(verdict), automated=False, **said
        )
        return self._running.run(decided)

    def _passed_on(self, current: Application, act: Act, verdict: Verdict, subject: Subject) -> Application:
        here, now = self._deployment, self._deployment.clock.now()
        passed = after(
            current,
            act,
            now=now,
            actor=Actor.OFFICER,
            actor_id=subject.id,
            reason=verdict.reason,
            details={"state": verdict.other_state},
            proposed=None,
            automated=False,
        )
        if act is Act.FORWARDED:
            passed = with_next_step(replace(passed, decided_at=now, final=True), now=now)
        with here.database.transaction() as connection:
            self._keeping.leave_task(connection, current, act.value, str(verdict.other_state))
            self._keeping.save(connection, passed, was=current)
        return self._running.run(passed)

    def _case(self, subject: Subject, slug: str, application_id: str, action: Action) -> Application:
        with self._deployment.database.read() as connection:
            current = self._gate.application(connection, subject, slug, application_id, action)
        self._require_open(current, action)
        return current

    def _require_open(self, current: Application, action: Action) -> None:
        if current.step is not None:
            raise Conflict("application_busy")
        if current.state not in _TO_DECIDE:
            raise Conflict("application_state", state=current.state.value, act=action.value)

    def _act(
        self,
        subject: Subject,
        slug: str,
        application_id: str,
        action: Action,
        act: Act,
        *,
        reason: str = "",
        seen: int | None = None,
        **changes: Any,
    ) -> Application:
        here = self._deployment
        with here.database.transaction() as connection:
            current = self._gate.application(connection, subject, slug, application_id, action)
            if seen not in (None, current.version):
                raise Conflict("application_changed")
            if is_busy(current, now=here.clock.now()):
                raise Conflict("application_busy")
            if act is Act.RETURNED:
                self.endings.close_tasks(connection, current, subject)
            changed = after(
                current,
                act,
                now=here.clock.now(),
                actor=Actor.OFFICER,
                actor_id=subject.id,
                reason=reason,
                **changes,
            )
            self._keeping.save(connection, changed, was=current)
        return changed


def engine_of(decisions: Sequence[Decided]) -> Decided | None:
    """Return what the rules found last, None where they never looked."""
    return next((each for each in reversed(decisions) if each.automated), None)
