"""Consent: that one care provider may have one replacement certificate, given by a code or by saying yes.

The code is told once; kept are keyed tags of it and of the birth date that belongs to it. A code is used once,
ends by itself, can be taken back while it is not used, and locks after a few wrong birth dates.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from portadoc.access.actions import Action
from portadoc.access.decision import require
from portadoc.access.resources import Resource, ResourceKind
from portadoc.access.subjects import Subject
from portadoc.errors import Conflict, Malformed, Refused
from portadoc.portal.applications.application import CertificateKind
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.health.cards import Cards, Member, Standing
from portadoc.portal.health.filing import Filing
from portadoc.portal.store import health_store
from portadoc.portal.store.health_store import Asked, Consent, ConsentState, Way
from portadoc.schemas.events import EventKind

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LETTERS: Final = 8
_CODE_BYTES: Final = 5
_ALIKE: Final = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentCode:
    """A new code, told once."""

    code: str = field(repr=False)
    expires_at: int


class Consents:
    """What insured persons let care providers do, and what they are told of it."""

    def __init__(self, deployment: Deployment, gate: Gate, cards: Cards) -> None:
        self._deployment = deployment
        self._gate = gate
        self._cards = cards
        self._filing = Filing(deployment)

    def make_code(self, subject: Subject, slug: str, pin: str) -> ConsentCode:
        """Return a new code for a person; the one before it, if nobody used it, is good no longer.

        Raises Refused[not_found] (J02), [access_denied], [insured_elsewhere], [entitlement_unknown];
        Conflict[application_changed].
        """
        here, now = self._deployment, self._deployment.clock.now()
        self._filing.require_offered(slug, CertificateKind.PRC)
        member = self.insured(subject, slug, pin)
        drawn = int.from_bytes(here.random_bytes(_CODE_BYTES), "big")
        code = "".join(ALPHABET[drawn >> 5 * place & 31] for place in reversed(range(CODE_LETTERS)))
        consent = Consent(
            institution=slug,
            consent_id=here.new_id(),
            person_pin=pin,
            way=Way.CODE,
            state=ConsentState.OPEN,
            code_tag=self.code_tag(slug, code),
            birth_tag=self.birth_tag(slug, code, member.birth_date),
            made_at=now,
            expires_at=now + here.settings.consent_minutes * 60,
        )
        with here.database.transaction() as connection:
            health_store.insert_code(connection, consent)
            here.tell(connection, EventKind.CONSENT_GIVEN, slug, consent.consent_id, way=consent.way.value)
        return ConsentCode(code=f"{code[:4]}-{code[4:]}", expires_at=consent.expires_at)

    def insured(self, subject: Subject, slug: str, pin: str) -> Member:
        """Return somebody whom the subject acts for and who is insured here.

        Raises Refused[not_found], [access_denied], [insured_elsewhere], [entitlement_unknown].
        """
        member = self._cards.of(subject, slug, pin)
        require(subject, Action.START, self.resource(slug, pin), self._gate.context())
        if member.standing is Standing.ELSEWHERE:
            raise Refused("insured_elsewhere", institution=member.insurer_name)
        if member.standing is Standing.UNKNOWN or member.birth_date is None:
            raise Refused("entitlement_unknown")
        return member

    def listed(self, subject: Subject, slug: str) -> tuple[Consent, ...]:
        """Return the consents of the household that can still be used or answered, the newest first."""
        now = self._deployment.clock.now()
        open_ones = (ConsentState.OPEN, ConsentState.ASKED)
        with self._deployment.database.read() as connection:
            found = health_store.consents_of(connection, slug, self._pins(subject, slug))
        return tuple(each for each in found if each.state in open_ones and each.expires_at > now)

    def who_asked(self, subject: Subject, slug: str) -> tuple[Asked, ...]:
        """Return who asked about the household and what came of it, the newest first."""
        with self._deployment.database.read() as connection:
            return health_store.asked_about(connection, slug, self._pins(subject, slug))

    def withdraw(self, subject: Subject, slug: str, consent_id: str) -> None:
        """Take back a consent that is not used, or decline what is asked; again changes nothing.

        Raises Refused[not_found] (J02), Conflict[consent_used].
        """
        here, now = self._deployment, self._deployment.clock.now()
        consent = self.own(subject, slug, consent_id)
        asked = consent.state is ConsentState.ASKED
        ended = ConsentState.DECLINED if asked else ConsentState.WITHDRAWN
        with here.database.transaction() as connection:
            live = consent.state in (ConsentState.ASKED, ConsentState.OPEN)
            if live and health_store.settle_consent(connection, consent, ended, now=now):
                if asked:
                    health_store.insert_asked(connection, self.noted(consent, "refused", "declined"))
                here.tell(connection, EventKind.CONSENT_WITHDRAWN, slug, consent_id, way=consent.way.value)
                return
        if self.own(subject, slug, consent_id).state is ConsentState.USED:
            raise Conflict("consent_used")

    def own(self, subject: Subject, slug: str, consent_id: str) -> Consent:
        """Return a consent of the household. Raises Refused[not_found]."""
        self._deployment.institution(slug)
        with self._deployment.database.read() as connection:
            found = health_store.find_consent(connection, slug, consent_id)
        if found is None or found.person_pin is None:
            raise Refused("not_found")
        require(subject, Action.VIEW, self.resource(slug, found.person_pin), self._gate.context())
        return found

    def noted(self, consent: Consent, outcome: str, reason: str, *, application_id: str | None = None) -> Asked:
        """Return the note that the care provider of a consent asked."""
        return Asked(
            institution=consent.institution,
            asked_id=self._deployment.new_id(),
            at=self._deployment.clock.now(),
            asked_by=consent.given_to or "",
            asked_name=consent.given_name,
            person_pin=consent.person_pin,
            outcome=outcome,
            reason=reason,
            application_id=application_id,
        )

    def code_tag(self, slug: str, code: str) -> str:
        """Return under which tag a code is looked up."""
        return self._filing.tag(slug, f"code:{code}")

    def birth_tag(self, slug: str, code: str, birth_date: date | None) -> str:
        """Return the tag of the birth date that belongs to a code."""
        return self._filing.tag(slug, f"birth:{code}:{birth_date}")

    def resource(self, slug: str, pin: str) -> Resource:
        """Return what the rules look at where something is asked about a person."""
        return Resource(ResourceKind.HEALTH, slug, worker_pin=pin)

    def _pins(self, subject: Subject, slug: str) -> tuple[str, ...]:
        return tuple(each.pin for each in self._cards.household(subject, slug))


def read_code(unverified_text: str) -> str:
    """Return a code as it is looked up, however it was typed. Raises Malformed[consent_code_malformed]."""
    plain = "".join(unverified_text.upper().split()).replace("-", "").translate(_ALIKE)
    if len(plain) != CODE_LETTERS or not set(plain) <= set(ALPHABET):
        raise Malformed("consent_code_malformed")
    return plain
