"""What clients saw, noted as they saw it, and the questions an auditor asks of the database afterwards."""

import threading
import time
from dataclasses import dataclass, field

from portadoc.issuer.service import Issuer
from tests.soak.client import ISSUER, Received

Entry = tuple[str, int]
"""A status list and an index in it."""


@dataclass
class Ledger:
    """Acknowledgements of a server that is killed all the time; safe to share between threads."""

    credentials: list[Received] = field(default_factory=list)
    withdrawn: dict[Entry, float] = field(default_factory=dict)
    """When the withdrawal of an entry was acknowledged (monotonic seconds)."""
    due: dict[Entry, float] = field(default_factory=dict)
    """From when on every published list has to show a withdrawal: a publication after it was acknowledged."""
    lists_read: int = 0
    publications: int = 0
    interrupted: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issued(self, received: Received) -> None:
        """Note a credential in a client's hand."""
        with self._lock:
            self.credentials.append(received)

    def withdrew(self, entry: Entry) -> None:
        """Note an acknowledged withdrawal."""
        with self._lock:
            self.withdrawn[entry] = time.monotonic()

    def acknowledged(self) -> frozenset[Entry]:
        """Return the withdrawals acknowledged so far."""
        with self._lock:
            return frozenset(self.withdrawn)

    def published(self, before: frozenset[Entry]) -> None:
        """Note an acknowledged publication that began after the withdrawals of ``before``."""
        with self._lock:
            self.publications += 1
            for entry in before:
                self.due.setdefault(entry, time.monotonic())

    def list_ids(self) -> list[str]:
        """Return every list that a credential points at."""
        with self._lock:
            return sorted({each.list_id for each in self.credentials})

    def missing_from(self, list_id: str, entries: frozenset[int], *, asked_at: float) -> set[Entry]:
        """Return the withdrawals that a list has to show, asked for at a time, and does not."""
        with self._lock:
            self.lists_read += 1
            return {
                (where, idx)
                for (where, idx), from_when in self.due.items()
                if where == list_id and from_when <= asked_at and idx not in entries
            }

    def interruption(self) -> None:
        """Count an act that got no answer."""
        with self._lock:
            self.interrupted += 1

    def audit(self, issuer: Issuer) -> dict[str, int]:
        """Compare what clients hold with what the issuer knows; return the figures."""
        rows = issuer.credentials(ISSUER)
        by_entry = {(row.list_id, row.idx): row for row in rows}
        assert len(by_entry) == len(rows), "an entry was used twice"
        held = {(each.list_id, each.idx): each.payload_digest for each in self.credentials}
        assert len(held) == len(self.credentials), "two clients hold one entry"
        for entry, digest in held.items():
            row = by_entry.get(entry)
            assert row is not None, f"no intent is recorded for {entry}"
            assert row.payload_digest == digest, f"another payload is recorded for {entry}"
            assert row.issued_at is not None, f"{entry} left the house without being marked as issued"
        for entry in self.withdrawn:
            assert by_entry[entry].withdrawn_at is not None, f"the withdrawal of {entry} is forgotten"
        return {
            "received": len(held),
            "recorded": len(rows),
            "never issued": sum(row.issued_at is None for row in rows),
            "withdrawals acknowledged": len(self.withdrawn),
            "withdrawals recorded": sum(row.withdrawn_at is not None for row in rows),
            "publications acknowledged": self.publications,
            "lists read": self.lists_read,
            "acts interrupted": self.interrupted,
            "lists": len({row.list_id for row in rows}),
        }
