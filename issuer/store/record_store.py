"""Statements over records, each in a connection of the caller's transaction."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import RECORDS


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A canonical record as JSON text, and when it was withdrawn."""

    record_id: str
    kind: str
    body: str
    withdrawn_at: int | None


def insert_record(
    connection: Connection, institution: str, *, record_id: str, kind: str, body: str, now: int
) -> None:
    """Keep a record."""
    connection.execute(
        insert(RECORDS).values(institution=institution, record_id=record_id, kind=kind, body=body, recorded_at=now)
    )


def find_record(connection: Connection, institution: str, record_id: str) -> StoredRecord | None:
    """Return the record, or None when this institution has none of that id."""
    columns = (RECORDS.c.record_id, RECORDS.c.kind, RECORDS.c.body, RECORDS.c.withdrawn_at)
    row = connection.execute(
        select(*columns).where(RECORDS.c.institution == institution, RECORDS.c.record_id == record_id)
    ).one_or_none()
    return None if row is None else StoredRecord(*row)


def withdraw_record(connection: Connection, institution: str, record_id: str, *, reason: str, now: int) -> bool:
    """Mark the record withdrawn; False when it already was or is unknown."""
    return changed_one(
        connection,
        update(RECORDS)
        .where(
            RECORDS.c.institution == institution,
            RECORDS.c.record_id == record_id,
            RECORDS.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now, withdrawal_reason=reason),
    )
