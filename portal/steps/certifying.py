"""Certifying: a record is kept, compared, signed, and out only with the note of it."""

from portadoc.errors import Misconfigured
from portadoc.portal.applications.application import HEALTH, Application
from portadoc.portal.applications.records import record_of
from portadoc.portal.deployment import Deployment
from portadoc.portal.health.certificates import health_record_of
from portadoc.portal.keeping import Keeping
from portadoc.portal.neighbours import PaperDocument
from portadoc.portal.standing import require_judged_beside
from portadoc.portal.store import handover_store
from portadoc.portal.store.handover_store import Document, DocumentKind
from portadoc.schemas.events import EventKind
from portadoc.schemas.records import Record, record_to_json


class Certifying:
    """Makes the certificate of an application through the issuer."""

    def __init__(self, deployment: Deployment, keeping: Keeping) -> None:
        self._deployment = deployment
        self._keeping = keeping

    def certified(self, application: Application, *, replaces: str | None) -> PaperDocument:
        """Record, compare what is held, and sign. Raises as the issuer; Misconfigured[own_output_invalid]."""
        here, slug, record_id = self._deployment, application.institution, application.record_id or ""
        record: Record
        if application.certificate_kind in HEALTH:
            record = health_record_of(application, here.competent(slug))
        else:
            record = record_of(application, here.competent(slug), replaces=replaces)
        here.certificates.upload(slug, record, record_id=record_id)
        if here.certificates.held(slug, record_id) != record_to_json(record):
            raise Misconfigured("own_output_invalid", reason="record")
        return here.certificates.paper(slug, record_id, language=application.language)

    def released(
        self, done: Application, paper: PaperDocument, *, was: Application, tell: bool = False
    ) -> Application:
        """Commit that a certificate is out, and its paper with it; ``tell`` leaves it to tell the other States.

        Raises Conflict[application_changed]; Refused[grant_not_derivable] for a first release by the rules beside
        which another certificate stands by now, or which follows one that has ended.
        """
        document = Document(
            institution=done.institution,
            application_id=done.application_id,
            kind=DocumentKind.PAPER,
            language=done.language,
            about=done.record_id or "",
            made_at=self._deployment.clock.now(),
            pdf=paper.pdf,
            code=paper.code,
            seal=paper.seal,
        )
        with self._deployment.database.transaction() as connection:
            if tell and was.automated and was.certificate_kind not in HEALTH:
                require_judged_beside(connection, was)
            handover_store.keep_document(connection, document)
            if tell:
                self._keeping.leave_telling(connection, done)
            self._keeping.save(connection, done, was=was, kind=EventKind.CERTIFICATE_RELEASED)
        return done
