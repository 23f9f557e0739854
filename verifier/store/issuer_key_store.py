"""Keys that issuers publish, as they were fetched: statements in a connection of the caller's transaction.

They are the same for every institution of an installation.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, or_, select, update

from portadoc.verifier.store.tables import ISSUER_KEYS


@dataclass(frozen=True, slots=True)
class StoredIssuerKeys:
    """The keys of one issuer: a JWK Set as text, and when it was fetched (epoch seconds)."""

    key_set: str
    fetched_at: int


def all_issuer_keys(connection: Connection) -> dict[str, StoredIssuerKeys]:
    """Return what is kept, by issuer."""
    rows = connection.execute(select(ISSUER_KEYS).where(ISSUER_KEYS.c.key_set.is_not(None)))
    return {row.issuer: StoredIssuerKeys(row.key_set, row.fetched_at) for row in rows}


def claim_attempt(connection: Connection, issuer: str, *, now: int, cool_down_s: int) -> bool:
    """Note an attempt at an issuer's keys unless one was made within the cool-down; say whether this one may be.

    All processes share the count. An attempt noted in the future (a clock that was set back) counts for nothing.
    """
    attempted_at = ISSUER_KEYS.c.attempted_at
    is_free = or_(attempted_at <= now - cool_down_s, attempted_at > now)
    noted = connection.execute(
        update(ISSUER_KEYS).where(ISSUER_KEYS.c.issuer == issuer, is_free).values(attempted_at=now)
    )
    if noted.rowcount:
        return True
    if connection.scalar(select(ISSUER_KEYS.c.issuer).where(ISSUER_KEYS.c.issuer == issuer)) is not None:
        return False
    connection.execute(insert(ISSUER_KEYS).values(issuer=issuer, attempted_at=now))
    return True


def keep_issuer_keys(connection: Connection, issuer: str, kept: StoredIssuerKeys) -> None:
    """Keep keys in place of those before; an attempt was noted first."""
    values = {"key_set": kept.key_set, "fetched_at": kept.fetched_at}
    connection.execute(update(ISSUER_KEYS).where(ISSUER_KEYS.c.issuer == issuer).values(values))
