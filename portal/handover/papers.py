"""Papers: the sealed certificate and the proof of an application, each made once and then always the same."""

from dataclasses import replace

from portadoc.access.actions import Action
from portadoc.access.subjects import Subject
from portadoc.errors import Conflict, Refused, Unavailable
from portadoc.portal.applications.application import OPEN, Application, ApplicationState
from portadoc.portal.applications.records import proof_of
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.neighbours import PaperDocument
from portadoc.portal.store import application_store, handover_store
from portadoc.portal.store.handover_store import Document, DocumentKind
from portadoc.schemas.events import EventKind

_PROVABLE = OPEN - {ApplicationState.DRAFT}


class Papers:
    """Makes papers and gives them out."""

    def __init__(self, deployment: Deployment, gate: Gate) -> None:
        self._deployment = deployment
        self._gate = gate

    def paper(self, subject: Subject, slug: str, application_id: str, *, language: str) -> Document:
        """Return the sealed certificate in a language; every call returns the same one.

        Raises Refused[not_found], Conflict[certificate_missing], and as the issuer does.
        """
        here = self._deployment
        with here.database.read() as connection:
            found = self._gate.application(connection, subject, slug, application_id, Action.VIEW_PAPER)
            record_id = found.record_id if found.has_certificate else None
            if record_id is None:
                raise Conflict("certificate_missing")
            kept = handover_store.find_document(
                connection, slug, application_id, DocumentKind.PAPER, language=language, about=record_id
            )
        if kept is not None:
            return self._read(kept)
        made = here.certificates.paper(slug, record_id, language=language)
        return self._keep(found, DocumentKind.PAPER, language, record_id, made)

    def proof(self, subject: Subject, slug: str, application_id: str, *, language: str) -> Document:
        """Return the signed proof that an application was filed and is not decided.

        Raises Refused[not_found], [particulars_missing], [proof_of_other_kind]; Conflict[application_state] for
        what is not filed, or is decided.
        """
        with self._deployment.database.read() as connection:
            found = self._gate.application(connection, subject, slug, application_id, Action.VIEW_PROOF)
        return self.prove(found, language=language)

    def prove(self, application: Application, *, language: str) -> Document:
        """Return the proof of an application that is filed and not decided. Raises as ``proof``."""
        here, slug = self._deployment, application.institution
        if application.state not in _PROVABLE or application.submitted_at is None:
            raise Conflict("application_state", state=application.state.value, act="proved")
        proof = proof_of(application, here.competent(slug))
        record_id = application.proof_record_id or self._reserve(application)
        with here.database.read() as connection:
            kept = handover_store.find_document(
                connection,
                slug,
                application.application_id,
                DocumentKind.PROOF,
                language=language,
                about=record_id,
            )
        if kept is not None:
            return self._read(kept)
        here.certificates.upload(slug, proof, record_id=record_id)
        made = here.certificates.paper(slug, record_id, language=language)
        return self._keep(application, DocumentKind.PROOF, language, record_id, made)

    def prove_if_possible(self, application: Application) -> None:
        """Make the proof of an urgent application at once; what cannot be had now is made when it is asked for."""
        try:
            self.prove(application, language=application.language)
        except (Conflict, Refused, Unavailable):  # decided meanwhile, not provable, not now
            return

    def _reserve(self, application: Application) -> str:
        """Commit under which id the proof will be held, so that its end is never forgotten."""
        here = self._deployment
        with here.database.transaction() as connection:
            current = application_store.find_application(
                connection, application.institution, application.application_id
            )
            if current is None or current.state not in _PROVABLE:
                raise Conflict("application_changed")
            if current.proof_record_id is not None:
                return current.proof_record_id
            named = replace(current, version=current.version + 1, proof_record_id=here.new_id())
            application_store.save_application(connection, named, was=current)
            here.tell(
                connection,
                EventKind.APPLICATION_PROVED,
                application.institution,
                application.application_id,
                record_id=named.proof_record_id,
            )
        return str(named.proof_record_id)

    def _keep(
        self, application: Application, kind: DocumentKind, language: str, about: str, made: PaperDocument
    ) -> Document:
        """Keep a paper; if what it is about has ended meanwhile, it is withdrawn and not shown."""
        here, slug = self._deployment, application.institution
        document = Document(
            institution=slug,
            application_id=application.application_id,
            kind=kind,
            language=language,
            about=about,
            made_at=here.clock.now(),
            pdf=made.pdf,
            code=made.code,
            seal=made.seal,
        )
        with here.database.transaction() as connection:
            current = application_store.find_application(connection, slug, application.application_id)
            stands = current is not None and about in (current.record_id, current.proof_record_id)
            kept = handover_store.keep_document(connection, document) if stands else None
        if kept is None:
            self._end(slug, about)
            raise Conflict("application_changed")
        return self._read(kept)

    def _end(self, slug: str, record_id: str) -> None:
        self._deployment.certificates.withdraw(
            slug, record_id, reason="superseded", effective_from=self._deployment.today(), successor=None
        )

    def _read(self, document: Document) -> Document:
        """Note that a paper was given out: without the note it is not."""
        here = self._deployment
        with here.database.transaction() as connection:
            here.tell(
                connection,
                EventKind.CERTIFICATE_READ,
                document.institution,
                document.application_id,
                document=document.kind.value,
                language=document.language,
            )
        return document
