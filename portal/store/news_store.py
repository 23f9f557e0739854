"""What was done to certificates at the issuer, and who was told: statements in the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from portadoc.portal.store.tables import NEWS, NEWS_READ

_LISTED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsItem:
    """One deed as it is told to one party: the worker of the certificate, or an employer on it.

    ``number`` is what stands on the certificate, as ``worker_pin`` and ``born`` do of the worker; ``party`` is the
    personal number in letters and digits, or the number of an employer.
    """

    institution: str
    deed_id: str
    party: str = field(repr=False)
    worker_pin: str = field(repr=False)
    born: str = field(repr=False)
    verb: str
    number: str
    at: int
    is_worker: bool


def read_until(connection: Connection, institution: str) -> int:
    """Return the deed of the issuer that was read last; 0 before any."""
    query = select(NEWS_READ.c.deed_number).where(NEWS_READ.c.institution == institution)
    return int(connection.scalar(query) or 0)


def note_read(connection: Connection, institution: str, deed_number: int) -> None:
    """Note which deed was read last."""
    changed = connection.execute(
        update(NEWS_READ).where(NEWS_READ.c.institution == institution).values(deed_number=deed_number)
    )
    if changed.rowcount == 0:
        connection.execute(insert(NEWS_READ).values(institution=institution, deed_number=deed_number))


def insert_news(connection: Connection, item: NewsItem) -> None:
    """Keep something to be told."""
    values = {name: getattr(item, name) for name in NewsItem.__slots__}
    connection.execute(insert(NEWS).values(**values))


def untold(connection: Connection, institution: str, *, since: int) -> tuple[NewsItem, ...]:
    """Return what was done since a time and not told yet, the oldest first."""
    waits = (NEWS.c.institution == institution) & NEWS.c.told_at.is_(None) & (NEWS.c.at > since)
    return tuple(map(_item, connection.execute(select(NEWS).where(waits).order_by(NEWS.c.at, NEWS.c.deed_id))))


def note_told(connection: Connection, item: NewsItem, *, now: int) -> bool:
    """Note that a party is told; False when it was before."""
    waits = _this(item) & NEWS.c.told_at.is_(None)
    return connection.execute(update(NEWS).where(waits).values(told_at=now)).rowcount == 1


def news_of(
    connection: Connection,
    institution: str,
    *,
    worker: tuple[str, date] | None,
    employers: Collection[str],
    since: int,
) -> tuple[NewsItem, ...]:
    """Return what a person, by number and birth date, and employers are told that was done since a time.

    The newest first. The number of an employer is nobody's personal number, whatever its digits.
    """
    own = NEWS.c.is_worker & _is_of(worker)
    of_employers = ~NEWS.c.is_worker & NEWS.c.party.in_(sorted(employers))
    theirs = (NEWS.c.institution == institution) & (own | of_employers) & (NEWS.c.at > since)
    rows = connection.execute(select(NEWS).where(theirs).order_by(NEWS.c.at.desc(), NEWS.c.deed_id).limit(_LISTED))
    return tuple(map(_item, rows))


def news_about(connection: Connection, institution: str, worker_pin: str, born: date) -> tuple[NewsItem, ...]:
    """Return what is kept of the certificates of a worker, for whomever, the oldest first."""
    theirs = (
        (NEWS.c.institution == institution) & (NEWS.c.worker_pin == worker_pin) & (NEWS.c.born == born.isoformat())
    )
    return tuple(map(_item, connection.execute(select(NEWS).where(theirs).order_by(NEWS.c.at, NEWS.c.deed_id))))


def forget_news(connection: Connection, *, before: int) -> None:
    """Delete what was done before a time."""
    connection.execute(delete(NEWS).where(NEWS.c.at <= before))


def _is_of(worker: tuple[str, date] | None) -> ColumnElement[bool]:
    number, born = worker or ("", date.min)
    return (NEWS.c.party == number) & (NEWS.c.born == born.isoformat())


def _this(item: NewsItem) -> ColumnElement[bool]:
    key = (NEWS.c.institution == item.institution) & (NEWS.c.deed_id == item.deed_id)
    return key & (NEWS.c.party == item.party)


def _item(row: Row[Any]) -> NewsItem:
    return NewsItem(**{name: getattr(row, name) for name in NewsItem.__slots__})
