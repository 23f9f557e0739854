"""Status lists: random entries reserved once, withdrawals made visible by signing anew, bytes kept ready to serve.

A list is in the database only together with a token that a verifier can fetch, so no credential ever points at
nothing. It is binary: an entry goes from valid to invalid and never back. Spec: Token Status List §5.1, §8, §13.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Refused, Unavailable
from portadoc.formats.status_list import StatusList, StatusReference, StatusValue
from portadoc.formats.status_list_token import make_status_list_token
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store import credential_store
from portadoc.issuer.store.credential_store import StatusListRow
from portadoc.keys.key_ring import KeyPurpose
from portadoc.randomness import random_below
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection

BITS: Final = 1
"""One bit an entry: by law a status is withdrawn or not, and nothing between (CIR (EU) 2026/1731)."""


@dataclass(frozen=True, slots=True)
class PublishedStatusList:
    """What a GET answers: the stored bytes, their ETag and until when (seconds since the epoch) they hold."""

    token: bytes
    etag: str
    expires_at: int


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
        row = self._signed(institution, list_id, self._settings.status_list_size, version=0, withdrawn=())
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

    def publish(self) -> int:
        """Sign anew the lists that have changed or are a quarter through their life; return how many.

        A reader sees the old token or the new one, never an older one again.
        """
        due = self._deployment.clock.now() - self._settings.status_exp_s // 4
        with self._deployment.database.read() as connection:
            stale = [
                (row, credential_store.withdrawn_indices(connection, row.institution, row.list_id))
                for row in credential_store.stale_status_lists(connection, signed_before=due)
            ]
        return sum(self._replace(row, withdrawn) for row, withdrawn in stale)

    def published(self, list_id: str) -> PublishedStatusList:
        """Return the stored token of a list; nothing is signed here. Raises: Refused[status_list_unknown]."""
        institution = list_id.partition(".")[0]
        with self._deployment.database.read() as connection:
            row = credential_store.find_status_list(connection, institution, list_id)
        if row is None:
            raise Refused("status_list_unknown")
        return PublishedStatusList(row.token, row.etag, row.expires_at)

    def uri(self, list_id: str) -> str:
        """Return where a list is published."""
        return f"{self._settings.base_url}/status/{list_id}"

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

    def _replace(self, row: StatusListRow, withdrawn: tuple[int, ...]) -> bool:
        fresh = self._signed(row.institution, row.list_id, row.size, version=row.version, withdrawn=withdrawn)
        with self._deployment.database.transaction() as connection:
            replaced = credential_store.replace_token(connection, fresh)
            if replaced:
                self._deployment.tell(
                    connection,
                    EventKind.STATUS_LIST_PUBLISHED,
                    row.institution,
                    row.list_id,
                    version=row.version,
                )
        return replaced

    def _signed(
        self, institution: str, list_id: str, size: int, *, version: int, withdrawn: tuple[int, ...]
    ) -> StatusListRow:
        now = self._deployment.clock.now()
        token = make_status_list_token(
            StatusList.of(size, bits=BITS).with_status(withdrawn, StatusValue.INVALID),
            uri=self.uri(list_id),
            iat=now,
            exp=now + self._settings.status_exp_s,
            ttl=self._settings.status_ttl_s,
            signer=self._deployment.key_ring.signer(institution, KeyPurpose.STATUS),
        ).encode("ascii")
        return StatusListRow(
            institution=institution,
            list_id=list_id,
            size=size,
            version=version,
            published_version=version,
            token=token,
            etag=f'"{hashlib.sha256(token).hexdigest()[:32]}"',
            signed_at=now,
            expires_at=now + self._settings.status_exp_s,
        )
