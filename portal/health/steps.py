"""The steps of an application about a card that differ from others: deciding from the register, and replacing.

Each can be done twice without harm, as every step of ``Running``.
"""

from collections.abc import Callable
from dataclasses import replace

from portadoc.portal.applications import course
from portadoc.portal.applications.application import Actor, Application, CertificateKind
from portadoc.portal.applications.deciding import Consequence
from portadoc.portal.applications.life_cycle import Act, after
from portadoc.portal.deployment import Deployment
from portadoc.portal.health.filing import Filing
from portadoc.portal.health.insurance import GRANTED, REPORTED, CardCause, judge_insured
from portadoc.portal.keeping import Keeping
from portadoc.schemas.claims import JsonObject

Record = Callable[[Application, JsonObject, Consequence], Application]


class HealthSteps:
    """What the installation does by itself about cards and replacement certificates."""

    def __init__(self, deployment: Deployment, keeping: Keeping, record: Record) -> None:
        self._deployment = deployment
        self._keeping = keeping
        self._record = record
        self._filing = Filing(deployment)

    def decide(self, application: Application) -> Application:
        """1 look whether the person is insured here, 2 end a card that somebody else may hold, 3 record."""
        decision = judge_insured(application.facts or {}, self._filing.terms(application.institution))
        if decision["outcome"] == GRANTED:
            return self._record(application, decision, Consequence.ISSUE)
        self._end_missing(application)  # a lost card ends now, whatever becomes of the new one
        return self._record(application, decision, Consequence.REVIEW)

    def replace(self, application: Application) -> Application:
        """1 withdraw the card that is replaced, with its successor, 2 note both."""
        here, now = self._deployment, self._deployment.clock.now()
        old = self._keeping.before(application)
        done = course.with_next_step(
            replace(application, version=application.version + 1, step_tries=0), now=now, replaced=True
        )
        if old is None or not old.has_certificate or old.record_id is None:
            return self._keeping.kept(done, was=application)
        here.certificates.withdraw(
            application.institution,
            old.record_id,
            reason="superseded",
            effective_from=here.today(),
            successor=application.record_id,
        )
        self._keeping.end_offers(old)
        return self._keeping.superseded(old, application, done)

    def _end_missing(self, application: Application) -> None:
        """Withdraw the card that was reported lost or stolen, and note that; again changes nothing."""
        here, reason = self._deployment, str((application.facts or {})["health"]["reason"])
        is_card = application.certificate_kind is CertificateKind.EHIC
        old = self._keeping.before(application)
        if not is_card or not CardCause(reason).is_missing or old is None or not old.has_certificate:
            return
        here.certificates.withdraw(
            application.institution,
            old.record_id or "",
            reason=REPORTED,
            effective_from=here.today(),
            successor=None,
        )
        self._keeping.end_offers(old)
        ended = after(old, Act.REVOKED, now=here.clock.now(), actor=Actor.SYSTEM, reason=REPORTED, step=None)
        self._keeping.kept(ended, was=old)
