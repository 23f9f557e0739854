"""Filing: what is asked about a card or a certificate is an application, recorded before it is decided."""

from collections.abc import Mapping
from dataclasses import replace

from portadoc.errors import Refused
from portadoc.keys.purposes import KeyPurpose
from portadoc.portal.applications.application import (
    Actor,
    Application,
    ApplicationState,
    Capacity,
    CertificateKind,
    Party,
    RequestKind,
    Step,
)
from portadoc.portal.applications.life_cycle import Act, after
from portadoc.portal.applications.numbers import case_number, series
from portadoc.portal.applications.timers import day_of
from portadoc.portal.deployment import Deployment
from portadoc.portal.health.insurance import Terms, health_facts
from portadoc.portal.store import application_store
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection

_TAG_LETTERS = 32


class Filing:
    """Makes and keeps the applications of health care."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def terms(self, slug: str) -> Terms:
        """Return by which terms an institution decides."""
        here = self._deployment
        institution = here.institution(slug)
        return Terms(
            institution_id=institution.institution_id,
            country=institution.country,
            card_months=here.settings.card_months,
            replacement_days=here.settings.replacement_days,
        )

    def require_offered(self, slug: str, kind: CertificateKind) -> None:
        """Require that such documents are given out. Raises Refused[not_found], [certificate_not_offered]."""
        if kind.value not in self._deployment.institution(slug).certificates:
            raise Refused("certificate_not_offered", kind=kind.value)

    def extract(self, slug: str, pin: str) -> JsonObject | None:
        """Return what the register knows of a person. Raises Unavailable[register_unavailable]."""
        found: JsonObject | None = self._deployment.registers.known(slug, worker_pin=pin, employer_id=None)[
            "person"
        ]
        return found

    def tag(self, slug: str, what: str) -> str:
        """Return a keyed tag, under which something is looked up that nobody shall read."""
        key = self._deployment.key_ring.mac(slug, KeyPurpose.NONCE)
        return key.tag(f"portal health:{what}".encode()).hex()[:_TAG_LETTERS]

    def filed(
        self,
        slug: str,
        *,
        subject_id: str,
        kind: CertificateKind,
        pin: str,
        extract: JsonObject | None,
        asked: Mapping[str, Json],
        language: str,
        predecessor: str | None = None,
    ) -> Application:
        """Return an application that is submitted and has DECIDE as its next step; ``keep`` keeps it."""
        here, now = self._deployment, self._deployment.clock.now()
        facts = health_facts(extract, {"kind": kind.value, **asked})
        draft = Application(
            application_id=here.new_id(),
            case_number="",
            institution=slug,
            request_kind=RequestKind.NEW if predecessor is None else RequestKind.CHANGE,
            certificate_kind=kind,
            state=ApplicationState.DRAFT,
            applicant=Party(subject_id=subject_id, capacity=Capacity.INSURED_PERSON),
            employer_id=None,
            worker_pin=pin,
            created_at=now,
            version=0,
            language=language,
            predecessor=predecessor,
            known={"person": extract, "person_source": "person_register"},
        )
        started = after(draft, Act.STARTED, now=now, actor=Actor.APPLICANT, actor_id=subject_id)
        return after(
            started,
            Act.SUBMITTED,
            now=now,
            actor=Actor.APPLICANT,
            actor_id=subject_id,
            submitted_at=now,
            opened_at=now,
            step=Step.DECIDE,
            step_due_at=now + here.settings.resume_after_s,
            facts=facts,
        )

    def keep(self, connection: Connection, filed: Application) -> Application:
        """Keep an application with its number and tell of it; return it as due now."""
        here, now = self._deployment, self._deployment.clock.now()
        name = series(filed.certificate_kind, day_of(now).year)
        running = application_store.next_in_series(connection, filed.institution, name)
        numbered = replace(filed, case_number=case_number(name, running))
        application_store.insert_application(connection, numbered)
        here.tell(
            connection,
            EventKind.APPLICATION_STARTED,
            filed.institution,
            filed.application_id,
            request=filed.request_kind.value,
            certificate=filed.certificate_kind.value,
        )
        return replace(numbered, step_due_at=now)
