"""Which device put which question: statements in a connection of the caller's transaction."""

from sqlalchemy import Connection, delete, insert, select

from portadoc.inspector.store.device_store import Device
from portadoc.inspector.store.tables import ASKS


def insert_ask(connection: Connection, device: Device, transaction: str, *, now: int) -> None:
    """Keep who asked."""
    connection.execute(
        insert(ASKS).values(
            institution=device.institution, transaction_id=transaction, device_id=device.device_id, created_at=now
        )
    )


def find_ask(connection: Connection, institution: str, transaction: str) -> str | None:
    """Return the device that put a question, None for one that no device has put."""
    return connection.scalar(
        select(ASKS.c.device_id).where(ASKS.c.institution == institution, ASKS.c.transaction_id == transaction)
    )


def forget_asks(connection: Connection, *, before: int) -> None:
    """Delete what is older than a time."""
    connection.execute(delete(ASKS).where(ASKS.c.created_at < before))
