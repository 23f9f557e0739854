"""Visits and their entries: statements in a connection of the caller's transaction."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from portadoc.formats import strict_json
from portadoc.inspector.entries import MAX_DEPTH, Entry, EntryKind
from portadoc.inspector.store.tables import ENTRIES, EXPORTS, VISITS
from portadoc.inspector.visits.received import ReceivedEntry
from portadoc.inspector.visits.sites import site_key
from portadoc.inspector.visits.visit import site_of

_WITHOUT_FOLLOW_UP: Final = (EntryKind.VISIT_OPENED, EntryKind.SCAN, EntryKind.COMPARED)
_MAX_STORED: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRow:
    """What a list of visits shows of one: ``site`` as people read it, ``site_key`` as sites are told apart."""

    institution: str
    visit_id: str
    device_id: str
    site: str
    site_key: str
    first_at: int
    last_at: int
    closed_at: int | None
    received_at: int
    entries: int


def find_entry(connection: Connection, institution: str, entry_id: str) -> ReceivedEntry | None:
    """Return an entry, or None."""
    row = connection.execute(
        select(ENTRIES).where(ENTRIES.c.institution == institution, ENTRIES.c.entry_id == entry_id)
    ).one_or_none()
    return None if row is None else _entry(row)


def insert_entry(connection: Connection, stored: ReceivedEntry) -> None:
    """Keep an entry, and what it changes in the list of visits."""
    entry, judgement = stored.entry, stored.judgement
    connection.execute(
        insert(ENTRIES).values(
            institution=stored.institution,
            entry_id=entry.entry,
            visit_id=entry.visit,
            device_id=stored.device_id,
            sealed_for=stored.sealed_for,
            sequence=entry.sequence,
            kind=entry.kind,
            at=entry.at,
            received_at=stored.received_at,
            message_digest=stored.message_digest,
            content_digest=stored.content_digest,
            content=strict_json.dumps(entry.body),
            judgement=None if judgement is None else strict_json.dumps(judgement).decode("utf-8"),
            differs=stored.differs,
        )
    )
    found = find_visit(connection, stored.institution, entry.visit)
    if found is None:
        connection.execute(insert(VISITS).values(**_columns(_first(stored))))
    else:
        key = (VISITS.c.institution == stored.institution) & (VISITS.c.visit_id == entry.visit)
        connection.execute(update(VISITS).where(key).values(**_columns(_with_entry(found, stored))))


def find_visit(connection: Connection, institution: str, visit_id: str) -> VisitRow | None:
    """Return the row of a visit, or None."""
    row = connection.execute(
        select(VISITS).where(VISITS.c.institution == institution, VISITS.c.visit_id == visit_id)
    ).one_or_none()
    return None if row is None else VisitRow(**row._mapping)


def visits_of(
    connection: Connection,
    institution: str,
    *,
    site: str | None = None,
    device_id: str | None = None,
    limit: int = 500,
) -> tuple[VisitRow, ...]:
    """Return the visits of an institution, those of one site and of one device or all, the newest first."""
    wanted = select(VISITS).where(VISITS.c.institution == institution)
    if site is not None:
        wanted = wanted.where(VISITS.c.site_key == site)
    if device_id is not None:
        wanted = wanted.where(VISITS.c.device_id == device_id)
    rows = connection.execute(wanted.order_by(VISITS.c.first_at.desc(), VISITS.c.visit_id).limit(limit))
    return tuple(VisitRow(**row._mapping) for row in rows)


def entries_of(
    connection: Connection, institution: str, visit_id: str, *, without: EntryKind | None = None
) -> tuple[ReceivedEntry, ...]:
    """Return every entry of a visit in order, but those of one kind when it is named."""
    wanted = select(ENTRIES).where(ENTRIES.c.institution == institution, ENTRIES.c.visit_id == visit_id)
    if without is not None:
        wanted = wanted.where(ENTRIES.c.kind != without)
    rows = connection.execute(wanted.order_by(ENTRIES.c.sequence, ENTRIES.c.at, ENTRIES.c.entry_id))
    return tuple(map(_entry, rows))


def insert_export(
    connection: Connection, institution: str, *, export_id: str, visit_id: str, form: str, at: int, digest: str
) -> None:
    """Note that a visit was exported."""
    connection.execute(
        insert(EXPORTS).values(
            institution=institution, export_id=export_id, visit_id=visit_id, form=form, at=at, digest=digest
        )
    )


def exports_of(connection: Connection, institution: str, visit_id: str) -> tuple[tuple[str, int, str], ...]:
    """Return form, time and digest of every export of a visit, the newest first."""
    rows = connection.execute(
        select(EXPORTS.c.form, EXPORTS.c.at, EXPORTS.c.digest)
        .where(EXPORTS.c.institution == institution, EXPORTS.c.visit_id == visit_id)
        .order_by(EXPORTS.c.at.desc(), EXPORTS.c.export_id)
    )
    return tuple((row.form, row.at, row.digest) for row in rows)


def due_visits(connection: Connection, institution: str, *, ended_before: int) -> Iterator[str]:
    """Yield the visits that ended before a time: with their end, or with the last that came of them."""
    ended_at = func.coalesce(VISITS.c.closed_at, VISITS.c.received_at)
    rows = connection.execute(
        select(VISITS.c.visit_id).where(VISITS.c.institution == institution, ended_at < ended_before)
    )
    yield from (row.visit_id for row in rows.all())


def idle_visits(connection: Connection, institution: str, *, idle_since: int) -> Iterator[str]:
    """Yield the visits with scans alone: no list, note, photograph, finding or end, and nothing since a time."""
    followed_up = exists().where(
        ENTRIES.c.institution == institution,
        ENTRIES.c.visit_id == VISITS.c.visit_id,
        ENTRIES.c.kind.notin_(_WITHOUT_FOLLOW_UP),
    )
    rows = connection.execute(
        select(VISITS.c.visit_id).where(
            VISITS.c.institution == institution, VISITS.c.received_at < idle_since, ~followed_up
        )
    )
    yield from (row.visit_id for row in rows.all())


def forget_visit(connection: Connection, institution: str, visit_id: str) -> int:
    """Delete a visit with everything in it; return how many entries went."""
    gone = connection.execute(
        delete(ENTRIES).where(ENTRIES.c.institution == institution, ENTRIES.c.visit_id == visit_id)
    ).rowcount
    connection.execute(delete(EXPORTS).where(EXPORTS.c.institution == institution, EXPORTS.c.visit_id == visit_id))
    connection.execute(delete(VISITS).where(VISITS.c.institution == institution, VISITS.c.visit_id == visit_id))
    return gone


def _first(stored: ReceivedEntry) -> VisitRow:
    entry = stored.entry
    return _with_entry(
        VisitRow(
            institution=stored.institution,
            visit_id=entry.visit,
            device_id=stored.sealed_for,
            site="",
            site_key="",
            first_at=entry.at,
            last_at=entry.at,
            closed_at=None,
            received_at=stored.received_at,
            entries=0,
        ),
        stored,
    )


def _with_entry(row: VisitRow, stored: ReceivedEntry) -> VisitRow:
    entry = stored.entry
    opened, closed = entry.kind is EntryKind.VISIT_OPENED, entry.kind is EntryKind.VISIT_CLOSED
    site = site_of(entry.body).text if opened else row.site
    return replace(
        row,
        site=site,
        site_key=site_key(site),
        first_at=min(row.first_at, entry.at),
        last_at=max(row.last_at, entry.at),
        closed_at=stored.received_at if closed else row.closed_at,
        received_at=max(row.received_at, stored.received_at),
        entries=row.entries + 1,
    )


def _columns(row: VisitRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in VisitRow.__slots__}


def _entry(row: Row[Any]) -> ReceivedEntry:
    body = strict_json.loads_object(row.content, what="entry", max_bytes=_MAX_STORED, max_depth=MAX_DEPTH)
    judgement = row.judgement and strict_json.loads_object(
        row.judgement, what="judgement", max_bytes=_MAX_STORED, max_depth=4 * MAX_DEPTH
    )
    return ReceivedEntry(
        institution=row.institution,
        device_id=row.device_id,
        sealed_for=row.sealed_for,
        entry=Entry(
            visit=row.visit_id,
            entry=row.entry_id,
            sequence=row.sequence,
            kind=EntryKind(row.kind),
            at=row.at,
            body=body,
        ),
        received_at=row.received_at,
        message_digest=row.message_digest,
        content_digest=row.content_digest,
        judgement=judgement or None,
        differs=row.differs,
    )
