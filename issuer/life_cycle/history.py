"""A record as it stands: its state, its copies, what was done to it, what it came of and what came of it."""

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portadoc.errors import Conflict, Refused
from portadoc.formats import strict_json
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.records.holders import holder_of
from portadoc.issuer.store import credential_store, history_store, record_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.issuer.store.history_store import Act, Verb
from portadoc.issuer.store.record_store import StoredRecord
from portadoc.schemas.records import record_from_json
from portadoc.storage import Connection
from portadoc.verification.persons import number_letters


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
        ended_by = [act for act in self.acts if act.reason is not None and act.verb != Verb.REISSUE]
        gave_way = bool(ended_by) and ended_by[-1].successor is not None
        return RecordState.SUPERSEDED if gave_way else RecordState.WITHDRAWN

    @property
    def version(self) -> str:
        """A text that is another one as soon as anything of this view is."""
        seen = repr((self.record, self.copies, self.acts, self.predecessor))
        return hashlib.sha256(seen.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Done:
    """An act with its number, which rises with each act of an institution, and the record as it stands."""

    number: int
    act: Act
    record: StoredRecord


class Histories:
    """Reads records with their histories."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def view(self, institution: str, record_id: str) -> RecordView:
        """Return a record as it stands. Raises Refused[not_found], [record_unknown]."""
        self._deployment.institution(institution)
        with self._deployment.database.read() as connection:
            return view_of(connection, institution, record_id)

    def of_person(self, institution: str, *, number: str, born: date) -> tuple[RecordView, ...]:
        """Return every record about a person, withdrawn ones too, in the order in which they came.

        Both have to agree: a number that was mistyped in a record is somebody else's, and who shares names and a
        birthday with somebody has another number. Raises Refused[not_found].
        """
        self._deployment.institution(institution)
        with self._deployment.database.read() as connection:
            found = record_store.records_of_number(connection, institution, number_letters(number))
            theirs = [each for each in found if _born(each) == born]
            return tuple(view_of(connection, institution, each.record_id) for each in theirs)

    def acts_after(self, institution: str, number: int, *, limit: int) -> tuple[Done, ...]:
        """Return what was done to records after an act, up to so much, in its order. Raises Refused[not_found]."""
        self._deployment.institution(institution)
        with self._deployment.database.read() as connection:
            later = history_store.acts_after(connection, institution, number, limit=limit)
            records = [record_store.find_record(connection, institution, act.record_id) for _, act in later]
        return tuple(
            Done(at, act, record) for (at, act), record in zip(later, records, strict=True) if record is not None
        )


def _born(stored: StoredRecord) -> date:
    return holder_of(record_from_json(strict_json.loads_object(stored.body, what="record"))).date_of_birth


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
