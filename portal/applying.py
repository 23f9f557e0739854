"""Applying: what is submitted is recorded first and then decided at once, where the law is plain.

Afterwards the applicant can contest, follow up or withdraw, each in one act.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from portadoc.access.actions import Action
from portadoc.access.decision import Permit, decide
from portadoc.access.subjects import Subject
from portadoc.errors import Conflict, Malformed, Refused
from portadoc.portal.applications.application import (
    HEALTH,
    Actor,
    Application,
    ApplicationState,
    Awaited,
    RequestKind,
    Step,
)
from portadoc.portal.applications.course import with_next_step
from portadoc.portal.applications.deciding import certificate_kind, departure_of
from portadoc.portal.applications.known import with_records
from portadoc.portal.applications.life_cycle import Act, after, may
from portadoc.portal.applications.numbers import case_number, series
from portadoc.portal.applications.risk import (
    CONTRADICTED,
    NOT_REGISTERED,
    OVERLAPS,
    contradicts,
    is_registered,
    risk_of,
)
from portadoc.portal.applications.timers import day_of, is_urgent
from portadoc.portal.deployment import Deployment
from portadoc.portal.drafts import Drafts, Wish
from portadoc.portal.gate import Gate, resource_of
from portadoc.portal.keeping import Keeping
from portadoc.portal.questions.facts import facts_of
from portadoc.portal.questions.flows import case_of, next_question
from portadoc.portal.questions.reading import form_of, read_answer
from portadoc.portal.standing import Beside, beside, on_record
from portadoc.portal.steps.running import Running
from portadoc.portal.store import application_store, case_store
from portadoc.portal.store.case_store import MachineRequest
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection
from portadoc.storage.installation import digest

CONTESTED: Final = "contested"
_TO_SUBMIT: Final = frozenset({ApplicationState.DRAFT, ApplicationState.WAITING_FOR_ANSWERS})
_MAX_KEY: Final = 200
_LONGEST_WORDS: Final = 2000


class Applying:
    """Takes applications in and back."""

    def __init__(self, deployment: Deployment, gate: Gate, drafts: Drafts, running: Running) -> None:
        self._deployment = deployment
        self._gate = gate
        self._keeping = Keeping(deployment)
        self._drafts = drafts
        self._running = running

    def submit(self, subject: Subject, slug: str, application_id: str, *, said: str = "") -> Application:
        """Submit a draft, or the answers that were still missing, and return where it stands then.

        ``said`` is what the applicant answers an officer in words.

        What was submitted before is returned as it is: a second click changes nothing. Raises Refused[not_found],
        [answers_missing] with the question, Conflict[application_state].
        """
        here = self._deployment
        with here.database.read() as connection:
            current = self._gate.application(connection, subject, slug, application_id, Action.SUBMIT)
        if current.state not in _TO_SUBMIT and current.submitted_at is not None:
            return current
        submitted = self._submitted(current, subject, said=said)
        try:
            with here.database.transaction() as connection:
                kept = self._numbered(connection, submitted)
                self._keeping.save(connection, kept, was=current)
        except Conflict as conflict:
            if conflict.code != "application_changed":
                raise
            return self._after_race(subject, slug, application_id, conflict)
        return self._take_on(kept)

    def apply(
        self, subject: Subject, slug: str, wish: Wish, answers: Mapping[str, Json], *, key: str, body: bytes
    ) -> Application:
        """Start, answer and submit in one act, as machines do; a key with the same body acts once (J12, J13).

        ``key`` is the Idempotency-Key and ``body`` the whole request. Raises as ``start``, ``answer`` and
        ``submit``; Malformed[idempotency_key_invalid], [answer_unexpected]; Conflict[idempotency_key_used] for
        another body under the key.
        """
        if not 0 < len(key) <= _MAX_KEY or not key.isascii() or not key.isprintable():
            raise Malformed("idempotency_key_invalid", limit=_MAX_KEY)
        here, body_digest = self._deployment, digest(body.hex())
        found = self._answered_before(subject, slug, key, body_digest)
        if found is not None:
            return self._running.run(found)
        draft = self._filled_in(self._drafts.made(subject, slug, wish), answers, subject)
        self._gate.require(subject, Action.SUBMIT, draft)
        submitted = self._submitted(draft, subject)
        with here.database.transaction() as connection:
            earlier = self._by_key(connection, subject, slug, key, body_digest)
            if earlier is None:
                kept = self._numbered(connection, submitted)
                application_store.insert_application(connection, kept)
                case_store.insert_machine_request(
                    connection,
                    slug,
                    MachineRequest(body_digest=body_digest, application_id=kept.application_id),
                    client=subject.id,
                    key_digest=digest(key),
                    now=here.clock.now(),
                )
                self._keeping.tell(connection, kept, EventKind.APPLICATION_STARTED)
        return self._take_on(kept) if earlier is None else earlier

    def contest(self, subject: Subject, slug: str, application_id: str, *, said: str = "") -> Application:
        """Let a person look at a decision again: what was refused is under review, what was granted stands.

        ``said`` is what the applicant says against it, if anything. Raises Refused[not_found], [access_denied],
        Malformed[text_too_long], Conflict[application_state], [application_busy].
        """
        told = _said(said)
        here, now = self._deployment, self._deployment.clock.now()
        with here.database.transaction() as connection:
            current = self._idle(connection, subject, slug, application_id, Action.CONTEST)
            if current.is_in_force:
                contested = self._noted(current, Act.SENT_TO_OFFICER, subject, reason=CONTESTED, details=told)
                self._keeping.leave_task(connection, current, CONTESTED, "")
            else:
                reopened: dict[str, Any] = {"final": False, "opened_at": now, "decided_at": None, "proposed": None}
                reopened |= {"automated": False, "assigned_to": None, "details": told}
                contested = self._noted(current, Act.CONTESTED, subject, **reopened)
            self._keeping.save(connection, contested, was=current)
        return contested

    def wish_exception(self, subject: Subject, slug: str, application_id: str, *, wanted: bool) -> Application:
        """Say whether both States shall be asked for an exception; without it the request is refused, not finally.

        Spec: Regulation (EC) 883/2004 art. 16. Raises as ``contest``.
        """
        here, now = self._deployment, self._deployment.clock.now()
        with here.database.transaction() as connection:
            current = self._idle(connection, subject, slug, application_id, Action.SUBMIT)
            if current.awaits is not Awaited.EXCEPTION_WISH:
                raise Conflict("application_state", state=current.state.value, act=Act.EXCEPTION_WISHED.value)
            act = Act.EXCEPTION_WISHED if wanted else Act.EXCEPTION_NOT_WISHED
            changes: dict[str, Any] = {"awaits": None, "decided_at": None if wanted else now}
            wished = self._noted(current, act, subject, automated=not wanted, **changes)
            if not wanted:
                wished = with_next_step(wished, now=now)
            self._keeping.save(connection, wished, was=current)
        return self._running.run(wished)

    def withdraw(self, subject: Subject, slug: str, application_id: str) -> Application:
        """Take back an application on which no certificate stands. Raises as ``contest``.

        A certificate that stands is ended by a request of its own (``follow_up`` with WITHDRAWAL).
        """
        with self._deployment.database.transaction() as connection:
            current = self._idle(connection, subject, slug, application_id, Action.WITHDRAW)
            gone = self._noted(current, Act.WITHDRAWN, subject, awaits=None)
            gone = with_next_step(gone, now=self._deployment.clock.now())
            self._keeping.save(connection, gone, was=current)
        return self._running.run(gone)

    def _submitted(self, current: Application, subject: Subject, *, said: str = "") -> Application:
        """Return an application with its facts as they are judged, and DECIDE as its next step."""
        here, now = self._deployment, self._deployment.clock.now()
        known = self._drafts.known(current)
        left = next_question(current.answers, known)
        if left is not None:
            raise Refused("answers_missing", question=left.id)
        if not may(current, Act.SUBMITTED) or current.awaits is Awaited.EXCEPTION_WISH:
            raise Conflict("application_state", state=current.state.value, act=Act.SUBMITTED.value)
        told: dict[str, Any] = {
            "details": _said(said),
            "submitted_at": current.submitted_at or now,
            "opened_at": current.opened_at or now,
            "awaits": None,
            "step_tries": 0,
            "step_due_at": now + here.settings.resume_after_s,
        }
        if current.request_kind is RequestKind.WITHDRAWAL or current.certificate_kind in HEALTH:
            return self._noted(current, Act.SUBMITTED, subject, **told, step=Step.DECIDE)
        facts = facts_of(current.answers, known, request_date=day_of(current.submitted_at or now))
        held = here.registers.known(current.institution, worker_pin=current.worker_pin, employer_id=None)["person"]
        worker = case_of(current.answers, known).get("worker") or {}
        with here.database.read() as connection:
            found = self._beside(connection, current, subject, facts)
            if current.request_kind is RequestKind.NEW:
                old = found.replaces
                current = replace(current, predecessor=None if old is None else old.application_id)
            facts = with_records(facts, held, on_record(connection, current))
        departure, end = departure_of(facts), (facts.get("request") or {}).get("period_end")
        return self._noted(
            current,
            Act.SUBMITTED,
            subject,
            **told,
            step=Step.DECIDE,
            facts=facts,
            certificate_kind=certificate_kind(current.certificate_kind, facts),
            departure=departure,
            period_end=None if end is None else date.fromisoformat(end),
            urgent=is_urgent(departure, now=now, within_hours=here.settings.urgent_hours),
            risk=(
                *((CONTRADICTED,) if contradicts(worker, held) else ()),
                *((found.doubt,) if found.doubt else ()),
                *(() if self._registered(current, held, facts) else (NOT_REGISTERED,)),
                *risk_of(facts),
            ),
        )

    def _registered(self, current: Application, held: Mapping[str, Json] | None, facts: JsonObject) -> bool:
        complete = self._deployment.settings.registers_complete
        return is_registered(held, current.employer_id, departure_of(facts), complete=complete)

    def replaced_by(self, subject: Subject, application: Application) -> Application | None:
        """Return the certificate in whose place that of a draft would come, which the applicant is told first."""
        known = self._drafts.known(application)
        if application.request_kind is not RequestKind.NEW or application.certificate_kind in HEALTH:
            return None
        facts = facts_of(application.answers, known, request_date=self._deployment.today())
        with self._deployment.database.read() as connection:
            return self._beside(connection, application, subject, facts).replaces

    def _beside(self, connection: Connection, current: Application, subject: Subject, facts: JsonObject) -> Beside:
        """Return what a request meets on its days; nothing is replaced of which the applicant may not know."""
        kind = certificate_kind(current.certificate_kind, facts)
        found = beside(connection, replace(current, certificate_kind=kind), facts)
        if found.replaces is None:
            return found
        may_see = decide(subject, Action.REPORT_CHANGE, resource_of(found.replaces), self._gate.context())
        return found if isinstance(may_see, Permit) else Beside(doubt=OVERLAPS)

    def _filled_in(self, draft: Application, given: Mapping[str, Json], subject: Subject) -> Application:
        """Return a draft with the answers of a machine, each read in its turn as a form's would be."""
        left = dict(given)
        current = replace(draft, answers={name: each for name, each in draft.answers.items() if name not in left})
        while (asked := next_question(current.answers, self._drafts.known(current))) is not None:
            if asked.id not in left:
                raise Refused("answers_missing", question=asked.id)
            case = case_of(current.answers, self._drafts.known(current))
            value = read_answer(asked, form_of(asked, left.pop(asked.id)), case)
            current = self._drafts.answered(current, {asked.id: value}, subject)
        if left:
            raise Malformed("answer_unexpected", question=min(left))
        return current

    def _take_on(self, kept: Application) -> Application:
        return self._running.run(replace(kept, step_due_at=self._deployment.clock.now()))

    def _after_race(self, subject: Subject, slug: str, application_id: str, conflict: Conflict) -> Application:
        """Return what another submission of the same application came to; the first one counts."""
        with self._deployment.database.read() as connection:
            current = self._gate.application(connection, subject, slug, application_id, Action.VIEW)
        if current.state in _TO_SUBMIT:
            raise conflict
        return current

    def _numbered(self, connection: Connection, application: Application) -> Application:
        if application.case_number:
            return application
        name = series(application.certificate_kind, day_of(self._deployment.clock.now()).year)
        running = application_store.next_in_series(connection, application.institution, name)
        return replace(application, case_number=case_number(name, running))

    def _answered_before(self, subject: Subject, slug: str, key: str, body_digest: str) -> Application | None:
        self._deployment.institution(slug)
        with self._deployment.database.read() as connection:
            return self._by_key(connection, subject, slug, key, body_digest)

    def _by_key(
        self, connection: Connection, subject: Subject, slug: str, key: str, body_digest: str
    ) -> Application | None:
        made = case_store.find_machine_request(connection, slug, client=subject.id, key_digest=digest(key))
        if made is None:
            return None
        if made.body_digest != body_digest:
            raise Conflict("idempotency_key_used")
        return self._gate.application(connection, subject, slug, made.application_id, Action.VIEW)

    def _idle(
        self, connection: Connection, subject: Subject, slug: str, application_id: str, action: Action
    ) -> Application:
        """Return an application on which nothing is being done. Raises Conflict[application_busy]."""
        current = self._gate.application(connection, subject, slug, application_id, action)
        if current.step in (Step.DECIDE, Step.ISSUE, Step.REVOKE):
            raise Conflict("application_busy")
        return current

    def _noted(
        self, current: Application, act: Act, subject: Subject, *, reason: str = "", **changes: Any
    ) -> Application:
        return after(
            current,
            act,
            now=self._deployment.clock.now(),
            actor=Actor.APPLICANT,
            actor_id=subject.id,
            reason=reason,
            **changes,
        )


def _said(words: str) -> dict[str, Json]:
    """Return what an applicant says in words, for the history. Raises Malformed[text_too_long]."""
    if len(words) > _LONGEST_WORDS:
        raise Malformed("text_too_long", limit=_LONGEST_WORDS)
    return {"said": words.strip()} if words.strip() else {}
