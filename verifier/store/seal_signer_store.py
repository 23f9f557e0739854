"""Certificates of seals that issuers publish, as they were fetched: statements in the caller's transaction.

They are the same for every institution of an installation.
"""

from sqlalchemy import Connection, delete, insert, select

from portadoc.verifier.store.tables import SEAL_CERTIFICATES


def fetched_at(connection: Connection) -> dict[str, int]:
    """Return when each address was read last."""
    return {row.uri: row.fetched_at for row in connection.execute(select(SEAL_CERTIFICATES))}


def find_chains(connection: Connection, uri: str) -> bytes | None:
    """Return the document that stood at an address, or None."""
    query = select(SEAL_CERTIFICATES.c.body).where(SEAL_CERTIFICATES.c.uri == uri)
    return connection.execute(query).scalar_one_or_none()


def keep_chains(connection: Connection, uri: str, body: bytes, *, fetched_at: int) -> None:
    """Keep a document in place of the one before."""
    connection.execute(delete(SEAL_CERTIFICATES).where(SEAL_CERTIFICATES.c.uri == uri))
    connection.execute(insert(SEAL_CERTIFICATES).values(uri=uri, body=body, fetched_at=fetched_at))
