"""Sealing: from a recorded decision to the text of a printed seal, in numbered steps.

The order is the promise, as it is for credentials: what will be signed, under which status entry, is committed
before a signature exists; nothing leaves that was not read back. Whatever dies in between leaves a recorded
intent, whose entry can be withdrawn, and never an entry used twice. A seal stands among the copies of its record,
so who withdraws the record withdraws paper and wallet alike; the entry of its own tells nobody that the two belong
together.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from portadoc.errors import Conflict, Error, Misconfigured, Refused
from portadoc.formats import strict_json
from portadoc.formats.cose import strict_cbor
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.visible_seal import SealClaims, SealTerms, make_seal, parse_seal, verify_seal
from portadoc.formats.visible_seal.seal import CLAIM_LABELS
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.sealing.code_book import CodeBook, SecondFactors
from portadoc.issuer.sealing.measuring import likely_entry, require_printable
from portadoc.issuer.sealing.terms import EndsWith, SealLife, require_may_seal, seal_life
from portadoc.issuer.sealing.verification_codes import verification_url
from portadoc.issuer.status_lists import StatusLists
from portadoc.issuer.store import credential_store, record_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.keys.certificates import certificate_key, parse_certificate
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust.published_chains import chains_to_json
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.coverage import CoverageCertificate
from portadoc.schemas.coverage.application import ApplicationProof
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.events import EventKind
from portadoc.schemas.pda1 import Pda1, RecordWarning
from portadoc.schemas.records import Record, record_from_json, record_warnings
from portadoc.schemas.seals import SEAL_TYPES, PinShown, SealContent, seal_content, seal_record
from portadoc.storage import Connection

SEAL_CONFIGURATION: Final = "seal"
"""What stands among the copies of a record in place of a credential configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A seal as its maker gets it, once: its text, and the code by which it can be had again.

    ``record_id`` is the record that was sealed: who withdraws it ends the seal. ``document`` is what the seal
    says, as JSON of the record; ``workplaces_left_out`` are not in it. ``ends_with`` says what ``expires_at``
    (epoch seconds, exclusive) follows from.
    """

    text: str = field(repr=False)
    record_id: str
    credential_id: str
    document_number: str
    expires_at: int
    ends_with: EndsWith
    verification_code: str = field(repr=False)
    verification_url: str = field(repr=False)
    kind: str
    document: JsonObject = field(repr=False)
    workplaces_left_out: int
    warnings: tuple[RecordWarning, ...]


@dataclass(frozen=True, slots=True)
class PlannedSeal:
    """What will be sealed, for how long and under which key; a printed code can hold it."""

    record_id: str
    record: Record
    content: SealContent
    life: SealLife
    signer: Signer


@dataclass(frozen=True, slots=True)
class PreparedSeal:
    """A seal whose intent is recorded."""

    row: CredentialRow
    content: SealContent
    terms: SealTerms


class Seals:
    """Makes seals, keeps their codes, and publishes the certificates that prove them."""

    def __init__(self, deployment: Deployment, status_lists: StatusLists) -> None:
        self._deployment = deployment
        self._status_lists = status_lists
        self.codes = CodeBook(deployment)

    def seal(
        self,
        institution: str,
        record_id: str,
        *,
        pin: PinShown,
        max_workplaces: int | None = None,
        until_certificate_ends: bool = False,
    ) -> Sealed:
        """Return a new seal of a record of this institution.

        A record that is too large for print is refused, unless ``max_workplaces`` says how many places of work
        stay; the seal then says how many it leaves out. Raises Refused[not_found], [record_unknown],
        [seal_kind_not_issued], [record_of_other_institution], [seal_too_large]; Conflict[record_withdrawn],
        [record_expired], [seal_outlives_certificate]; Unavailable to be tried again; Misconfigured
        [seal_certificate_missing], [signer_certificate_expired], [own_output_invalid].
        """
        # 1. The record, in force; this institution's to seal; what the seal will say, and that a code can hold it.
        record = self.live_record(institution, record_id)
        planned = self.plan(
            institution,
            record_id,
            record,
            pin=pin,
            max_workplaces=max_workplaces,
            until_certificate_ends=until_certificate_ends,
        )
        # 2. One transaction: entry reserved, intent recorded.
        prepared = self._record_intent(institution, planned)
        # 3. One signature, and our own output read back as a stranger would.
        text, claims = self.sign(planned, prepared)
        # 4. Marked as made, and its code kept, before it is handed out.
        code = self._release(institution, prepared, text, record)
        document = seal_record(claims.content)
        return Sealed(
            text=text,
            record_id=record_id,
            credential_id=prepared.row.credential_id,
            document_number=document_number(record),
            expires_at=planned.life.ends_at,
            ends_with=planned.life.ends_with,
            verification_code=code,
            verification_url=verification_url(self._deployment.settings.base_url, code),
            kind=record.KIND,
            document=document,
            workplaces_left_out=int(document.get("more_workplaces", 0)),
            warnings=record_warnings(record),
        )

    def plan(
        self,
        institution: str,
        record_id: str,
        record: Record,
        *,
        pin: PinShown,
        max_workplaces: int | None,
        until_certificate_ends: bool,
        margin: int = 0,
    ) -> PlannedSeal:
        """Return what a seal made now would be, with ``margin`` characters to spare in print.

        Nothing is recorded; raises as ``seal``.
        """
        signer = self.require_may_seal(institution, record)
        life = self.life(record, signer, until_certificate_ends=until_certificate_ends)
        content = seal_content(record, pin=pin, max_workplaces=max_workplaces)
        self._require_printable(institution, content, life, signer, margin)
        return PlannedSeal(record_id, record, content, life, signer)

    def sign(self, planned: PlannedSeal, prepared: PreparedSeal) -> tuple[str, SealClaims]:
        """Return the text of a seal whose intent is recorded, and what it was read back as."""
        text = make_seal(planned.content, prepared.terms, signer=planned.signer)
        return text, _read_back(text, prepared, planned.signer)

    def require_may_seal(self, institution: str, record: Record) -> Signer:
        """Return the key with which this institution may seal a record.

        Raises Refused[not_found], [seal_kind_not_issued], [record_of_other_institution],
        [legislation_of_other_state], Misconfigured[seal_certificate_missing].
        """
        here = self._deployment.institution(institution)
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.DOCUMENT_SEAL)
        require_may_seal(
            record, institution_id=here.institution_id, configuration_ids=here.configuration_ids, signer=signer
        )
        return signer

    def certificates(self, institution: str) -> JsonObject:
        """Return the chains of this institution's keys for seals, retired ones while a seal of theirs may live.

        No seal outlives the certificate of its key. Raises Refused[not_found].
        """
        self._deployment.institution(institution)
        now = self._deployment.clock.now()
        chains = self._deployment.key_ring.chains(KeyPurpose.DOCUMENT_SEAL, institution=institution)
        return chains_to_json(
            chain for chain in chains if all(parse_certificate(der).not_after >= now for der in chain)
        )

    def life(self, record: Record, signer: Signer, *, until_certificate_ends: bool) -> SealLife:
        """Return the life of a seal made now. Raises as ``seal_life``."""
        return seal_life(
            record,
            now=self._deployment.clock.now(),
            settings=self._deployment.settings,
            signer=signer,
            until_certificate_ends=until_certificate_ends,
        )

    def _require_printable(
        self, institution: str, content: SealContent, life: SealLife, signer: Signer, margin: int
    ) -> None:
        settings, random_bytes = self._deployment.settings, self._deployment.random_bytes
        entry = likely_entry(settings.base_url, institution, settings.status_list_size, random_bytes=random_bytes)
        terms = self._terms(institution, life, entry)
        require_printable(content, terms, signer=signer, random_bytes=random_bytes, margin=margin)

    def _terms(self, institution: str, life: SealLife, status: StatusReference) -> SealTerms:
        institution_id = self._deployment.institution(institution).institution_id
        return SealTerms(institution=institution_id, iat=life.starts_at, exp=life.ends_at, status=status)

    def live_record(self, institution: str, record_id: str) -> Record:
        """Return a record in force. Raises Refused[not_found], [record_unknown], Conflict[record_withdrawn]."""
        self._deployment.institution(institution)
        with self._deployment.database.read() as connection:
            body = live_body(connection, institution, record_id)
        return record_from_json(strict_json.loads_object(body, what="record"))

    def _record_intent(self, institution: str, planned: PlannedSeal) -> PreparedSeal:
        self._status_lists.require_room(institution, copies=1)
        with self._deployment.database.transaction() as connection:
            live_body(connection, institution, planned.record_id)  # it may have been withdrawn since it was read
            (reference,) = self._status_lists.reserve(connection, institution, copies=1)
            prepared = self.prepare(institution, planned, reference, response_id=self._deployment.new_id())
            credential_store.insert_intents(connection, institution, [prepared.row])
            self._tell(connection, EventKind.ISSUANCE_RECORDED, institution, prepared.row)
        return prepared

    def prepare(
        self, institution: str, planned: PlannedSeal, reference: StatusReference, *, response_id: str
    ) -> PreparedSeal:
        """Return the intent of a seal under an entry, to be recorded; ``response_id`` is of all made with it."""
        terms = self._terms(institution, planned.life, reference)
        row = CredentialRow(
            credential_id=self._deployment.new_id(),
            record_id=planned.record_id,
            grant_id="",
            notification_id=response_id,
            configuration_id=SEAL_CONFIGURATION,
            vct=SEAL_TYPES[planned.record.KIND],
            holder_thumbprint="",
            payload_digest=_digest(planned.content, terms),
            valid_from=planned.life.starts_at,
            valid_until=planned.life.ends_at,
            list_id=self._status_lists.list_id(reference.uri),
            idx=reference.idx,
            intended_at=self._deployment.clock.now(),
        )
        return PreparedSeal(row, planned.content, terms)

    def _release(self, institution: str, prepared: PreparedSeal, text: str, record: Record) -> str:
        """Note that the seal goes out, and return its new code. Raises Conflict[record_withdrawn]."""
        row, now = prepared.row, self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            if credential_store.mark_issued(connection, institution, row.notification_id, now=now) != 1:
                raise Conflict("record_withdrawn")
            code = self.codes.new_code()
            self.codes.keep(
                connection,
                institution,
                code=code,
                credential_id=row.credential_id,
                text=text,
                factors=SecondFactors(document_number(record), birth_date(record)),
                expires_at=row.valid_until,
            )
            self._tell(connection, EventKind.DOCUMENT_SEALED, institution, row)
        return code

    def _tell(self, connection: Connection, kind: EventKind, institution: str, row: CredentialRow) -> None:
        self._deployment.tell(
            connection,
            kind,
            institution,
            row.record_id,
            configuration_id=row.configuration_id,
            credential_ids=[row.credential_id],
        )


def document_number(record: Record) -> str:
    """Return the number that is printed on the document; empty where it has none."""
    if isinstance(record, Pda1 | CoverageCertificate):
        return record.document.number
    if isinstance(record, ApplicationProof):
        return record.reference
    return (record.card_number or "") if isinstance(record, Ehic | Prc) else ""


def birth_date(record: Record) -> str:
    """Return the birth date of whom the document is about, ``YYYY-MM-DD``; empty where that is not said."""
    if isinstance(record, Pda1 | ApplicationProof | CoverageCertificate):
        return record.person.date_of_birth.isoformat()
    return record.insured.date_of_birth.isoformat() if isinstance(record, Ehic | Prc) else ""


def live_body(connection: Connection, institution: str, record_id: str) -> str:
    """Return the JSON text of a record. Raises Refused[record_unknown], Conflict[record_withdrawn]."""
    record = record_store.find_record(connection, institution, record_id)
    if record is None:
        raise Refused("record_unknown")
    if record.withdrawn_at is not None:
        raise Conflict("record_withdrawn")
    return record.body


def _claims(content: SealContent, terms: SealTerms) -> Mapping[str, Any]:
    return {
        "iss": terms.institution,
        "exp": terms.exp,
        "iat": terms.iat,
        "status": terms.status.to_claim(),
        "content": dict(content),
    }


def _digest(content: SealContent, terms: SealTerms) -> str:
    """Return the digest of the bytes that will be signed, worked out apart from who signs them."""
    payload = {CLAIM_LABELS[name]: value for name, value in _claims(content, terms).items()}
    return hashlib.sha256(strict_cbor.dumps(payload)).hexdigest()


def _read_back(text: str, prepared: PreparedSeal, signer: Signer) -> SealClaims:
    """Read our own output as a stranger would and compare it with the plan: signature, payload, every claim.

    Raises Misconfigured[own_output_invalid].
    """
    try:
        unverified = parse_seal(text, allowed_algs=frozenset({signer.alg}))
        claims = verify_seal(unverified, key=certificate_key(parse_certificate(signer.chain[0])))
    except Error as exc:
        raise Misconfigured("own_output_invalid", reason=exc.code) from exc
    payload = unverified.unverified_message.payload
    planned = dict(_claims(prepared.content, prepared.terms))
    said = {**claims.envelope, "content": claims.content}
    if hashlib.sha256(payload).hexdigest() != prepared.row.payload_digest or said != planned:
        raise Misconfigured("own_output_invalid", reason="differs_from_plan")
    return claims
