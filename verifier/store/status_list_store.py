"""Status lists that were fetched: statements in a connection of the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from portadoc.verifier.store.tables import STATUS_LISTS


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStatusList:
    """A status list token that was verified when it was stored, and when it is due. Times in epoch seconds.

    ``withdrawals`` is the withdrawal list that goes with it, None when none is published or none could be had.
    """

    uri: str
    issued_by: str
    form: str
    token: bytes
    withdrawals: str | None
    iat: int
    fetched_at: int
    refresh_at: int
    expires_at: int
    used_at: int


def find_list(connection: Connection, institution: str, uri: str) -> StoredStatusList | None:
    """Return the list kept for a URI, or None."""
    row = connection.execute(
        select(STATUS_LISTS).where(STATUS_LISTS.c.institution == institution, STATUS_LISTS.c.uri == uri)
    ).one_or_none()
    return None if row is None else _status_list(row)


def list_version(connection: Connection, institution: str, uri: str) -> tuple[int, int]:
    """Return ``iat`` and time of fetching of the list kept for a URI, -1 and -1 when there is none."""
    row = connection.execute(
        select(STATUS_LISTS.c.iat, STATUS_LISTS.c.fetched_at).where(_this_list(institution, uri))
    ).one_or_none()
    return (-1, -1) if row is None else (row.iat, row.fetched_at)


def keep_list(connection: Connection, institution: str, kept: StoredStatusList, *, max_lists: int) -> bool:
    """Keep a list in place of an older one; False when a newer one (by ``iat``) is there already.

    A new URI beyond ``max_lists`` takes the place of the list that was asked for longest ago.
    """
    stored = find_list(connection, institution, kept.uri)
    if stored is not None and stored.iat > kept.iat:
        return False
    values = {name: getattr(kept, name) for name in kept.__slots__ if name != "used_at"}
    if stored is not None:
        connection.execute(update(STATUS_LISTS).where(_this_list(institution, kept.uri)).values(values))
        return True
    _make_room(connection, institution, max_lists)
    connection.execute(insert(STATUS_LISTS).values(institution=institution, used_at=kept.used_at, **values))
    return True


def lists_due(
    connection: Connection, institution: str, *, by: int, used_after: int, issued_by: int, fetched_by: int
) -> tuple[StoredStatusList, ...]:
    """Return the lists that somebody has asked for after ``used_after`` and that are to be fetched by ``by``.

    Those that were issued as early as ``issued_by`` are due as well, unless fetched later than ``fetched_by``.
    """
    too_old = (STATUS_LISTS.c.iat <= issued_by) & (STATUS_LISTS.c.fetched_at <= fetched_by)
    rows = connection.execute(
        select(STATUS_LISTS).where(
            STATUS_LISTS.c.institution == institution,
            (STATUS_LISTS.c.refresh_at <= by) | too_old,
            STATUS_LISTS.c.used_at >= used_after,
        )
    )
    return tuple(_status_list(row) for row in rows)


def kept_uris(connection: Connection, institution: str) -> frozenset[str]:
    """Return the addresses of all lists kept, expired ones too."""
    return frozenset(
        connection.scalars(select(STATUS_LISTS.c.uri).where(STATUS_LISTS.c.institution == institution))
    )


def kept_versions(connection: Connection, institution: str) -> frozenset[tuple[str, int]]:
    """Return address and ``iat`` of all lists kept, expired ones too."""
    rows = connection.execute(
        select(STATUS_LISTS.c.uri, STATUS_LISTS.c.iat).where(STATUS_LISTS.c.institution == institution)
    )
    return frozenset((row.uri, row.iat) for row in rows)


def mark_lists_used(connection: Connection, institution: str, uris: Collection[str], *, now: int) -> None:
    """Note that the lists were asked for."""
    own, named = STATUS_LISTS.c.institution == institution, STATUS_LISTS.c.uri.in_(uris)
    connection.execute(update(STATUS_LISTS).where(own, named).values(used_at=now))


def forget_lists(connection: Connection, institution: str, *, issued_before: int) -> None:
    """Delete lists that no older one could take the place of; until then even an expired list keeps those out."""
    own, issued = STATUS_LISTS.c.institution == institution, STATUS_LISTS.c.iat < issued_before
    connection.execute(delete(STATUS_LISTS).where(own, issued))


def _make_room(connection: Connection, institution: str, max_lists: int) -> None:
    own = STATUS_LISTS.c.institution == institution
    surplus = (connection.scalar(select(func.count()).select_from(STATUS_LISTS).where(own)) or 0) - max_lists + 1
    if surplus > 0:
        oldest = select(STATUS_LISTS.c.uri).where(own).order_by(STATUS_LISTS.c.used_at).limit(surplus)
        uris = list(connection.scalars(oldest))
        connection.execute(delete(STATUS_LISTS).where(own, STATUS_LISTS.c.uri.in_(uris)))


def _this_list(institution: str, uri: str) -> Any:
    return (STATUS_LISTS.c.institution == institution) & (STATUS_LISTS.c.uri == uri)


def _status_list(row: Row[Any]) -> StoredStatusList:
    return StoredStatusList(
        uri=row.uri,
        issued_by=row.issued_by,
        form=row.form,
        token=row.token,
        withdrawals=row.withdrawals,
        iat=row.iat,
        fetched_at=row.fetched_at,
        refresh_at=row.refresh_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
