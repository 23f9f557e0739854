"""The trusted lists of an installation, held ahead of need: fetched, verified, kept, and turned into trust.

The newest edition is in the database, for every worker and across restarts. When a list cannot be had, the kept
edition stands until its next update is due; after that nothing of it is believed. An older edition is never taken.
Spec: ETSI TS 119 602 §6.3, ETSI TS 119 612 §6, ARF 3.0 OIA_15a.
"""

import logging
from dataclasses import dataclass
from threading import Lock
from typing import Final

from portadoc.clock import Clock
from portadoc.errors import Error
from portadoc.fetch import Fetch
from portadoc.formats.trust_lists.listing import SchemeOperators
from portadoc.formats.trust_lists.reading import MAX_BYTES, media_types, read_trust_list
from portadoc.keys.trust.trust_list import TrustListSnapshot, accept_snapshot, combine
from portadoc.keys.trust.trust_list_file import TrustListSource
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.storage.engine import Database
from portadoc.verifier.store import trust_list_store
from portadoc.verifier.store.trust_list_store import StoredTrustList

REFRESH_S: Final = 3600
"""Seconds after which a list is fetched again, well before its next update."""
RETRY_S: Final = 300
"""Seconds that a failed attempt stands."""
RELOAD_S: Final = 15
"""Seconds after which a worker looks whether another one has fetched a newer edition."""
_TIMEOUT_S: Final = 20.0

_logger = logging.getLogger("portadoc.verifier")


@dataclass(frozen=True, slots=True)
class TrustListProblem:
    """Why a list could not be had or believed, and when to try again."""

    code: str
    reason: str
    retry_at: int


class TrustLists:
    """The provider of the trust that is in force: the operator's own file and the lists that it names."""

    def __init__(
        self,
        base: TrustStore,
        sources: tuple[TrustListSource, ...],
        *,
        database: Database,
        fetch: Fetch,
        clock: Clock,
        skew_s: int,
    ) -> None:
        self._base = base
        self._sources = sources
        self._database = database
        self._fetch = fetch
        self._clock = clock
        self._skew_s = skew_s
        self._lock = Lock()
        self._trust = base
        self._loaded_at: int | None = None
        self._snapshots: dict[str, TrustListSnapshot] = {}
        self._refused: dict[str, tuple[str, int]] = {}
        self._problems: dict[str, TrustListProblem] = {}

    def current(self) -> TrustStore:
        """Return the trust in force; nothing is fetched."""
        if not self._sources:
            return self._base
        now = self._clock.now()
        with self._lock:
            if self._loaded_at is None or not 0 <= now - self._loaded_at < RELOAD_S:
                self._load(now)
            return self._trust

    def snapshots(self) -> tuple[TrustListSnapshot, ...]:
        """Return the editions that are held, in the order of the configuration."""
        self.current()
        return tuple(self._snapshots[each.uri] for each in self._sources if each.uri in self._snapshots)

    @property
    def problems(self) -> dict[str, TrustListProblem]:
        """What was wrong with a list when it was last asked for, by URI."""
        return dict(self._problems)

    def refresh(self, *, everything: bool = False) -> int:
        """Fetch the lists that are due, or all; return how many came. What fails is logged and kept out."""
        now = self._clock.now()
        due = [source for source in self._sources if everything or self._due(source, now)]
        return sum(self._refreshed(source, now) for source in due)

    def _due(self, source: TrustListSource, now: int) -> bool:
        problem = self._problems.get(source.uri)
        if problem is not None and now < problem.retry_at:
            return False
        with self._database.read() as connection:
            fetched_at = trust_list_store.trust_list_fetched_at(connection, source.uri)
        return fetched_at is None or now >= fetched_at + REFRESH_S

    def _refreshed(self, source: TrustListSource, now: int) -> bool:
        try:
            self._fetch_and_keep(source, now)
        except Error as error:
            self._note(source.uri, error, now)
            return False
        with self._lock:
            self._problems.pop(source.uri, None)
            self._load(now)
        return True

    def _fetch_and_keep(self, source: TrustListSource, now: int) -> None:
        # 1. fetch, within bounds of size and time
        fetched = self._fetch.get(
            source.uri, accept=media_types(source.form), max_bytes=MAX_BYTES[source.form], timeout_s=_TIMEOUT_S
        )
        # 2. believe: form, signer, signature, content
        snapshot = self._read(source, fetched.body, now)
        # 3. follow what was kept, and keep it: in one transaction, so that no other process comes between
        with self._database.transaction() as connection:
            accept_snapshot(trust_list_store.find_trust_list(connection, source.uri), snapshot, now=now)
            trust_list_store.keep_trust_list(connection, _stored(snapshot, fetched.body, now))

    def _read(self, source: TrustListSource, raw: bytes, now: int) -> TrustListSnapshot:
        return read_trust_list(
            raw,
            form=source.form,
            uri=source.uri,
            operators=SchemeOperators(source.signers),
            now=now,
            skew_s=self._skew_s,
        )

    def _load(self, now: int) -> None:
        """Take up what is kept; the trust is made anew when an edition has changed."""
        held = {}
        for source in self._sources:
            snapshot = self._held(source, now)
            if snapshot is not None:
                held[source.uri] = snapshot
        if held != self._snapshots:
            listed = ((held[each.uri], each.rules) for each in self._sources if each.uri in held)
            self._snapshots, self._trust = held, combine(self._base, listed)
        self._loaded_at = now

    def _held(self, source: TrustListSource, now: int) -> TrustListSnapshot | None:
        known = self._snapshots.get(source.uri)
        with self._database.read() as connection:
            digest = trust_list_store.trust_list_digest(connection, source.uri)
            if digest is None or (known is not None and known.digest == digest):
                return known
            refused, until = self._refused.get(source.uri, ("", 0))
            if refused == digest and now < until:
                return None
            stored = trust_list_store.find_trust_list(connection, source.uri)
        if stored is None or stored.form is not source.form:
            return None
        try:
            return self._read(source, stored.body, now)
        except Error as error:  # it was in order when it was stored: its signer is not set any more, or has ended
            self._note(source.uri, error, now)
            self._refused[source.uri] = (stored.digest, now + RETRY_S)
            return None

    def _note(self, uri: str, error: Error, now: int) -> None:
        reason = str(error.params.get("reason", error.code))
        self._problems[uri] = TrustListProblem(error.code, reason, now + RETRY_S)
        _logger.warning("trusted list refused or not to be had: %s (%s) %s", error.code, reason, uri)


def _stored(snapshot: TrustListSnapshot, body: bytes, now: int) -> StoredTrustList:
    return StoredTrustList(
        uri=snapshot.uri,
        form=snapshot.form,
        sequence=snapshot.sequence,
        issued_at=snapshot.issued_at,
        digest=snapshot.digest,
        body=body,
        fetched_at=now,
    )
