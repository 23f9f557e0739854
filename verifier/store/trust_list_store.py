"""Trusted lists that were fetched: statements in a connection of the caller's transaction.

A list is the same for every institution of an installation.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from portadoc.keys.trust.trust_list import ListForm
from portadoc.verifier.store.tables import TRUST_LISTS


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrustList:
    """An edition that was verified when it was stored. Times in epoch seconds."""

    uri: str
    form: ListForm
    sequence: int
    issued_at: int
    digest: str
    body: bytes
    fetched_at: int


def find_trust_list(connection: Connection, uri: str) -> StoredTrustList | None:
    """Return the edition kept of a list, or None."""
    row = connection.execute(select(TRUST_LISTS).where(TRUST_LISTS.c.uri == uri)).one_or_none()
    if row is None:
        return None
    return StoredTrustList(
        uri=row.uri,
        form=ListForm(row.form),
        sequence=row.sequence,
        issued_at=row.issued_at,
        digest=row.digest,
        body=row.body,
        fetched_at=row.fetched_at,
    )


def trust_list_digest(connection: Connection, uri: str) -> str | None:
    """Return the digest of the edition kept of a list, without reading it; None when there is none."""
    digest: str | None = connection.scalar(select(TRUST_LISTS.c.digest).where(TRUST_LISTS.c.uri == uri))
    return digest


def trust_list_fetched_at(connection: Connection, uri: str) -> int | None:
    """Return when a list was fetched last, None when it never was."""
    fetched_at: int | None = connection.scalar(select(TRUST_LISTS.c.fetched_at).where(TRUST_LISTS.c.uri == uri))
    return fetched_at


def keep_trust_list(connection: Connection, kept: StoredTrustList) -> None:
    """Keep an edition in place of the one before; the caller has compared the two in this transaction."""
    values = {name: getattr(kept, name) for name in kept.__slots__}
    if trust_list_digest(connection, kept.uri) is None:
        connection.execute(insert(TRUST_LISTS).values(values))
    else:
        connection.execute(update(TRUST_LISTS).where(TRUST_LISTS.c.uri == kept.uri).values(values))
