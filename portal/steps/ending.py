"""The steps after a release: a provisional certificate becomes definitive, and documents that end are withdrawn.

Each can be done twice without harm, as every step of ``Running``.
"""

from dataclasses import replace
from datetime import date

from portadoc.errors import Conflict, Refused
from portadoc.portal.applications import course
from portadoc.portal.applications.application import Actor, Application, ApplicationState, RequestKind
from portadoc.portal.applications.life_cycle import Act, after
from portadoc.portal.deployment import Deployment
from portadoc.portal.health.certificates import health_number
from portadoc.portal.keeping import Keeping
from portadoc.portal.steps.certifying import Certifying
from portadoc.storage.installation import digest


class EndingSteps:
    """Withdraws what is replaced, ended or only proved an application, and confirms what was provisional."""

    def __init__(self, deployment: Deployment, keeping: Keeping, certifying: Certifying) -> None:
        self._deployment = deployment
        self._keeping = keeping
        self._certifying = certifying

    def confirm(self, application: Application) -> Application:
        """1 certify as definitive what is provisional, 2 withdraw the provisional certificate, 3 release.

        Where the certificate was ended meanwhile, what was to become of it ends, too.
        """
        here, competent = self._deployment, self._deployment.competent(application.institution)
        old = application.record_id or ""
        definitive = replace(
            application,
            decision={**(application.decision or {}), "provisional": False},
            decided_at=course.definitive_at(application) or here.clock.now(),
            record_id=definitive_id(old),
            document_number=health_number(application, competent, issue=2),
        )
        try:
            paper = self._certifying.certified(definitive, replaces=application.document_number)
            here.certificates.withdraw(
                application.institution,
                old,
                reason="superseded",
                effective_from=here.today(),
                successor=definitive.record_id,
            )
            self._keeping.end_offers(application)
            done = course.released(definitive, now=here.clock.now(), seal_code=paper.code)
            return self._certifying.released(done, paper, was=application)
        except (Conflict, Refused):
            if not self._keeping.again(application).is_in_force:
                self._drop(application.institution, definitive.record_id)
            raise

    def close(self, application: Application) -> Application:
        """1 withdraw what was never released, and the proof of what is not open any more, 2 note that."""
        slug, unreleased = application.institution, course.is_unreleased(application)
        closed = replace(application, version=application.version + 1, step=None, step_tries=0)
        if unreleased:
            self._drop(slug, application.record_id)
            closed = replace(closed, record_id=None)
        if not application.is_open:
            self._drop(slug, application.proof_record_id, reason="superseded")
            closed = replace(closed, proof_record_id=None)
            closed = course.with_next_step(closed, now=self._deployment.clock.now())
        return self._keeping.kept(closed, was=application)

    def _drop(self, slug: str, record_id: str | None, *, reason: str = "issued_in_error") -> None:
        """Withdraw what was made for nobody, if it was made at all; again changes nothing."""
        today = self._deployment.today()
        try:
            self._deployment.certificates.withdraw(
                slug, record_id or "", reason=reason, effective_from=today, successor=None
            )
        except Refused as refused:
            if refused.code != "withdrawal_subject_unknown":  # reserved, and never made
                raise

    def _drop_definitive(self, application: Application) -> None:
        """Withdraw what was to take the place of a provisional certificate that ends now."""
        if application.state is ApplicationState.PROVISIONAL and application.record_id is not None:
            self._drop(application.institution, definitive_id(application.record_id))

    def replace(self, application: Application) -> Application:
        """1 wait for the first day of what replaces, 2 withdraw what is replaced, 3 note both.

        A change can be withdrawn while it waits. So it is claimed before anything is withdrawn for it: who read it
        while it waited loses then, and who reads it later finds it busy.
        """
        here = self._deployment
        old = self._keeping.before(application)
        if old is None or old.record_id is None or not course.gives_way(old, application):
            return self._keeping.kept(self._replaced(application), was=application)
        if old.revocation is not None:  # a withdrawal goes before, and ends this one with it
            due = here.clock.now() + here.settings.resume_after_s
            later = replace(application, version=application.version + 1, step_due_at=due)
            return self._keeping.kept(later, was=application)
        starts = application.valid_from or here.today()
        if application.request_kind is RequestKind.CHANGE:
            again = replace(application, version=application.version + 1)
            if starts > here.today():
                return self._keeping.kept(replace(again, step_due_at=_begin(starts)), was=application)
            application = self._keeping.kept(again, was=application)
        first_day = old.valid_from or starts
        effective = max(first_day, starts) if application.request_kind is RequestKind.CHANGE else first_day
        here.certificates.withdraw(
            application.institution,
            old.record_id,
            reason=course.WITHDRAWN_BECAUSE[application.request_kind],
            effective_from=min(effective, here.today()),
            successor=application.record_id,
        )
        self._drop_definitive(old)
        self._keeping.end_offers(old)
        return self._keeping.superseded(old, application, self._replaced(application))

    def _replaced(self, application: Application) -> Application:
        """Return an application of which the step is done that withdraws what it replaces."""
        done = replace(application, version=application.version + 1, step_tries=0)
        return course.with_next_step(done, now=self._deployment.clock.now(), replaced=True)

    def revoke(self, application: Application) -> tuple[Application, ...]:
        """1 withdraw the certificate with all its copies, 2 note that and what ends with it.

        Return the application and those whose certificates are to be withdrawn next.
        """
        here, now = self._deployment, self._deployment.clock.now()
        wish = application.revocation or {}
        here.certificates.withdraw(
            application.institution,
            application.record_id or "",
            reason=str(wish.get("reason") or "facts_changed"),
            effective_from=min(date.fromisoformat(wish["from"]), here.today())
            if wish.get("from")
            else here.today(),
            successor=None,
        )
        self._drop_definitive(application)
        self._keeping.end_offers(application)
        revoked = after(
            application, Act.REVOKED, now=now, actor=Actor.SYSTEM, reason=str(wish.get("reason") or ""), step=None
        )
        gone = course.with_next_step(replace(revoked, step_tries=0), now=now)
        return gone, *self._keeping.revoked(gone, was=application)


def definitive_id(record_id: str) -> str:
    """Return under which id the definitive certificate is recorded that takes the place of a provisional one."""
    return digest(f"{record_id}:definitive")[: len(record_id)]


def _begin(day: date) -> int:
    """Return when a day begins (UTC)."""
    return (day - date(1970, 1, 1)).days * 86_400
