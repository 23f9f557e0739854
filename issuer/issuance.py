"""Issuing: from an access token and key proofs to signed credentials, in numbered steps.

The order is the promise: what will be signed, under which status entry and for whose key, is committed before any
signature exists; nothing leaves that was not read back. Whatever dies in between leaves a recorded intent, whose
entry can be withdrawn, and never an entry used twice.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from portadoc.errors import Conflict, Malformed, Refused
from portadoc.formats import sd_jwt, strict_json
from portadoc.formats.key_proof import VerifiedKeyProof
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.issuer.credentials import (
    PreparedCredential,
    Subject,
    certified_until,
    make_envelope,
    make_subject,
    sign_prepared,
)
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import Entitlement
from portadoc.issuer.proofs import Nonces, verify_proofs
from portadoc.issuer.status_lists import StatusLists
from portadoc.issuer.store import credential_store, record_store, token_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.catalogue import CredentialConfiguration, credential_configuration
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import CredentialRequest, CredentialResponse, IssuedCredential
from portadoc.schemas.records import Record, record_from_json
from portadoc.storage import Connection

SPEC: Final = "OpenID4VCI 1.0 §8.3.1.2"


class Issuance:
    """Answers credential requests."""

    def __init__(self, deployment: Deployment, nonces: Nonces, status_lists: StatusLists) -> None:
        self._deployment = deployment
        self._nonces = nonces
        self._status_lists = status_lists

    def issue(self, grant: Grant, request: CredentialRequest) -> CredentialResponse:
        """Return one signed copy for each key proven, all of one record and one configuration.

        ``grant`` is what a live access token allows; ``request`` is unverified. Raises Refused, Conflict,
        Untrusted or Malformed for what is wrong with it, Unavailable to be tried again, Misconfigured when our own
        output does not hold. Spec: OpenID4VCI 1.0 §8.
        """
        # 1. The record and configuration asked for, which the access token must cover.
        wanted = _chosen(self._deployment, grant, request)
        # 2. The holder's keys, each proven for us, now, under a challenge of ours.
        proofs = verify_proofs(self._deployment, self._nonces, grant, request.proofs)
        # 3. The record behind the grant.
        record = self._load_record(grant.institution, wanted.record_id)
        # 4. Its claims in the configuration's layout, and how long they are good for.
        subject = self.subject(grant.institution, credential_configuration(wanted.configuration_id), record)
        # 5. One transaction: challenge used up, copies counted, entries reserved, intents recorded.
        prepared = self._record_intents(grant, wanted.record_id, subject, proofs)
        # 6. One signature for each copy, and 7. our own output read back as a stranger would.
        issued = tuple(self._sign(grant.institution, copy) for copy in prepared)
        # 8. Marked as issued before it is answered.
        self._mark_issued(grant.institution, prepared)
        return CredentialResponse(
            credentials=tuple(IssuedCredential(credential=text) for text in issued),
            notification_id=prepared[0].row.notification_id,
        )

    def _load_record(self, institution: str, record_id: str) -> Record:
        with self._deployment.database.read() as connection:
            body = _live_record(connection, institution, record_id)
        return record_from_json(strict_json.loads_object(body, what="record"))

    def subject(self, institution: str, configuration: CredentialConfiguration, record: Record) -> Subject:
        """Return what a copy issued now would say, and for how long. Raises as ``make_subject``."""
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL)
        return make_subject(
            configuration,
            record,
            now=self._deployment.clock.now(),
            coverage_grace_days=self._deployment.settings.coverage_grace_days,
            certified_until=certified_until(signer),
        )

    def _record_intents(
        self, grant: Grant, record_id: str, subject: Subject, proofs: Sequence[VerifiedKeyProof]
    ) -> tuple[PreparedCredential, ...]:
        institution, copies = grant.institution, len(proofs)
        self._status_lists.require_room(institution, copies=copies)
        with self._deployment.database.transaction() as connection:
            _live_record(connection, institution, record_id)  # it may have been withdrawn since it was read
            for nonce in {proof.nonce for proof in proofs}:
                self._nonces.use(connection, institution, nonce)
            if not token_store.spend_copies(connection, grant, copies):
                raise Refused("copies_used_up", spec=SPEC)
            references = self._status_lists.reserve(connection, institution, copies=copies)
            response_id = self._deployment.new_id()
            prepared = tuple(
                self._prepare(grant, record_id, subject, proof, reference, response_id)
                for proof, reference in zip(proofs, references, strict=True)
            )
            credential_store.insert_intents(connection, institution, [copy.row for copy in prepared])
            self._tell(connection, EventKind.ISSUANCE_RECORDED, institution, prepared)
        return prepared

    def _prepare(
        self,
        grant: Grant,
        record_id: str,
        subject: Subject,
        proof: VerifiedKeyProof,
        reference: StatusReference,
        response_id: str,
    ) -> PreparedCredential:
        """Return one copy: own salts, key, identifiers and status entry; only days and claims are shared.

        Nothing here signs or waits: it is pure work inside the transaction that records it. Spec: HAIP 1.0 §6.1.
        """
        claims = self._claims(grant.institution, subject, proof, reference)
        unsigned = sd_jwt.prepare(
            claims,
            disclosable=subject.disclosable,
            random_bytes=self._deployment.random_bytes,
            decoys=self._deployment.settings.decoys,
        )
        row = CredentialRow(
            credential_id=self._deployment.new_id(),
            record_id=record_id,
            grant_id=grant.grant_id,
            notification_id=response_id,
            configuration_id=subject.configuration.id,
            vct=subject.configuration.vct,
            holder_thumbprint=proof.thumbprint,
            payload_digest=hashlib.sha256(unsigned.payload_bytes).hexdigest(),
            valid_from=subject.valid_from,
            valid_until=subject.valid_until,
            list_id=self._status_lists.list_id(reference.uri),
            idx=reference.idx,
            intended_at=self._deployment.clock.now(),
        )
        return PreparedCredential(row, claims, unsigned)

    def _claims(
        self, institution: str, subject: Subject, proof: VerifiedKeyProof, reference: StatusReference
    ) -> JsonObject:
        envelope = make_envelope(
            subject,
            issuer_id=self._deployment.issuer_id(institution),
            holder_jwk=proof.holder_jwk,
            status=reference,
            profile=self._deployment.profile,
            random_bytes=self._deployment.random_bytes,
        )
        return {**envelope, **subject.claims}

    def _sign(self, institution: str, copy: PreparedCredential) -> str:
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL)
        return sign_prepared(copy, signer, self._deployment.profile)

    def _mark_issued(self, institution: str, prepared: Sequence[PreparedCredential]) -> None:
        """Note that the copies go out. Raises: Conflict[record_withdrawn] when one no longer is valid."""
        now, response_id = self._deployment.clock.now(), prepared[0].row.notification_id
        with self._deployment.database.transaction() as connection:
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


def _chosen(deployment: Deployment, grant: Grant, request: CredentialRequest) -> Entitlement:
    """Return the entitlement that the request names. Spec: OpenID4VCI 1.0 §8.2.

    Raises: Malformed[encryption_unsupported], [credential_identifier_required], Refused
    [credential_configuration_unknown], [credential_identifier_unknown], [configuration_not_granted].
    """
    if request.credential_response_encryption is not None:
        raise Malformed("encryption_unsupported", spec=SPEC)
    wanted = request.credential_configuration_id
    if wanted is None:
        named = {each.credential_identifier: each for each in grant.entitlements if grant.identified}
        found = named.get(request.credential_identifier or "")
        if found is None:
            raise Refused("credential_identifier_unknown", spec=SPEC)
        return found
    if grant.identified:
        raise Malformed("credential_identifier_required", spec="OpenID4VCI 1.0 §8.2")
    if wanted not in deployment.institution(grant.institution).configuration_ids:
        raise Refused("credential_configuration_unknown", spec=SPEC)
    of_configuration = [each for each in grant.entitlements if each.configuration_id == wanted]
    if not of_configuration:
        raise Refused("configuration_not_granted", spec=SPEC)
    return of_configuration[0]


def _live_record(connection: Connection, institution: str, record_id: str) -> str:
    """Return the JSON text of a record. Raises: Refused[record_unknown], Conflict[record_withdrawn]."""
    record = record_store.find_record(connection, institution, record_id)
    if record is None:
        raise Refused("record_unknown", spec=SPEC)
    if record.withdrawn_at is not None:
        raise Conflict("record_withdrawn", spec=SPEC)
    return record.body
