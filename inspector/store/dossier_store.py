"""Links of site dossiers: statements in a connection of the caller's transaction."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from portadoc.inspector.store.tables import DOSSIERS


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierLink:
    """A link; times in epoch seconds. ``title`` is the site for people, ``site_key`` tells sites apart.

    ``device_id`` is the device that made it; None for a link of the office.
    """

    institution: str
    dossier_id: str
    site_key: str
    title: str
    created_at: int
    expires_at: int
    device_id: str | None = None
    revoked_at: int | None = None

    def holds(self, now: int) -> bool:
        """Tell whether the link still leads to the dossier."""
        return self.revoked_at is None and now < self.expires_at


def insert_link(connection: Connection, link: DossierLink, *, secret_digest: str) -> None:
    """Keep a link."""
    values = {name: getattr(link, name) for name in DossierLink.__slots__}
    connection.execute(insert(DOSSIERS).values(**values, secret_digest=secret_digest))


def find_link(connection: Connection, secret_digest: str) -> DossierLink | None:
    """Return the link of a secret, or None."""
    columns = [DOSSIERS.c[name] for name in DossierLink.__slots__]
    row = connection.execute(select(*columns).where(DOSSIERS.c.secret_digest == secret_digest)).one_or_none()
    return None if row is None else DossierLink(**row._mapping)


def links_of(connection: Connection, institution: str) -> tuple[DossierLink, ...]:
    """Return every link of an institution, the newest first."""
    columns = [DOSSIERS.c[name] for name in DossierLink.__slots__]
    rows = connection.execute(
        select(*columns)
        .where(DOSSIERS.c.institution == institution)
        .order_by(DOSSIERS.c.created_at.desc(), DOSSIERS.c.dossier_id)
    )
    return tuple(DossierLink(**row._mapping) for row in rows)


def revoke_link(connection: Connection, institution: str, dossier_id: str, *, now: int) -> bool:
    """End a link; True when it had not been ended before."""
    key = (DOSSIERS.c.institution == institution) & (DOSSIERS.c.dossier_id == dossier_id)
    ended = connection.execute(update(DOSSIERS).where(key, DOSSIERS.c.revoked_at.is_(None)).values(revoked_at=now))
    return ended.rowcount == 1


def forget_links(connection: Connection, institution: str, *, expired_before: int) -> None:
    """Delete links that led nowhere since before a time."""
    connection.execute(
        delete(DOSSIERS).where(DOSSIERS.c.institution == institution, DOSSIERS.c.expires_at < expired_before)
    )
