"""Replacement certificates: at once, for a care provider with the person's consent, or for the person.

What is asked is recorded first, with the consent used up in the same transaction; then it is decided, signed,
checked and released as any application. Every issue and every refusal is noted.
Spec: Decisions S1 (point 5) and S2.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from portadoc.access import resources
from portadoc.access.actions import Action
from portadoc.access.decision import Deny, decide, require
from portadoc.access.reasons import Reason
from portadoc.access.resources import Resource, ResourceKind
from portadoc.access.subjects import Subject
from portadoc.errors import Conflict, Error, Malformed, Refused, Unavailable
from portadoc.portal.applications.application import Application, CertificateKind
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate, resource_of
from portadoc.portal.health.cards import Cards, Member
from portadoc.portal.health.consents import Consents, read_code
from portadoc.portal.health.filing import Filing
from portadoc.portal.steps.running import Running
from portadoc.portal.store import application_store, case_store, health_store
from portadoc.portal.store.case_store import MachineRequest
from portadoc.portal.store.health_store import Asked, Consent, ConsentState, Way
from portadoc.schemas.claims import Json
from portadoc.schemas.ehic import PRC_REASONS
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection
from portadoc.storage.installation import digest

WINDOW_S: Final = 3600
_EARLIEST_DAYS: Final = 90
_LATEST_DAYS: Final = 60
_MAX_KEY: Final = 200
_UNUSABLE: Final = "consent_unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """For what a certificate is needed: a reason of Decision S1, and the first day of treatment or stay."""

    reason: str
    first_day: date
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceKey:
    """An Idempotency-Key with the whole request that it stands for."""

    key: str
    body: bytes = field(repr=False)


class Replacements:
    """Gives replacement certificates."""

    def __init__(
        self, deployment: Deployment, gate: Gate, cards: Cards, consents: Consents, running: Running
    ) -> None:
        self._deployment = deployment
        self._gate = gate
        self._cards = cards
        self._consents = consents
        self._running = running
        self._filing = Filing(deployment)

    def need(self, reason: str, first_day: date | None, language: str) -> Need:
        """Return what was asked for; the first day is today where none is named.

        Raises Malformed[choice_unknown], Refused[treatment_day_unfit].
        """
        today = self._deployment.today()
        first = first_day or today
        if reason not in PRC_REASONS:
            raise Malformed("choice_unknown")
        if not today - timedelta(days=_EARLIEST_DAYS) <= first <= today + timedelta(days=_LATEST_DAYS):
            raise Refused("treatment_day_unfit", before=_EARLIEST_DAYS, after=_LATEST_DAYS)
        return Need(reason=reason, first_day=first, language=language)

    def for_self(self, subject: Subject, slug: str, pin: str, need: Need) -> Application:
        """Give a certificate to an insured person or a parent; a second click gives the same one.

        Raises as ``Consents.insured``.
        """
        self._filing.require_offered(slug, CertificateKind.PRC)
        member = self._consents.insured(subject, slug, pin)
        filed = self._filed(slug, subject.id, member, need, consent="own")
        with self._deployment.database.transaction() as connection:  # one of many clicks at one moment is first
            before = self._same_need(connection, subject, slug, pin, need)
            kept = before or self._filing.keep(connection, filed)
        return kept if before is not None else self._running.run(kept)

    def require_care_provider(self, subject: Subject, slug: str) -> None:
        """Let in who may ask with a consent. Raises Refused[not_found]."""
        self._deployment.institution(slug)
        found = decide(subject, Action.ASK_REPLACEMENT, Resource(ResourceKind.HEALTH, slug), self._gate.context())
        if isinstance(found, Deny) and found.reason is not Reason.CONSENT_MISSING:
            raise Refused("not_found")
        self._filing.require_offered(slug, CertificateKind.PRC)

    def by_code(
        self,
        subject: Subject,
        slug: str,
        unverified_code: str,
        birth_date: date,
        need: Need,
        *,
        once: OnceKey | None = None,
    ) -> Application:
        """Give a care provider the certificate for which it has the person's code; a code works once.

        Raises Refused[not_found] for who is no care provider, Refused[consent_unusable] alike for a code that is
        unknown, used, over, taken back or locked and for a wrong birth date; Unavailable[consent_tries_throttled];
        Malformed[consent_code_malformed], [idempotency_key_invalid]; Conflict[idempotency_key_used].
        """
        self.require_care_provider(subject, slug)
        before = None if once is None else self._answered_before(subject, slug, once)
        if before is not None:
            return self._running.run(before)
        code = read_code(unverified_code)
        filed = self._prepared(subject, slug, code, birth_date, need)
        with self._deployment.database.transaction() as connection:
            outcome = self._tried(connection, subject, slug, code, birth_date, filed, once)
        if isinstance(outcome, Error):
            raise outcome
        return self._running.run(outcome)

    def request(self, subject: Subject, slug: str, pin: str, birth_date: date, need: Need) -> Consent:
        """Ask a person for consent; the answer is the same whether or not there is such a person.

        Raises Refused[not_found] for who is no care provider, Unavailable[consent_tries_throttled].
        """
        here, now = self._deployment, self._deployment.clock.now()
        self.require_care_provider(subject, slug)
        with here.database.transaction() as connection:
            wait = self._counted(connection, slug, f"request:{subject.id}", now)
        if wait is not None:
            raise wait
        extract = self._filing.extract(slug, "".join(pin.split())) or {}
        entitlement = extract.get("entitlement") or {}
        known = extract.get("birth_date") == birth_date.isoformat()
        known = known and entitlement.get("institution") == here.institution(slug).institution_id
        consent = Consent(
            institution=slug,
            consent_id=here.new_id(),
            person_pin=extract["pin"] if known else None,
            way=Way.REQUEST,
            state=ConsentState.ASKED,
            made_at=now,
            expires_at=now + here.settings.consent_request_hours * 3600,
            given_to=subject.id,
            given_name=subject.name or subject.id,
            reason=need.reason,
            first_day=need.first_day.isoformat(),
            language=need.language,
        )
        with here.database.transaction() as connection:
            health_store.insert_consent(connection, consent)
            health_store.insert_asked(connection, self._consents.noted(consent, "asked", need.reason))
            here.tell(connection, EventKind.REPLACEMENT_ASKED, slug, consent.consent_id, way=consent.way.value)
        return consent

    def approve(self, subject: Subject, slug: str, consent_id: str) -> Application:
        """Say yes: the care provider gets the certificate. Raises Refused[not_found], [consent_unusable]."""
        here, now = self._deployment, self._deployment.clock.now()
        consent = self._consents.own(subject, slug, consent_id)
        member = self._consents.insured(subject, slug, str(consent.person_pin))
        need = Need(
            reason=consent.reason, first_day=date.fromisoformat(consent.first_day), language=consent.language
        )
        filed = self._filed(slug, str(consent.given_to), member, need, consent=consent.consent_id)
        with here.database.transaction() as connection:
            asked = consent.state is ConsentState.ASKED
            taken = asked and health_store.settle_consent(
                connection, consent, ConsentState.USED, now=now, application_id=filed.application_id
            )
            if taken:
                kept = self._filing.keep(connection, filed)
                self._note(
                    connection,
                    self._consents.noted(consent, "given", consent.reason, application_id=filed.application_id),
                )
        if not taken:
            raise Refused(_UNUSABLE)
        return self._running.run(kept)

    def requested(self, subject: Subject, slug: str, consent_id: str) -> Consent:
        """Return what a care provider asked a person for. Raises Refused[not_found] for anybody else's."""
        self.require_care_provider(subject, slug)
        with self._deployment.database.read() as connection:
            found = health_store.find_consent(connection, slug, consent_id)
        if found is None or found.way is not Way.REQUEST:
            raise Refused("not_found")
        own = Resource(ResourceKind.HEALTH, slug, applicant_subject=found.given_to)
        require(subject, Action.VIEW, own, self._gate.context())
        return found

    def _same_need(
        self, connection: Connection, subject: Subject, slug: str, pin: str, need: Need
    ) -> Application | None:
        """Return what the subject got, or asked for, for the same person, reason and day."""
        asked = (need.reason, need.first_day.isoformat())
        found = application_store.applications_of(connection, slug, subject_id=subject.id, employers=(), pins=())
        for each in found:
            health = (each.facts or {}).get("health") or {}
            same = each.worker_pin == pin and (health.get("reason"), health.get("first_day")) == asked
            if same and each.certificate_kind is CertificateKind.PRC and (each.is_open or each.has_certificate):
                return each
        return None

    def _prepared(
        self, subject: Subject, slug: str, code: str, birth_date: date, need: Need
    ) -> Application | None:
        """Return what would be filed if the code were right; None for a code that is not known."""
        with self._deployment.database.read() as connection:
            found = health_store.consent_by_code(connection, slug, self._consents.code_tag(slug, code))
        if found is None or found.person_pin is None:
            return None
        given = resources.Consent(found.person_pin, subject.id, found.expires_at)
        asked = Resource(ResourceKind.HEALTH, slug, worker_pin=found.person_pin)
        if isinstance(decide(subject, Action.ASK_REPLACEMENT, asked, self._gate.context(consent=given)), Deny):
            return None
        member = self._cards.insured_person(slug, found.person_pin)
        return self._filed(slug, subject.id, member, need, consent=found.consent_id)

    def _tried(
        self,
        connection: Connection,
        subject: Subject,
        slug: str,
        code: str,
        birth_date: date,
        filed: Application | None,
        once: OnceKey | None,
    ) -> Application | Error:
        """1 count the try, 2 look the code up, 3 compare the birth date, 4 use it up and file: all or nothing."""
        here, now = self._deployment, self._deployment.clock.now()
        who = f"code:{subject.id}"
        before = None if once is None else self._by_key(connection, subject, slug, once)
        if before is not None:
            return before
        wait = self._counted(connection, slug, who, now)
        if wait is not None:
            return wait
        found = health_store.consent_by_code(connection, slug, self._consents.code_tag(slug, code))
        if found is None or filed is None or found.expires_at <= now:
            return self._refused(connection, subject, slug, None)
        given = {"given_to": subject.id, "given_name": subject.name or subject.id}
        if found.birth_tag != self._consents.birth_tag(slug, code, birth_date):
            health_store.count_wrong_try(connection, found, allowed=here.settings.consent_tries, now=now)
            return self._refused(connection, subject, slug, found.person_pin)
        used = health_store.settle_consent(
            connection, found, ConsentState.USED, now=now, application_id=filed.application_id, **given
        )
        if not used:
            return self._refused(connection, subject, slug, found.person_pin)
        health_store.forgive_try(connection, self._filing.tag(slug, who))
        kept = self._filing.keep(connection, filed)
        if once is not None:
            request = MachineRequest(body_digest=digest(once.body.hex()), application_id=filed.application_id)
            case_store.insert_machine_request(
                connection, slug, request, client=subject.id, key_digest=digest(once.key), now=now
            )
        reason = str((filed.facts or {})["health"]["reason"])
        self._note(connection, self._asked(subject, slug, found.person_pin, "given", reason, filed.application_id))
        return kept

    def _counted(self, connection: Connection, slug: str, who: str, now: int) -> Unavailable | None:
        """Count a try; return that there were too many."""
        allowed = self._deployment.settings.consent_tries_per_hour
        tag = self._filing.tag(slug, who)
        tries, since = health_store.count_try(connection, tag, now=now, window_s=WINDOW_S)
        if tries <= allowed:
            return None
        return Unavailable("consent_tries_throttled", retry_after_s=since + WINDOW_S - now, limit=allowed)

    def _refused(self, connection: Connection, subject: Subject, slug: str, pin: str | None) -> Refused:
        """Note a refusal; who is refused learns nothing about the code."""
        self._note(connection, self._asked(subject, slug, pin, "refused", _UNUSABLE, None))
        return Refused(_UNUSABLE)

    def _asked(
        self, subject: Subject, slug: str, pin: str | None, outcome: str, reason: str, application_id: str | None
    ) -> Asked:
        return Asked(
            institution=slug,
            asked_id=self._deployment.new_id(),
            at=self._deployment.clock.now(),
            asked_by=subject.id,
            asked_name=subject.name or subject.id,
            person_pin=pin,
            outcome=outcome,
            reason=reason,
            application_id=application_id,
        )

    def _note(self, connection: Connection, asked: Asked) -> None:
        health_store.insert_asked(connection, asked)
        refused = asked.outcome == "refused"
        kind = EventKind.REPLACEMENT_REFUSED if refused else EventKind.REPLACEMENT_ASKED
        self._deployment.tell(connection, kind, asked.institution, asked.asked_id, reason=asked.reason)

    def _filed(self, slug: str, subject_id: str, member: Member, need: Need, *, consent: str) -> Application:
        card = member.certificate
        asked: dict[str, Json] = {
            "reason": need.reason,
            "first_day": need.first_day.isoformat(),
            "by_representative": not member.is_self,
            "consent": consent,
            "card_number": None if card is None else card.document_number,
            "card_expiry": None if card is None or card.valid_to is None else card.valid_to.isoformat(),
        }
        return self._filing.filed(
            slug,
            subject_id=subject_id,
            kind=CertificateKind.PRC,
            pin=member.pin,
            extract=member.extract,
            asked=asked,
            language=need.language,
        )

    def _answered_before(self, subject: Subject, slug: str, once: OnceKey) -> Application | None:
        """Return what came of the same request before. Raises Conflict[idempotency_key_used] for another one."""
        if not 0 < len(once.key) <= _MAX_KEY or not once.key.isascii() or not once.key.isprintable():
            raise Malformed("idempotency_key_invalid", limit=_MAX_KEY)
        with self._deployment.database.read() as connection:
            return self._by_key(connection, subject, slug, once)

    def _by_key(self, connection: Connection, subject: Subject, slug: str, once: OnceKey) -> Application | None:
        made = case_store.find_machine_request(connection, slug, client=subject.id, key_digest=digest(once.key))
        if made is None:
            return None
        if made.body_digest != digest(once.body.hex()):
            raise Conflict("idempotency_key_used")
        found = application_store.find_application(connection, slug, made.application_id)
        if found is None:
            raise Refused("not_found")
        require(subject, Action.VIEW, resource_of(found), self._gate.context())
        return found
