"""Official papers: from a recorded decision to a sealed PDF, in numbered steps.

The order is the promise, as it is for credentials and seals: what will be signed is committed before a signature
exists, and nothing leaves that was not read back. A paper holds a digital seal, a copy of the credential, and the
institution's electronic seal over the whole file; all of them stand among the copies of their record, so who
withdraws the record withdraws the paper.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from portadoc.errors import Conflict, Misconfigured, Refused, Untrusted
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.issuance.credentials import PreparedCredential
from portadoc.issuer.paper.official_page import CREDENTIAL_FILE, CREDENTIAL_TYPE, Issued, official_pdf
from portadoc.issuer.sealing.code_book import SecondFactors
from portadoc.issuer.sealing.paper_copies import PaperCopies, PlannedCopy
from portadoc.issuer.sealing.seals import (
    PlannedSeal,
    PreparedSeal,
    Seals,
    birth_date,
    document_number,
    live_body,
)
from portadoc.issuer.sealing.verification_codes import verification_url
from portadoc.issuer.status_lists import StatusLists
from portadoc.issuer.store import credential_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.keys.certificates import certificate_country
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.paper.attachments import AttachedFile, attached_files
from portadoc.paper.pades import require_pyhanko, signed_pdf
from portadoc.paper.typesetting import require_typst
from portadoc.schemas.events import EventKind
from portadoc.schemas.profiles import Mode
from portadoc.schemas.records import Record
from portadoc.schemas.seals import KIND_NUMBERS, PinShown, seal_record
from portadoc.storage import Connection

FEWER_WORKPLACES: Final = (None, 12, 8, 6, 4, 3, 2, 1, 0)
"""How many places of work the digital seal keeps, tried in this order until a printed code can hold it."""

MARGIN: Final = 16
"""Characters by which signature and entry may make a seal longer than it was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperDocument:
    """A sealed paper as it was read back.

    ``code`` is its verification code, told only here; ``seal`` the text of its digital seal, empty for a kind that
    has none and for a document that no printed code can hold: its page says so. ``credential_id`` names it among
    the copies of its record. ``workplaces_left_out`` stand on the page and not in the seal. ``has_copy`` tells
    whether the file carries the credential. ``expires_at`` is in seconds since the epoch, exclusive.
    """

    pdf: bytes = field(repr=False)
    code: str = field(repr=False)
    seal: str = field(repr=False)
    record_id: str
    credential_id: str
    document_number: str
    expires_at: int
    workplaces_left_out: int
    has_copy: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    record_id: str
    record: Record
    ends_at: int
    seal: PlannedSeal | None
    copy: PlannedCopy | None


@dataclass(frozen=True, slots=True)
class _Intent:
    response_id: str
    seal: PreparedSeal | None
    copy: PreparedCredential | None

    @property
    def rows(self) -> tuple[CredentialRow, ...]:
        return tuple(each.row for each in (self.seal, self.copy) if each is not None)


class Papers:
    """Makes official papers."""

    def __init__(self, deployment: Deployment, status_lists: StatusLists, seals: Seals) -> None:
        self._deployment = deployment
        self._status_lists = status_lists
        self._seals = seals
        self._copies = PaperCopies(deployment, status_lists)

    def paper(
        self,
        institution: str,
        record_id: str,
        *,
        languages: Sequence[str],
        pin: PinShown,
        until_certificate_ends: bool = False,
    ) -> PaperDocument:
        """Return a new paper of a record of this institution, in one language or two (``host``: the host State's).

        ``pin`` says how much of the personal number the digital seal holds; the page has it as the form does.
        Raises as ``Seals.seal``, and Refused[paper_languages], [paper_kind_unknown]; Misconfigured[extra_missing],
        [typesetting_failed], [signer_unfit_for_pdf], [own_output_invalid].
        """
        require_typst()
        require_pyhanko()
        # 1. The record, in force; this institution's to certify; what seal and copy will say, and for how long.
        plan = self._plan(institution, record_id, pin=pin, until_certificate_ends=until_certificate_ends)
        # 2. One transaction: entries reserved, intents recorded.
        intent = self._record_intents(institution, plan)
        # 3. A signature for each, read back as a stranger would.
        issued = self._sign(institution, plan, intent)
        # 4. The page that carries them, and its digest recorded before the page is sealed.
        plain = self._set(institution, plan.record, issued, languages)
        self._record_page(institution, plan, plain)
        # 5. The institution's electronic seal over the file, and the whole read back.
        pdf = self._sealed(institution, plain, issued)
        # 6. Marked as made, and its code kept, before it is handed out.
        self._release(institution, plan, intent, issued)
        return PaperDocument(
            pdf=pdf,
            code=issued.code,
            seal=issued.seal or "",
            record_id=record_id,
            credential_id=intent.rows[0].credential_id,
            document_number=document_number(plan.record),
            expires_at=issued.expires_at,
            workplaces_left_out=issued.left_out,
            has_copy=issued.credential is not None,
        )

    def _plan(self, institution: str, record_id: str, *, pin: PinShown, until_certificate_ends: bool) -> _Plan:
        record = self._seals.live_record(institution, record_id)
        signer = self._seals.require_may_seal(institution, record)
        life = self._seals.life(record, signer, until_certificate_ends=until_certificate_ends)
        copy, seal = self._copies.plan(institution, record_id, record, life), None
        if record.KIND in KIND_NUMBERS:
            try:
                seal = self._fitting(institution, record_id, record, pin, until_certificate_ends)
            except Refused as refused:
                if refused.code != "seal_too_large" or copy is None:
                    raise
        return _Plan(record_id, record, life.ends_at, seal, copy)

    def _fitting(
        self, institution: str, record_id: str, record: Record, pin: PinShown, until_certificate_ends: bool
    ) -> PlannedSeal:
        """Return the seal with as many places of work as a printed code holds. Raises Refused[seal_too_large]."""
        too_large: Refused | None = None
        for kept in FEWER_WORKPLACES:
            try:
                return self._seals.plan(
                    institution,
                    record_id,
                    record,
                    pin=pin,
                    max_workplaces=kept,
                    until_certificate_ends=until_certificate_ends,
                    margin=MARGIN,
                )
            except Refused as refused:
                if refused.code != "seal_too_large":
                    raise
                too_large = refused
        assert too_large is not None
        raise too_large

    def _record_intents(self, institution: str, plan: _Plan) -> _Intent:
        copies = sum(each is not None for each in (plan.seal, plan.copy))
        if not copies:
            raise Refused("seal_kind_not_issued", kind=plan.record.KIND)
        self._status_lists.require_room(institution, copies=copies)
        response_id = self._deployment.new_id()
        with self._deployment.database.transaction() as connection:
            live_body(connection, institution, plan.record_id)  # it may have been withdrawn since it was read
            entries = list(self._status_lists.reserve(connection, institution, copies=copies))
            seal = copy = None
            if plan.seal is not None:
                seal = self._seals.prepare(institution, plan.seal, entries.pop(), response_id=response_id)
            if plan.copy is not None:
                copy = self._copies.prepare(institution, plan.copy, entries.pop(), response_id=response_id)
            intent = _Intent(response_id, seal, copy)
            credential_store.insert_intents(connection, institution, intent.rows)
            self._tell(connection, EventKind.ISSUANCE_RECORDED, institution, intent)
        return intent

    def _sign(self, institution: str, plan: _Plan, intent: _Intent) -> Issued:
        code = self._seals.codes.new_code()
        issued = Issued(
            seal=None,
            is_too_large=plan.seal is None and plan.record.KIND in KIND_NUMBERS,
            left_out=0,
            credential=None,
            code=code,
            code_url=verification_url(self._deployment.settings.base_url, code),
            expires_at=plan.ends_at,
        )
        if plan.seal is not None and intent.seal is not None:
            text, claims = self._seals.sign(plan.seal, intent.seal)
            issued = replace(
                issued, seal=text, left_out=int(seal_record(claims.content).get("more_workplaces", 0))
            )
        if intent.copy is not None:
            issued = replace(issued, credential=self._copies.sign(institution, intent.copy))
        return issued

    def _set(self, institution: str, record: Record, issued: Issued, languages: Sequence[str]) -> bytes:
        return official_pdf(
            record,
            issued,
            languages=languages,
            institution=self._name(institution, languages[0] if languages else ""),
            state=certificate_country(self._signer(institution).chain[0]),
            made_at=self._deployment.clock.now(),
            is_test=self._deployment.settings.mode is Mode.DEVELOPMENT,
        )

    def _name(self, institution: str, language: str) -> str:
        names = self._deployment.institution(institution).names
        return names.get(language) or next(iter(names.values()))

    def _record_page(self, institution: str, plan: _Plan, plain: bytes) -> None:
        digest = hashlib.sha256(plain).hexdigest()
        with self._deployment.database.transaction() as connection:
            live_body(connection, institution, plan.record_id)
            self._deployment.tell(
                connection, EventKind.ISSUANCE_RECORDED, institution, plan.record_id, form="pdf", digest=digest
            )

    def _sealed(self, institution: str, plain: bytes, issued: Issued) -> bytes:
        """Return the file under the institution's electronic seal. Raises Misconfigured[own_output_invalid]."""
        name, now = self._name(institution, ""), self._deployment.clock.now()
        try:
            pdf = signed_pdf(plain, signer=self._signer(institution), name=name, at=now)
        except Untrusted as exc:
            raise Misconfigured("own_output_invalid", reason=exc.code) from exc
        expected: tuple[AttachedFile, ...] = ()
        if issued.credential is not None:
            content = issued.credential.encode("ascii")
            expected = (AttachedFile(CREDENTIAL_FILE, CREDENTIAL_TYPE, "Data", content),)
        if not pdf.startswith(plain) or attached_files(pdf) != expected:
            raise Misconfigured("own_output_invalid", reason="differs_from_plan")
        return pdf

    def _signer(self, institution: str) -> Signer:
        return self._deployment.key_ring.signer(institution, KeyPurpose.DOCUMENT_SEAL)

    def _release(self, institution: str, plan: _Plan, intent: _Intent, issued: Issued) -> None:
        """Note that the paper goes out, and keep its code. Raises Conflict[record_withdrawn]."""
        now = self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            marked = credential_store.mark_issued(connection, institution, intent.response_id, now=now)
            if marked != len(intent.rows):
                raise Conflict("record_withdrawn")
            self._seals.codes.keep(
                connection,
                institution,
                code=issued.code,
                credential_id=intent.rows[0].credential_id,
                text=issued.seal,
                factors=SecondFactors(document_number(plan.record), birth_date(plan.record)),
                expires_at=issued.expires_at,
            )
            self._tell(connection, EventKind.DOCUMENT_SEALED, institution, intent)

    def _tell(self, connection: Connection, kind: EventKind, institution: str, intent: _Intent) -> None:
        self._deployment.tell(
            connection,
            kind,
            institution,
            intent.rows[0].record_id,
            configuration_id=intent.rows[0].configuration_id,
            credential_ids=[row.credential_id for row in intent.rows],
        )
