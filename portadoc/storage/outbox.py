"""The event table: one row for each act, written in the transaction of the act itself.

A reader keeps the last ``event_id`` that it has seen and asks for what came after. That is exact because ids rise
in the order of the commits: each new id is made above the highest stored one, and writers are one at a time
(``Database.transaction``). The 80 random bits behind the rising part make an id unguessable.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Column, Connection, Index, MetaData, Table, Text, func, insert, select

from portadoc.randomness import RandomBytes
from portadoc.schemas.events import Event, EventKind

METADATA: Final = MetaData(info={"room": "outbox", "version": 1})
EVENTS: Final = Table(
    "events",
    METADATA,
    Column("institution", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("payload", JSON, nullable=False),
)
Index("events_in_order", EVENTS.c.event_id, unique=True)

_RISING_DIGITS: Final = 13  # 52 bits: seconds since the epoch and 16 bits to count within one
_RANDOM_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event and its id, which is also the cursor for what comes after it."""

    event_id: str
    event: Event


def append(connection: Connection, event: Event, *, random_bytes: RandomBytes) -> str:
    """Write the event in the caller's transaction and return its id."""
    last = connection.scalar(select(func.max(EVENTS.c.event_id)))
    event_id = _next_id(last, event.at, random_bytes)
    connection.execute(
        insert(EVENTS).values(
            institution=event.institution,
            event_id=event_id,
            kind=event.kind.value,
            subject_id=event.subject_id,
            at=event.at,
            payload=event.payload,
        )
    )
    return event_id


def read_after(
    connection: Connection, *, institution: str | None, cursor: str | None, limit: int = 500
) -> tuple[StoredEvent, ...]:
    """Return up to ``limit`` events after ``cursor`` (None: from the first), oldest first.

    ``institution`` None reads those of all institutions.
    """
    query = select(EVENTS).order_by(EVENTS.c.event_id).limit(limit)
    if institution is not None:
        query = query.where(EVENTS.c.institution == institution)
    if cursor is not None:
        query = query.where(EVENTS.c.event_id > cursor)
    return tuple(StoredEvent(row.event_id, _event(row)) for row in connection.execute(query))


def _next_id(last: str | None, at: int, random_bytes: RandomBytes) -> str:
    above_last = 0 if last is None else int(last[:_RISING_DIGITS], 16) + 1
    rising = max(at << 16, above_last)
    return f"{rising:0{_RISING_DIGITS}x}{random_bytes(_RANDOM_BYTES).hex()}"


def _event(row: Any) -> Event:
    return Event(
        kind=EventKind(row.kind),
        institution=row.institution,
        subject_id=row.subject_id,
        at=row.at,
        payload=row.payload,
    )
