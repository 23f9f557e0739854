"""A record as it stands: its state, its copies, what was done to it, what it came of and what came of it."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from portadoc.errors import Conflict, Refused
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store import credential_store, history_store, record_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.issuer.store.history_store import Act
from portadoc.issuer.store.record_store import StoredRecord
from portadoc.storage import Connection


class RecordState(StrEnum):
    """What a record is worth. Days speak for themselves: a record whose days are over stays in force for them."""

    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    """Withdrawn, and another record took its place."""


@dataclass(frozen=True, slots=True)
class RecordView:
    """All that is known of a record. ``acts`` are those on it, oldest first; those of its successor are there."""

    record: StoredRecord
    copies: tuple[CredentialRow, ...]
    acts: tuple[Act, ...]
    predecessor: str | None

    @property
    def successor(self) -> str | None:
        """The record that came of it last, or None."""
        return next((act.successor for act in reversed(self.acts) if act.successor is not None), None)

    @property
    def state(self) -> RecordState:
        """What the record is worth now."""
        if self.record.withdrawn_at is None:
            return RecordState.IN_FORCE
        return RecordState.WITHDRAWN if self.successor is None else RecordState.SUPERSEDED

    @property
    def version(self) -> str:
        """A text that is another one as soon as anything of this view is."""
        seen = repr((self.record, self.copies, self.acts, self.predecessor))
        return hashlib.sha256(seen.encode()).hexdigest()[:32]


class Histories:
    """Reads records with their histories."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def view(self, institution: str, record_id: str) -> RecordView:
        """Return a record as it stands. Raises Refused[not_found], [record_unknown]."""
        self._deployment.institution(institution)
        with self._deployment.database.read() as connection:
            return view_of(connection, institution, record_id)


def view_of(connection: Connection, institution: str, record_id: str) -> RecordView:
    """Return a record as it stands in a transaction. Raises Refused[record_unknown]."""
    record = record_store.find_record(connection, institution, record_id)
    if record is None:
        raise Refused("record_unknown")
    around = history_store.acts_around(connection, institution, record_id)
    came_of = [act.record_id for act in around if act.successor == record_id]
    return RecordView(
        record=record,
        copies=credential_store.list_credentials(connection, institution, record_id=record_id),
        acts=tuple(act for act in around if act.record_id == record_id),
        predecessor=came_of[-1] if came_of else None,
    )


def require_version(connection: Connection, institution: str, record_id: str, version: str | None) -> None:
    """Refuse to act on a record that is not any more as its reader has seen it; None acts on it as it is.

    Raises Conflict[record_changed], Refused[record_unknown]. Spec: RFC 9110 §13.1.1.
    """
    if version is not None and view_of(connection, institution, record_id).version != version:
        raise Conflict("record_changed", spec="RFC 9110 §13.1.1")
