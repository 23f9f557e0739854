"""Endings: an automatic refusal becomes final, a certificate is withdrawn; by two where configured so.

And what a provisional certificate waits for: the other States are told, and none objects or both agree.
Spec: Regulation (EC) 987/2009 art. 16(2) to (4).
"""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from portadoc.access.actions import Action
from portadoc.access.subjects import Subject
from portadoc.errors import Conflict, Refused
from portadoc.portal.applications import course
from portadoc.portal.applications.application import Actor, Application, ApplicationState, Step
from portadoc.portal.applications.life_cycle import Act, after
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.keeping import Keeping
from portadoc.portal.officers.verdicts import LONGEST_REASON, require_reason
from portadoc.portal.steps.running import Running
from portadoc.portal.store import case_store
from portadoc.schemas.codes import PDA1_STATES
from portadoc.storage import Connection

APPROVE_ENDING: Final = "approve_ending"
CAUSES: Final = ("facts_changed", "issued_in_error", "fraud", "holder_request")
"""Why a certificate can be withdrawn: the words of the issuer for what an officer can have found."""
_CONFIRM: Final = "confirm"
_REVOKE: Final = "revoke"
_SETTLE: Final = "settle"
OBJECTION: Final = "objection"
"""The kind of task that an objection leaves; its detail is the State."""


class Endings:
    """Confirms refusals and withdraws certificates."""

    def __init__(self, deployment: Deployment, gate: Gate, running: Running) -> None:
        self._deployment = deployment
        self._gate = gate
        self._keeping = Keeping(deployment)
        self._running = running

    def confirm_refusal(self, subject: Subject, slug: str, application_id: str, *, reason: str) -> Application:
        """Make an automatic refusal that nobody contested final, or propose it where two have to.

        Raises Refused[not_found], [access_denied]; Malformed[reason_missing]; Conflict[application_state],
        [application_busy].
        """
        require_reason(reason)
        current = self._idle(subject, slug, application_id, Action.DECIDE)
        if current.state is not ApplicationState.REFUSED or current.final:
            raise Conflict("application_state", state=current.state.value, act=Act.CONFIRMED.value)
        if self._deployment.institution(slug).four_eyes:
            return self._propose(subject, current, {"what": _CONFIRM, "reason": reason})
        return self._confirmed(subject, current, reason)

    def revoke(
        self, subject: Subject, slug: str, application_id: str, *, cause: str, first_day: date, note: str
    ) -> Application:
        """Withdraw a certificate from a day on, or propose it where two have to. Final: nothing undoes it.

        ``cause`` is one of CAUSES, ``note`` what the applicant is told besides. Raises Refused[not_found],
        [access_denied], [verdict_incomplete] without a cause (J05), [first_day_future]; Malformed[reason_missing];
        Conflict[certificate_missing], [application_busy].
        """
        current = self._idle(subject, slug, application_id, Action.REVOKE)
        if cause not in CAUSES:
            raise Refused("verdict_incomplete", member="cause")
        if len(note) > LONGEST_REASON:
            require_reason(note)
        if first_day > self._deployment.today():
            raise Refused("first_day_future")
        if not current.has_certificate:
            raise Conflict("certificate_missing")
        wish = {"what": _REVOKE, "reason": note, "cause": cause, "from": first_day.isoformat()}
        if self._deployment.institution(slug).four_eyes:
            return self._propose(subject, current, wish)
        return self._revoked(subject, current, wish)

    def told(self, connection: Connection, subject: Subject, current: Application) -> None:
        """Note that the other States are told of what is provisional, once the last of them is.

        From here the two months run. In the caller's transaction, after a task of telling was done. Raises
        Conflict[application_changed].
        """
        slug, left = current.institution, course.TELL_OTHER_STATE
        if current.state is not ApplicationState.PROVISIONAL or case_store.is_left(
            connection, slug, current.application_id, kind=left
        ):
            return
        told = self._noted(subject, current, Act.STATES_TOLD, "")
        if told.step is None:
            told = course.with_next_step(told, now=self._deployment.clock.now(), replaced=True)
        self._keeping.save(connection, told, was=current)

    def object_received(
        self, subject: Subject, slug: str, application_id: str, *, state: str, received_on: date, note: str
    ) -> Application:
        """Note that another State objects (A004): what is provisional stays so until both agree, with a task.

        Raises Refused[not_found], [access_denied], [verdict_incomplete], [own_state_named], [first_day_future];
        Malformed[reason_missing]; Conflict[application_state], [application_busy].
        """
        require_reason(note)
        current = self._idle(subject, slug, application_id, Action.REVOKE)
        if state not in PDA1_STATES:
            raise Refused("verdict_incomplete", member="other_state")
        if state == self._deployment.institution(slug).country:
            raise Refused("own_state_named")
        if received_on > self._deployment.today():
            raise Refused("first_day_future")
        told = {"state": state, "on": received_on.isoformat()}
        objected = self._noted(subject, current, Act.OBJECTED, note, details=told, step_tries=0, proposed=None)
        if objected.step is Step.CONFIRM:
            objected = replace(objected, step=None)
        with self._deployment.database.transaction() as connection:
            self.close_tasks(connection, current, subject)  # what was proposed did not know of this
            self._keeping.leave_task(connection, current, OBJECTION, state)
            self._keeping.save(connection, objected, was=current)
        return objected

    def settle(
        self, subject: Subject, slug: str, application_id: str, *, reason: str, state: str | None = None
    ) -> Application:
        """Note what was agreed on with a State that objected, or propose it where two have to.

        With the last of them, what was provisional becomes definitive. ``state`` may be None where one objects.
        Raises Refused[not_found], [access_denied], [verdict_incomplete] where it is not said which State;
        Malformed[reason_missing]; Conflict[application_state], [application_busy].
        """
        require_reason(reason)
        current = self._idle(subject, slug, application_id, Action.REVOKE)
        if not course.is_disputed(current):
            raise Conflict("application_state", state=current.state.value, act=Act.OBJECTION_SETTLED.value)
        objecting = course.objecting_states(current)
        agreed = objecting[0] if state is None and len(objecting) == 1 else state
        if agreed not in objecting:
            raise Refused("verdict_incomplete", member="other_state")
        if self._deployment.institution(slug).four_eyes:
            return self._propose(subject, current, {"what": _SETTLE, "reason": reason, "state": agreed})
        return self._settled(subject, current, reason, agreed)

    def carry_out(self, subject: Subject, current: Application) -> Application:
        """Do what another officer proposed. The caller has asked whether the subject may."""
        wish = current.proposed or {}
        if course.is_busy(current, now=self._deployment.clock.now()):
            raise Conflict("application_busy")
        if wish["what"] == _CONFIRM:
            return self._confirmed(subject, current, str(wish["reason"]))
        if wish["what"] == _SETTLE:
            return self._settled(subject, current, str(wish["reason"]), str(wish["state"]))
        if not current.has_certificate:
            raise Conflict("certificate_missing")
        return self._revoked(subject, current, wish)

    def close_tasks(self, connection: Connection, application: Application, subject: Subject, *kinds: str) -> None:
        """Note that nothing about an ending waits for approval any more, nor anything of further ``kinds``."""
        here, slug = self._deployment, application.institution
        for each in case_store.open_tasks(connection, slug):
            of_case = each.application_id == application.application_id
            if of_case and each.kind in (APPROVE_ENDING, *kinds):
                case_store.finish_task(connection, slug, each.task_id, done_by=subject.id, now=here.clock.now())

    def _propose(self, subject: Subject, current: Application, wish: dict[str, Any]) -> Application:
        reason = str(wish["reason"] or wish.get("cause", ""))
        kept = {**wish, "decided_by": subject.id, "decided_by_pin": subject.pin}
        proposed = self._noted(subject, current, Act.PROPOSED, reason, proposed=kept)
        with self._deployment.database.transaction() as connection:
            self.close_tasks(connection, current, subject)
            self._keeping.leave_task(connection, current, APPROVE_ENDING, str(wish["what"]))
            self._keeping.save(connection, proposed, was=current)
        return proposed

    def _confirmed(self, subject: Subject, current: Application, reason: str) -> Application:
        changes: dict[str, Any] = {"final": True, "automated": False, "proposed": None}
        confirmed = self._noted(subject, current, Act.CONFIRMED, reason, **changes)
        with self._deployment.database.transaction() as connection:
            self.close_tasks(connection, current, subject)
            self._keeping.save(connection, confirmed, was=current)
        return confirmed

    def _revoked(self, subject: Subject, current: Application, wish: dict[str, Any]) -> Application:
        """1 record who decided it and why, 2 withdraw."""
        now = self._deployment.clock.now()
        noted = self._noted(
            subject, current, Act.REVOCATION_DECIDED, str(wish["reason"]), details={"cause": wish["cause"]}
        )
        ending = replace(
            noted,
            step=Step.REVOKE,
            step_due_at=now,
            step_tries=0,
            proposed=None,
            revocation={"reason": wish["cause"], "from": wish["from"]},
        )
        with self._deployment.database.transaction() as connection:
            self.close_tasks(connection, current, subject, OBJECTION)
            self._keeping.save(connection, ending, was=current)
        return self._running.run(ending)

    def _settled(self, subject: Subject, current: Application, reason: str, state: str) -> Application:
        """1 record that it was agreed with a State, 2 with the last of them certify as definitive."""
        settled = self._noted(
            subject, current, Act.OBJECTION_SETTLED, reason, details={"state": state}, proposed=None
        )
        if not course.is_disputed(settled):
            settled = replace(settled, step=Step.CONFIRM, step_due_at=self._deployment.clock.now(), step_tries=0)
        with self._deployment.database.transaction() as connection:
            self.close_tasks(connection, current, subject)
            self._close_objection(connection, current, subject, state)
            self._keeping.save(connection, settled, was=current)
        return self._running.run(settled)

    def _close_objection(
        self, connection: Connection, application: Application, subject: Subject, state: str
    ) -> None:
        here, slug = self._deployment, application.institution
        for each in case_store.open_tasks(connection, slug):
            named = each.application_id, each.kind, each.detail
            if named == (application.application_id, OBJECTION, state):
                case_store.finish_task(connection, slug, each.task_id, done_by=subject.id, now=here.clock.now())

    def _idle(self, subject: Subject, slug: str, application_id: str, action: Action) -> Application:
        with self._deployment.database.read() as connection:
            current = self._gate.application(connection, subject, slug, application_id, action)
        if course.is_busy(current, now=self._deployment.clock.now()):
            raise Conflict("application_busy")
        return current

    def _noted(self, subject: Subject, current: Application, act: Act, reason: str, **changes: Any) -> Application:
        now = self._deployment.clock.now()
        return after(current, act, now=now, actor=Actor.OFFICER, actor_id=subject.id, reason=reason, **changes)
