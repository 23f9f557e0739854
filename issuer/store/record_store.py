"""Statements over records, each in a connection of the caller's transaction."""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, insert, select, update

from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import RECORDS


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A canonical record as JSON text, when it was kept, and when and why it was withdrawn."""

    record_id: str
    kind: str
    body: str = field(repr=False)
    withdrawn_at: int | None
    recorded_at: int
    withdrawal_reason: str | None


def insert_record(
    connection: Connection, institution: str, *, record_id: str, kind: str, body: str, now: int
) -> None:
    """Keep a record."""
    connection.execute(
        insert(RECORDS).values(institution=institution, record_id=record_id, kind=kind, body=body, recorded_at=now)
    )


def find_record(connection: Connection, institution: str, record_id: str) -> StoredRecord | None:
    """Return the record, or None when this institution has none of that id."""
    columns = (RECORDS.c[name] for name in StoredRecord.__slots__)
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


def records_naming_day(
    connection: Connection, institution: str, day: date, *, at_most: int
) -> tuple[StoredRecord, ...]:
    """Return the records not withdrawn in which a day stands somewhere, the newest first, up to a number.

    The day is looked for in the text: whoever asks reads each record and compares its date of birth.
    """
    columns = (RECORDS.c[name] for name in StoredRecord.__slots__)
    rows = connection.execute(
        select(*columns)
        .where(
            RECORDS.c.institution == institution,
            RECORDS.c.withdrawn_at.is_(None),
            RECORDS.c.body.contains(f'"{day.isoformat()}"'),
        )
        .order_by(RECORDS.c.recorded_at.desc(), RECORDS.c.record_id)
        .limit(at_most)
    )
    return tuple(StoredRecord(*row) for row in rows)
