"""The copy of a credential that travels inside a paper: signed like any other, and bound to nobody's key.

Who reads it learns that the institution says so, and not whose it is: that is shown by the person's own documents.
It lives as long as the seal of its paper, under a status entry of its own.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Refused
from portadoc.formats import sd_jwt
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.issuance.credentials import (
    PreparedCredential,
    Subject,
    certified_until,
    day_of,
    make_envelope,
    sign_prepared,
)
from portadoc.issuer.sealing.terms import SealLife
from portadoc.issuer.status_lists import StatusLists
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.catalogue import credential_configuration, issuing_institution
from portadoc.schemas.records import Record

LAYOUT_ON_PAPER: Final[Mapping[str, str]] = {
    "pda1": "pda1-webuild",
    "prc": "prc",
    "bilateral": "coverage-bilateral",
    "maintenance": "coverage-maintenance",
}
"""The configuration in which each kind travels: of an A1 the one that has all of the form and knows no binding.

The card has none: its rulebook binds every one of them to the holder's key, so the card is had in a wallet alone.
"""


@dataclass(frozen=True, slots=True)
class PlannedCopy:
    """What a copy will say, and how long it lives."""

    record_id: str
    subject: Subject


class PaperCopies:
    """Makes copies for papers."""

    def __init__(self, deployment: Deployment, status_lists: StatusLists) -> None:
        self._deployment = deployment
        self._status_lists = status_lists

    def plan(self, institution: str, record_id: str, record: Record, life: SealLife) -> PlannedCopy | None:
        """Return what the copy of a record will be; None where no layout that is issued here carries it."""
        here = self._deployment.institution(institution)
        configuration_id = LAYOUT_ON_PAPER.get(record.KIND)
        if configuration_id is None or configuration_id not in here.configuration_ids:
            return None
        configuration = credential_configuration(configuration_id)
        try:
            claims = configuration.projection.project(record)
        except Refused:
            return None
        if issuing_institution(claims) not in (None, here.institution_id):
            return None
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL)
        valid_until = min(life.ends_at, day_of(certified_until(signer)))
        if valid_until <= life.starts_at:
            return None
        disclosable = configuration.projection.disclosable(claims)
        return PlannedCopy(record_id, Subject(configuration, claims, disclosable, life.starts_at, valid_until))

    def prepare(
        self, institution: str, planned: PlannedCopy, reference: StatusReference, *, response_id: str
    ) -> PreparedCredential:
        """Return the intent of a copy under an entry, to be recorded; ``response_id`` is of all made with it."""
        subject = planned.subject
        envelope = make_envelope(
            subject,
            issuer_id=self._deployment.issuer_id(institution),
            holder_jwk=None,
            status=reference,
            profile=self._deployment.profile,
            random_bytes=self._deployment.random_bytes,
        )
        claims = {**envelope, **subject.claims}
        unsigned = sd_jwt.prepare(
            claims,
            disclosable=subject.disclosable,
            random_bytes=self._deployment.random_bytes,
            decoys=self._deployment.settings.decoys,
        )
        row = CredentialRow(
            credential_id=self._deployment.new_id(),
            record_id=planned.record_id,
            grant_id="",
            notification_id=response_id,
            configuration_id=subject.configuration.id,
            vct=subject.configuration.vct,
            holder_thumbprint="",
            payload_digest=hashlib.sha256(unsigned.payload_bytes).hexdigest(),
            valid_from=subject.valid_from,
            valid_until=subject.valid_until,
            list_id=self._status_lists.list_id(reference.uri),
            idx=reference.idx,
            intended_at=self._deployment.clock.now(),
        )
        return PreparedCredential(row, claims, unsigned)

    def sign(self, institution: str, copy: PreparedCredential) -> str:
        """Return the signed copy, everything disclosed, read back. Raises Misconfigured[own_output_invalid]."""
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL)
        issuer_id = self._deployment.issuer_id(institution)
        return sign_prepared(copy, signer, self._deployment.profile, issuer_id=issuer_id)
