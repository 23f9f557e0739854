"""What is known of attachments: a table of its own and statements in a connection of the caller's transaction."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, delete, func, insert, select

from portadoc.storage.engine import new_metadata

METADATA: Final = new_metadata("portal_attachments", version=1)

ATTACHMENTS: Final = Table(
    "portal_attachments",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("application_id", String(64), primary_key=True),
    Column("attachment_id", String(64), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("added_by", String(200), nullable=False),
    Column("added_at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of an application: ``name`` is only ever shown, ``sha256`` (hexadecimal) is where it is kept."""

    institution: str
    application_id: str
    attachment_id: str
    name: str = field(repr=False)
    media_type: str
    size: int
    sha256: str
    added_by: str
    added_at: int


def insert_attachment(connection: Connection, attachment: Attachment) -> None:
    """Keep what is known of a file."""
    names = [column.name for column in ATTACHMENTS.columns]
    connection.execute(insert(ATTACHMENTS).values({name: getattr(attachment, name) for name in names}))


def attachments_of(connection: Connection, institution: str, application_id: str) -> tuple[Attachment, ...]:
    """Return the files of an application, the oldest first."""
    key = (ATTACHMENTS.c.institution == institution) & (ATTACHMENTS.c.application_id == application_id)
    rows = connection.execute(
        select(ATTACHMENTS).where(key).order_by(ATTACHMENTS.c.added_at, ATTACHMENTS.c.attachment_id)
    )
    return tuple(map(_attachment, rows))


def find_attachment(
    connection: Connection, institution: str, application_id: str, attachment_id: str
) -> Attachment | None:
    """Return one file of an application."""
    row = connection.execute(select(ATTACHMENTS).where(_key(institution, application_id, attachment_id))).first()
    return None if row is None else _attachment(row)


def delete_attachment(connection: Connection, institution: str, application_id: str, attachment_id: str) -> None:
    """Forget a file; one that is unknown changes nothing."""
    connection.execute(delete(ATTACHMENTS).where(_key(institution, application_id, attachment_id)))


def times_kept(connection: Connection, institution: str, sha256: str) -> int:
    """Return how many applications of an institution hold the same bytes."""
    key = (ATTACHMENTS.c.institution == institution) & (ATTACHMENTS.c.sha256 == sha256)
    return int(connection.scalar(select(func.count()).select_from(ATTACHMENTS).where(key)) or 0)


def _key(institution: str, application_id: str, attachment_id: str) -> Any:
    key = (ATTACHMENTS.c.institution == institution) & (ATTACHMENTS.c.application_id == application_id)
    return key & (ATTACHMENTS.c.attachment_id == attachment_id)


def _attachment(row: Row[Any]) -> Attachment:
    return Attachment(**row._mapping)
