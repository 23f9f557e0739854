"""What the installation does by itself after a submission, step by step, each of which survives a crash.

Every step begins from what is committed, does one thing outside that can be done twice without harm, and commits
what came of it on the version that it began from. So whoever dies leaves a step that anybody can take up again,
and of two that do the same step one wins. The order is the promise: record, decide, check, record, sign, check,
release.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from portadoc.errors import Conflict, Error, Refused, Unavailable
from portadoc.portal.applications import course
from portadoc.portal.applications.application import (
    HEALTH,
    Actor,
    Application,
    ApplicationState,
    RequestKind,
    Step,
)
from portadoc.portal.applications.deciding import (
    Consequence,
    consequence,
    judge,
    missing_facts,
    require_derivable,
)
from portadoc.portal.applications.life_cycle import Act, after, may
from portadoc.portal.applications.risk import CONTRADICTED, FOR_A_PERSON
from portadoc.portal.applications.timers import SECONDS_PER_HOUR
from portadoc.portal.deployment import Deployment
from portadoc.portal.health.certificates import health_number
from portadoc.portal.health.steps import HealthSteps
from portadoc.portal.keeping import Keeping
from portadoc.portal.standing import require_judged_beside
from portadoc.portal.steps.certifying import Certifying
from portadoc.portal.steps.ending import EndingSteps
from portadoc.portal.store import application_store, case_store
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind

_AT_ONCE: Final = 8
_NOT_HAPPENING: Final = "not_happening"
_STEP_FAILED: Final = "step_failed"
_TRIED_ON_AFTER_S: Final = SECONDS_PER_HOUR
"""Seconds until a step is taken up again that failed in a case that is over."""
_WITH_A_PERSON: Final = frozenset({Act.CONTESTED.value, Act.ASKED.value})

_logger = logging.getLogger("portadoc.portal")


class Running:
    """Takes applications on until a person is needed, or nothing is left to do."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._keeping = Keeping(deployment)
        self._certifying = Certifying(deployment, self._keeping)
        self._ending = ending = EndingSteps(deployment, self._keeping, self._certifying)
        self._steps: Mapping[Step, Callable[[Application], Application]] = {
            Step.DECIDE: self._decide,
            Step.ISSUE: self._issue,
            Step.CLOSE: ending.close,
            Step.REPLACE: ending.replace,
            Step.CONFIRM: ending.confirm,
            Step.REVOKE: self._revoke,
        }
        health = HealthSteps(deployment, self._keeping, self.record_decision)
        self._of_health = {**self._steps, Step.DECIDE: health.decide, Step.REPLACE: health.replace}

    def run(self, application: Application) -> Application:
        """Take every step that is due and return where the application stands then; never raises for a step.

        What cannot be had now stays to be done; what fails for another reason goes to an officer.
        """
        current = application
        for _ in range(_AT_ONCE):
            if current.step is None or current.step_due_at > self._deployment.clock.now():
                break
            try:
                steps = self._of_health if current.certificate_kind in HEALTH else self._steps
                current = steps[current.step](current)
            except Unavailable:
                return self._postponed(current)
            except Conflict as conflict:
                if conflict.code == "application_changed":
                    return self._keeping.again(current)
                current = self._failed(current, conflict)
            except Error as error:
                current = self._failed(current, error)
        return current

    def resume_unfinished(self, *, limit: int = 100) -> int:
        """Take up every step that is due, of all institutions; return how many were taken up.

        One that fails holds up no other. Raises Unavailable[storage_unavailable] where not even that can be kept.
        """
        here, taken = self._deployment, 0
        with here.database.read() as connection:
            due = application_store.unfinished(connection, due_before=here.clock.now(), limit=limit)
        for each in due:
            try:
                claimed = self._claimed(each)
                if claimed is not None:
                    taken += 1
                    self.run(claimed)
            except Error as error:
                _logger.error("a step could not be taken up, %s %s: %s", each.application_id, each.step, error)
                self._put_off(each)
        return taken

    def _put_off(self, application: Application) -> None:
        """Count a try of a step that could not even be begun, and let it wait; once claimed, it waits already."""
        here = self._deployment
        later = replace(
            application,
            version=application.version + 1,
            step_tries=application.step_tries + 1,
            step_due_at=here.clock.now() + here.settings.resume_after_s * (application.step_tries + 1),
        )
        try:
            self._keeping.kept(later, was=application)
        except Conflict:
            return

    def _claimed(self, application: Application) -> Application | None:
        """Return the application as ours to take on; None when somebody else was first.

        Who claims it has ``resume_after_s`` seconds before the next may; a step tried too often is for an officer.
        """
        here, now = self._deployment, self._deployment.clock.now()
        if application.step_tries >= here.settings.steps_tried:
            self._failed(application, Unavailable("step_tried_too_often"))
            return None
        mine = replace(
            application,
            version=application.version + 1,
            step_tries=application.step_tries + 1,
            step_due_at=now + here.settings.resume_after_s,
        )
        try:
            with here.database.transaction() as connection:
                application_store.save_application(connection, mine, was=application)
        except Conflict:
            return None
        return replace(mine, step_due_at=now)

    def _decide(self, application: Application) -> Application:
        """1 decide and check, 2 record the decision with what follows from it."""
        here = self._deployment
        if application.request_kind is RequestKind.WITHDRAWAL:
            return self._decide_withdrawal(application)
        own_state = here.institution(application.institution).country
        facts = application.facts or {}
        decision = judge(facts, pack=here.settings.rules_pack)
        follows = self._follows(application, consequence(application, decision, own_state=own_state), decision)
        try:
            require_derivable(facts, decision)
            return self.record_decision(application, decision, follows)
        except Refused as refused:
            return self._in_doubt(application, decision, refused)

    def _in_doubt(self, application: Application, decision: JsonObject, refused: Refused) -> Application:
        """Record a grant that the independent check does not find in the facts, for an officer and nobody else."""
        now = self._deployment.clock.now()
        details = {"code": refused.code, **refused.params}
        gone = course.to_officer(
            _with_sign(application, refused), now=now, reason="needs_a_person", details=details
        )
        with self._deployment.database.transaction() as connection:
            case_store.insert_decision(
                connection,
                application.institution,
                application.application_id,
                at=now,
                automated=True,
                decided_by="",
                facts=application.facts or {},
                decision=decision,
            )
            self._keeping.save(connection, gone, was=application)
        return gone

    def _decide_withdrawal(self, application: Application) -> Application:
        """End a certificate whose work has not begun and will not; what has begun already needs a person."""
        wish, now = application.answers.get("withdrawal") or {}, self._deployment.clock.now()
        old = self._keeping.before(application)
        begins = None if old is None else old.valid_from
        if (
            old is None
            or begins is None
            or begins <= self._deployment.today()
            or wish.get("reason") != _NOT_HAPPENING
        ):
            return self._keeping.kept(
                course.to_officer(application, now=now, reason="needs_a_person"), was=application
            )
        return self.end_certificate(application, old, first_day=begins)

    def end_certificate(
        self, application: Application, old: Application, *, first_day: date, actor_id: str = "", reason: str = ""
    ) -> Application:
        """Commit that a withdrawal is granted and, as one with it, that the certificate is to be withdrawn.

        Raises Conflict[application_changed], [application_state], [application_busy].
        """
        now, automated = self._deployment.clock.now(), not actor_id
        ending = course.ending(old, now=now, reason="facts_changed", first_day=first_day)
        granted = after(
            application,
            Act.GRANTED,
            now=now,
            actor=Actor.RULES if automated else Actor.OFFICER,
            actor_id=actor_id,
            reason=reason,
            final=True,
            automated=automated,
            decided_at=now,
            step=None,
            proposed=None,
        )
        with self._deployment.database.transaction() as connection:
            self._keeping.save(connection, ending, was=old)
            self._keeping.save(connection, granted, was=application, kind=EventKind.APPLICATION_DECIDED)
        self.run(ending)
        return granted

    def _follows(self, application: Application, follows: Consequence, decision: JsonObject) -> Consequence:
        """Return what follows, where a person is needed for what the rules alone would do.

        Who asked for a person, or was asked by one, is answered by a person and never by the rules alone; so is
        who names somebody whom the register does not know like that.
        """
        asked_for = any(each.what in _WITH_A_PERSON for each in application.history)
        issued_beside = follows is Consequence.ISSUE and FOR_A_PERSON & set(application.risk)
        if asked_for or CONTRADICTED in application.risk or issued_beside:
            return Consequence.REVIEW
        if follows is Consequence.ASK_FACTS and set(missing_facts(decision)) <= set(application.asked):
            return Consequence.REVIEW  # asked before, and nobody knows it
        return follows

    def record_decision(
        self,
        application: Application,
        decision: JsonObject,
        follows: Consequence,
        *,
        actor_id: str = "",
        automated: bool = True,
        reason: str = "",
    ) -> Application:
        """Commit a decision, what it stands on, and what follows from it, as one.

        Raises Conflict[application_changed], [application_state]; Refused[grant_not_derivable] for a grant by the
        rules beside which another certificate stands by now.
        """
        here, now = self._deployment, self._deployment.clock.now()
        after_it = course.decided(
            application,
            decision,
            follows,
            now=now,
            record_id=here.new_id(),
            actor_id=actor_id,
            automated=automated,
            reason=reason,
        )
        with here.database.transaction() as connection:
            if automated and follows is Consequence.ISSUE and application.certificate_kind not in HEALTH:
                require_judged_beside(connection, after_it)
            sequence = case_store.insert_decision(
                connection,
                application.institution,
                application.application_id,
                at=now,
                automated=automated,
                decided_by=actor_id,
                facts=application.facts or {},
                decision=decision,
            )
            if after_it.step is Step.ISSUE:
                issue = sequence if application.document_number else 1
                number = health_number(after_it, here.competent(after_it.institution), issue=issue)
                after_it = replace(after_it, document_number=number)
            if follows is Consequence.NOTIFY:
                self._keeping.leave_telling(connection, after_it)
            self._keeping.save(connection, after_it, was=application, kind=EventKind.APPLICATION_DECIDED)
        return after_it

    def _issue(self, application: Application) -> Application:
        """1 record, 2 compare what is held, 3 sign the paper (read back by whoever signs it), 4 release.

        With the release it is left to an officer to tell the other States.
        """
        paper = self._certifying.certified(application, replaces=self._replaced_number(application))
        done = course.released(application, now=self._deployment.clock.now(), seal_code=paper.code)
        return self._certifying.released(done, paper, was=application, tell=True)

    def _revoke(self, application: Application) -> Application:
        """Withdraw a certificate, and then what ends with it."""
        gone, *others = self._ending.revoke(application)
        for each in others:
            self.run(each)
        return gone

    def _replaced_number(self, application: Application) -> str | None:
        old = self._keeping.before(application) if course.replaces(application) else None
        return None if old is None or not course.is_replaced(application, old) else old.document_number

    def _failed(self, application: Application, error: Error) -> Application:
        """Leave to an officer what no machine can finish; what is in force already stays in force.

        A case that is over stays so: an officer is told, and the step is tried again later.
        """
        here, now = self._deployment, self._deployment.clock.now()
        current = self._keeping.again(application)
        if current.step is None or current.version != application.version:
            return current
        details = {**error.params, "code": error.code, "step": current.step.value}
        if may(current, Act.SENT_TO_OFFICER):
            gone = course.to_officer(_with_sign(current, error), now=now, reason=_STEP_FAILED, details=details)
        else:
            due = now + _TRIED_ON_AFTER_S
            gone = replace(current, version=current.version + 1, step_tries=0, step_due_at=due)
        if current.state is ApplicationState.IN_REVIEW:
            gone = replace(gone, decided_at=None)
        if current.step is Step.ISSUE and course.is_unreleased(gone):
            gone = replace(gone, step=Step.CLOSE, step_due_at=now)
        with here.database.transaction() as connection:
            self._keeping.leave_task(connection, gone, _STEP_FAILED, f"{current.step.value}:{error.code}")
            self._keeping.save(connection, gone, was=current)
        return gone

    def _postponed(self, application: Application) -> Application:
        """Leave a step for later: what it needs cannot be had now.

        Where not even that can be kept, or somebody else was faster, the step is due again by itself.
        """
        here = self._deployment
        due = here.clock.now() + here.settings.resume_after_s
        later = replace(application, version=application.version + 1, step_due_at=due)
        try:
            return self._keeping.kept(later, was=application)
        except (Conflict, Unavailable):
            return application


def _with_sign(application: Application, error: Error) -> Application:
    """Return an application with the sign for which a person looks at it, where an error names one."""
    sign = error.params.get("sign")
    if sign is None or sign in application.risk:
        return application
    return replace(application, risk=(str(sign), *application.risk))
