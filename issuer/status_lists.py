"""Status lists: random entries reserved once, withdrawals made visible by signing anew, bytes kept ready to serve.

A list is in the database only together with a token that a verifier can fetch, so no credential ever points at
nothing. It is binary: an entry goes from valid to invalid and never back. Spec: Token Status List §5.1, §8, §13.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from portadoc.errors import Misconfigured, Refused, Unavailable
from portadoc.formats.status_list.aggregation import aggregation_to_json
from portadoc.formats.status_list.claims import StatusListForm, StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.jwt_form import sign_status_list_jwt
from portadoc.formats.status_list.statuses import StatusList, StatusReference, StatusValue
from portadoc.formats.withdrawal_list import WithdrawalRecord, make_withdrawal_list
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.issuance.credentials import certified_until
from portadoc.issuer.store import credential_store
from portadoc.issuer.store.credential_store import StatusListRow
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.randomness import random_below
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection

BITS: Final = 1
"""One bit an entry: by law a status is withdrawn or not, and nothing between (CIR (EU) 2026/1731)."""

RENEWAL_S: Final = 30
"""Seconds within which the next round of housekeeping will have renewed a list that has run out."""


@dataclass(frozen=True, slots=True)
class PublishedStatusList:
    """What a GET answers: the stored bytes, their ETag and for how many seconds more they hold."""

    token: bytes
    etag: str
    seconds_left: int


class StatusLists:
    """Reserves entries and publishes lists; every list belongs to one institution."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._settings = deployment.settings

    def require_room(self, institution: str, *, copies: int) -> None:
        """Make and publish a new list when none has room left for ``copies`` below half its size."""
        with self._deployment.database.read() as connection:
            if credential_store.roomy_status_list(connection, institution, copies=copies) is not None:
                return
        list_id = f"{institution}.{self._deployment.new_id()}"
        row = self._signed(
            institution,
            list_id,
            self._settings.status_list_size,
            version=0,
            withdrawals={},
            signed_at=self._deployment.clock.now(),
        )
        with self._deployment.database.transaction() as connection:
            credential_store.insert_status_list(connection, row)
            self._deployment.tell(connection, EventKind.STATUS_LIST_PUBLISHED, institution, list_id, version=0)

    def reserve(self, connection: Connection, institution: str, *, copies: int) -> tuple[StatusReference, ...]:
        """Return random entries that no credential has, counted as reserved in the caller's transaction.

        The caller records them there with its intents; a unique key guards them. Raises:
        Unavailable[status_list_full] when others took the room since ``require_room``. Spec: §13.2, HAIP 1.0 §6.1.
        """
        row = credential_store.roomy_status_list(connection, institution, copies=copies)
        if row is None:
            raise Unavailable("status_list_full", retry_after_s=1)
        credential_store.take_room(connection, institution, row.list_id, copies=copies)
        uri = self.uri(row.list_id)
        return tuple(StatusReference(uri, idx) for idx in self._free_indices(connection, row, copies))

    def publish(self, institution: str) -> int:
        """Sign anew the institution's lists that have changed, grow old or come from the future; return how many.

        A reader sees the old token or the new one, never an older one again. Raises: Refused[not_found],
        Misconfigured[signer_certificate_expired].
        """
        self._deployment.institution(institution)
        now = self._deployment.clock.now()
        with self._deployment.database.read() as connection:
            due = [
                (row, credential_store.withdrawals(connection, institution, row.list_id))
                for row in credential_store.due_status_lists(
                    connection,
                    institution,
                    signed_before=now - self._settings.status_exp_s // 4,
                    signed_after=now + self._settings.clock_skew_s,
                    ends_before=now + RENEWAL_S,
                )
            ]
        return sum(self._replace(row, withdrawals) for row, withdrawals in due)

    def published(self, list_id: str, form: StatusListForm = StatusListForm.JWT) -> PublishedStatusList:
        """Return the stored token of a list in one of its forms; nothing is signed here.

        Raises: Refused[status_list_unknown], Unavailable[status_list_expired] when nobody has renewed it.
        """
        row, seconds_left = self._published(list_id)
        if form is StatusListForm.CWT:
            return PublishedStatusList(row.cwt, _etag(row.cwt), seconds_left)
        return PublishedStatusList(row.token, row.etag, seconds_left)

    def published_withdrawals(self, list_id: str) -> PublishedStatusList:
        """Return the stored list that says from when and why entries were withdrawn. Raises as ``published``."""
        row, seconds_left = self._published(list_id)
        return PublishedStatusList(row.withdrawals, _etag(row.withdrawals), seconds_left)

    def _published(self, list_id: str) -> tuple[StatusListRow, int]:
        institution = list_id.partition(".")[0]
        with self._deployment.database.read() as connection:
            row = credential_store.find_status_list(connection, institution, list_id)
        if row is None:
            raise Refused("status_list_unknown")
        seconds_left = row.expires_at - self._deployment.clock.now()
        if seconds_left <= 0:
            raise Unavailable("status_list_expired", retry_after_s=RENEWAL_S)
        return row, seconds_left

    def aggregation(self, institution: str) -> JsonObject:
        """Return the addresses of all lists of an institution that can be fetched now.

        Raises: Refused[not_found]. Spec: Token Status List §9.3.
        """
        self._deployment.institution(institution)
        with self._deployment.database.read() as connection:
            ids = credential_store.published_list_ids(connection, institution, now=self._deployment.clock.now())
        return aggregation_to_json(map(self.uri, ids))

    def aggregation_uri(self, institution: str) -> str:
        """Return where ``aggregation`` is published: one address for each institution, as its keys are its own."""
        return f"{self._deployment.issuer_id(institution)}/status-lists"

    def uri(self, list_id: str) -> str:
        """Return where a list is published."""
        return f"{self._settings.base_url}/status/{list_id}"

    def withdrawals_uri(self, list_id: str) -> str:
        """Return where the list is published that says from when and why entries were withdrawn."""
        return f"{self.uri(list_id)}/withdrawals"

    def list_id(self, uri: str) -> str:
        """Return the list behind one of our own URIs."""
        return uri.removeprefix(self.uri(""))

    def _free_indices(self, connection: Connection, row: StatusListRow, copies: int) -> tuple[int, ...]:
        """Draw until every entry is free; half of the list is, so few draws are needed."""
        free: dict[int, None] = {}  # in the order drawn, which tells nothing, unlike that of a set
        while len(free) < copies:
            draws = (random_below(row.size, self._deployment.random_bytes) for _ in range(copies - len(free)))
            drawn = dict.fromkeys(draws)
            taken = credential_store.taken_indices(connection, row.institution, row.list_id, drawn)
            free.update((idx, None) for idx in drawn if idx not in taken)
        return tuple(free)

    def _replace(self, row: StatusListRow, withdrawals: Mapping[int, WithdrawalRecord]) -> bool:
        fresh = self._signed(
            row.institution,
            row.list_id,
            row.size,
            version=row.version,
            withdrawals=withdrawals,
            signed_at=self._not_before(row.signed_at),
        )
        with self._deployment.database.transaction() as connection:
            replaced = credential_store.replace_token(connection, fresh, instead_of=row.signed_at)
            if replaced:
                self._deployment.tell(
                    connection,
                    EventKind.STATUS_LIST_PUBLISHED,
                    row.institution,
                    row.list_id,
                    version=row.version,
                )
        return replaced

    def _not_before(self, last: int) -> int:
        """Return the time to sign at: now, or that of the last token when our clock was set back a little since.

        Readers refuse a list that is older than the one they have. A last token from further ahead than clocks
        may differ was believed by nobody, and the truth takes its place.
        """
        now = self._deployment.clock.now()
        return max(now, last) if last <= now + self._settings.clock_skew_s else now

    def _signed(
        self,
        institution: str,
        list_id: str,
        size: int,
        *,
        version: int,
        withdrawals: Mapping[int, WithdrawalRecord],
        signed_at: int,
    ) -> StatusListRow:
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.STATUS)
        expires_at = min(signed_at + self._settings.status_exp_s, certified_until(signer))
        if expires_at <= signed_at:
            raise Misconfigured("signer_certificate_expired")
        statuses = StatusList.of(size, bits=BITS).with_status(withdrawals, StatusValue.INVALID)
        terms = StatusListTerms(
            uri=self.uri(list_id),
            iat=signed_at,
            exp=expires_at,
            ttl=min(self._settings.status_ttl_s, expires_at - signed_at),
            withdrawals_uri=self.withdrawals_uri(list_id),
            aggregation_uri=self.aggregation_uri(institution),
        )
        token = sign_status_list_jwt(statuses, terms, signer=signer).encode("ascii")
        return StatusListRow(
            institution=institution,
            list_id=list_id,
            size=size,
            version=version,
            published_version=version,
            token=token,
            cwt=sign_status_list_cwt(statuses, terms, signer=signer),
            withdrawals=_withdrawal_list(withdrawals, terms, signer),
            etag=_etag(token),
            signed_at=signed_at,
            expires_at=expires_at,
        )


def _withdrawal_list(withdrawals: Mapping[int, WithdrawalRecord], terms: StatusListTerms, signer: Signer) -> bytes:
    """Return the list signed with the status list; a record from a clock since set back counts as recorded now."""
    records = {
        idx: replace(record, recorded_at=min(record.recorded_at, terms.iat)) for idx, record in withdrawals.items()
    }
    text = make_withdrawal_list(records, uri=terms.uri, iat=terms.iat, exp=terms.exp, signer=signer)
    return text.encode("ascii")


def _etag(token: bytes) -> str:
    return f'"{hashlib.sha256(token).hexdigest()[:32]}"'
