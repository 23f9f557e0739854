"""Statements over records, each in a connection of the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, insert, select, update

from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import RECORD_NUMBERS, RECORDS


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
    connection: Connection,
    institution: str,
    *,
    record_id: str,
    kind: str,
    body: str,
    born: date,
    numbers: Collection[str],
    now: int,
) -> None:
    """Keep a record, to be found by the holder's date of birth and the personal ``numbers`` in it.

    These are letters and digits in capitals.
    """
    values = {"record_id": record_id, "kind": kind, "body": body, "recorded_at": now, "born": born.isoformat()}
    connection.execute(insert(RECORDS).values(institution=institution, **values))
    rows = [{"institution": institution, "number": each, "record_id": record_id} for each in sorted(set(numbers))]
    if rows:
        connection.execute(insert(RECORD_NUMBERS), rows)


def records_of_number(connection: Connection, institution: str, number: str) -> tuple[StoredRecord, ...]:
    """Return every record with a personal number in it, withdrawn ones too, in the order in which they came."""
    columns = (RECORDS.c[name] for name in StoredRecord.__slots__)
    theirs = select(RECORD_NUMBERS.c.record_id).where(
        RECORD_NUMBERS.c.institution == institution, RECORD_NUMBERS.c.number == number
    )
    rows = connection.execute(
        select(*columns)
        .where(RECORDS.c.institution == institution, RECORDS.c.record_id.in_(theirs))
        .order_by(RECORDS.c.recorded_at, RECORDS.c.record_id)
    )
    return tuple(StoredRecord(*row) for row in rows)


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


def records_of_birth_date(
    connection: Connection, institution: str, born: date, *, at_most: int | None
) -> tuple[StoredRecord, ...]:
    """Return the records not withdrawn about people born on a day, the newest first, up to a number or all."""
    columns = (RECORDS.c[name] for name in StoredRecord.__slots__)
    rows = connection.execute(
        select(*columns)
        .where(
            RECORDS.c.institution == institution,
            RECORDS.c.withdrawn_at.is_(None),
            RECORDS.c.born == born.isoformat(),
        )
        .order_by(RECORDS.c.recorded_at.desc(), RECORDS.c.record_id)
        .limit(at_most)
    )
    return tuple(StoredRecord(*row) for row in rows)
