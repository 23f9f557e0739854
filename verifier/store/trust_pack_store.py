"""Trust packs that were handed out: statements in a connection of the caller's transaction."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from portadoc.formats.status_list.claims import StatusListForm
from portadoc.formats.trust_pack import PackedList
from portadoc.verifier.store.tables import STATUS_LISTS, TRUST_PACKS


@dataclass(frozen=True, slots=True)
class HeldTokens:
    """A status list as it was fetched, and the withdrawal list that goes with it."""

    status_list: PackedList
    withdrawal_list: PackedList | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrustPack:
    """A signed pack, its place in the sequence and its times (epoch seconds)."""

    sequence: int
    as_of: int
    expires_at: int
    pack: bytes


def newest_sequence(connection: Connection, institution: str) -> int | None:
    """Return the highest number under which a pack was signed, or None."""
    signed = TRUST_PACKS.c.institution == institution, TRUST_PACKS.c.pack.is_not(None)
    sequence: int | None = connection.scalar(select(func.max(TRUST_PACKS.c.sequence)).where(*signed))
    return sequence


def newest_pack(connection: Connection, institution: str) -> StoredTrustPack | None:
    """Return the pack of the highest sequence that was signed, or None."""
    row = connection.execute(
        select(TRUST_PACKS)
        .where(TRUST_PACKS.c.institution == institution, TRUST_PACKS.c.pack.is_not(None))
        .order_by(TRUST_PACKS.c.sequence.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return StoredTrustPack(sequence=row.sequence, as_of=row.as_of, expires_at=row.expires_at, pack=row.pack)


def next_sequence(connection: Connection, institution: str, *, as_of: int) -> int:
    """Take the next number of the institution's sequence, for good, and return it."""
    newest = connection.scalar(
        select(func.max(TRUST_PACKS.c.sequence)).where(TRUST_PACKS.c.institution == institution)
    )
    sequence = int(newest or 0) + 1
    connection.execute(
        insert(TRUST_PACKS).values(institution=institution, sequence=sequence, as_of=as_of, expires_at=as_of)
    )
    return sequence


def keep_pack(connection: Connection, institution: str, made: StoredTrustPack) -> None:
    """Keep a signed pack under its number and forget the ones before it."""
    own = TRUST_PACKS.c.institution == institution
    connection.execute(
        update(TRUST_PACKS)
        .where(own, TRUST_PACKS.c.sequence == made.sequence)
        .values(expires_at=made.expires_at, pack=made.pack)
    )
    connection.execute(delete(TRUST_PACKS).where(own, TRUST_PACKS.c.sequence < made.sequence))


def held_lists(connection: Connection, institution: str, *, now: int) -> tuple[HeldTokens, ...]:
    """Return the lists of the institution that have not ended, the one asked for last first."""
    rows = connection.execute(
        select(STATUS_LISTS)
        .where(
            STATUS_LISTS.c.institution == institution,
            STATUS_LISTS.c.expires_at > now,
            STATUS_LISTS.c.fetched_at <= now,
        )
        .order_by(STATUS_LISTS.c.used_at.desc(), STATUS_LISTS.c.uri)
    )
    return tuple(map(_held_tokens, rows))


def _held_tokens(row: Row[Any]) -> HeldTokens:
    token = row.token.decode("ascii") if row.form == StatusListForm.JWT else row.token
    withdrawals = None if row.withdrawals is None else PackedList(row.uri, row.withdrawals, row.fetched_at)
    return HeldTokens(PackedList(row.uri, token, row.fetched_at), withdrawals)
