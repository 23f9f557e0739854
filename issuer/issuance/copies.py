"""Copies of a credential: recorded, signed, read back and marked, in that order.

The order is the promise: what will be signed, under which status entry and for whose key, is committed before any
signature exists; nothing leaves that was not read back. Whatever dies in between leaves a recorded intent, whose
entry can be withdrawn, and never an entry used twice.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Conflict, Refused
from portadoc.formats import sd_jwt
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.issuance.credentials import PreparedCredential, Subject, make_envelope, sign_prepared
from portadoc.issuer.issuance.disclosure import digest_in_force
from portadoc.issuer.issuance.proofs import HolderKey
from portadoc.issuer.status_lists import StatusLists
from portadoc.issuer.store import credential_store, record_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import CredentialResponse, IssuedCredential
from portadoc.storage import Connection

SPEC: Final = "OpenID4VCI 1.0 §8.3.1.2"
Claim = Callable[[Connection, str], None]
"""What is done in a transaction on account of a response, by its id; it raises for whoever comes late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one response delivers: one copy of a record for each key, on account of a grant."""

    institution: str
    grant_id: str
    record_id: str
    subject: Subject
    keys: tuple[HolderKey, ...]


class Copies:
    """Makes the copies of one response."""

    def __init__(self, deployment: Deployment, status_lists: StatusLists) -> None:
        self._deployment = deployment
        self._status_lists = status_lists

    def make(self, order: Order, claim: Claim) -> CredentialResponse:
        """Return one signed copy for each key. Raises as ``record`` and ``hand_out``. Spec: OpenID4VCI §8.3."""
        # 1. one transaction: claimed, entries reserved, intents recorded
        prepared = self.record(order, self._deployment.new_id(), claim)
        # 2. signed, read back, marked as issued
        return self.hand_out(order.institution, prepared)

    def hand_out(
        self, institution: str, prepared: Sequence[PreparedCredential], end: Claim | None = None
    ) -> CredentialResponse:
        """Return the copies that were recorded, signed.

        ``end`` ends, in the transaction that marks them as issued, what they were promised by. Raises as ``end``,
        Conflict[record_withdrawn] when one no longer is valid, Misconfigured when our own output does not hold.
        """
        # 1. one signature for each copy, and 2. our own output read back as a stranger would
        issued = tuple(self._sign(institution, copy) for copy in prepared)
        # 3. marked as issued before it is answered
        self._mark_issued(institution, prepared, end)
        return CredentialResponse(
            credentials=tuple(IssuedCredential(credential=text) for text in issued),
            notification_id=prepared[0].row.notification_id,
        )

    def record(self, order: Order, response_id: str, claim: Claim) -> tuple[PreparedCredential, ...]:
        """Record what will be signed under the id of a response, and return it.

        ``claim`` takes, in the same transaction, what may be taken once. Raises
        Refused[record_unknown], Conflict[record_withdrawn], Unavailable to be tried again, and as ``claim``.
        """
        institution, copies = order.institution, len(order.keys)
        self._status_lists.require_room(institution, copies=copies)
        with self._deployment.database.transaction() as connection:
            live_record(connection, institution, order.record_id)  # it may have been withdrawn since it was read
            claim(connection, response_id)
            references = self._status_lists.reserve(connection, institution, copies=copies)
            prepared = tuple(
                self._prepare(order, key, reference, response_id)
                for key, reference in zip(order.keys, references, strict=True)
            )
            credential_store.insert_intents(connection, institution, [copy.row for copy in prepared])
            self._tell(connection, EventKind.ISSUANCE_RECORDED, institution, prepared)
        return prepared

    def _prepare(
        self, order: Order, key: HolderKey, reference: StatusReference, response_id: str
    ) -> PreparedCredential:
        """Return one copy: own salts, key, identifiers and status entry; only days and claims are shared.

        Nothing here signs or waits: it is pure work inside the transaction that records it. Spec: HAIP 1.0 §6.1.
        """
        subject = order.subject
        claims = self._claims(order, key, reference)
        unsigned = sd_jwt.prepare(
            claims,
            disclosable=subject.disclosable,
            random_bytes=self._deployment.random_bytes,
            decoys=self._deployment.settings.decoys,
        )
        row = CredentialRow(
            credential_id=self._deployment.new_id(),
            record_id=order.record_id,
            grant_id=order.grant_id,
            notification_id=response_id,
            configuration_id=subject.configuration.id,
            vct=subject.configuration.vct,
            holder_thumbprint=key.thumbprint,
            payload_digest=hashlib.sha256(unsigned.payload_bytes).hexdigest(),
            valid_from=subject.valid_from,
            valid_until=subject.valid_until,
            list_id=self._status_lists.list_id(reference.uri),
            idx=reference.idx,
            intended_at=self._deployment.clock.now(),
            policy_digest=digest_in_force(self._deployment, order.institution, subject.configuration.id),
        )
        return PreparedCredential(row, claims, unsigned)

    def _claims(self, order: Order, key: HolderKey, reference: StatusReference) -> JsonObject:
        envelope = make_envelope(
            order.subject,
            issuer_id=self._deployment.issuer_id(order.institution),
            holder_jwk=key.jwk,
            status=reference,
            profile=self._deployment.profile,
            random_bytes=self._deployment.random_bytes,
        )
        return {**envelope, **order.subject.claims}

    def _sign(self, institution: str, copy: PreparedCredential) -> str:
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL)
        issuer_id = self._deployment.issuer_id(institution)
        return sign_prepared(copy, signer, self._deployment.profile, issuer_id=issuer_id)

    def _mark_issued(self, institution: str, prepared: Sequence[PreparedCredential], end: Claim | None) -> None:
        """Note that the copies go out. Raises as ``end``, and Conflict[record_withdrawn] as ``hand_out``."""
        now, response_id = self._deployment.clock.now(), prepared[0].row.notification_id
        with self._deployment.database.transaction() as connection:
            if end is not None:
                end(connection, response_id)
            if credential_store.mark_issued(connection, institution, response_id, now=now) != len(prepared):
                raise Conflict("record_withdrawn", spec=SPEC)
            self._tell(connection, EventKind.CREDENTIAL_ISSUED, institution, prepared)

    def _tell(
        self, connection: Connection, kind: EventKind, institution: str, prepared: Sequence[PreparedCredential]
    ) -> None:
        row = prepared[0].row
        self._deployment.tell(
            connection,
            kind,
            institution,
            row.record_id,
            configuration_id=row.configuration_id,
            credential_ids=[copy.row.credential_id for copy in prepared],
        )


def live_record(connection: Connection, institution: str, record_id: str) -> str:
    """Return the JSON text of a record. Raises: Refused[record_unknown], Conflict[record_withdrawn]."""
    record = record_store.find_record(connection, institution, record_id)
    if record is None:
        raise Refused("record_unknown", spec=SPEC)
    if record.withdrawn_at is not None:
        raise Conflict("record_withdrawn", spec=SPEC)
    return record.body
