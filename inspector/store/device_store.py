"""Pairing codes, devices and what they used: statements in a connection of the caller's transaction."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from portadoc.formats.jwe import EncryptionKey, encryption_key_from_text
from portadoc.inspector.store.tables import DEVICES, PAIRINGS, TRIES, USES

MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Pairing:
    """A pairing code that may still be used: for which institution, and how the device is to be called."""

    institution: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that is paired; times in epoch seconds. ``encryption_key`` is secret and stays here.

    ``name`` is what the office called it, ``own_name`` what was typed on the device itself, empty for nothing.
    """

    institution: str
    device_id: str
    name: str
    own_name: str = ""
    created_at: int
    revoked_at: int | None
    encryption_key: EncryptionKey = field(repr=False)


def insert_pairing(
    connection: Connection, pairing: Pairing, *, code_digest: str, created_at: int, expires_at: int
) -> None:
    """Keep a pairing code."""
    connection.execute(
        insert(PAIRINGS).values(
            institution=pairing.institution,
            code_digest=code_digest,
            name=pairing.name,
            created_at=created_at,
            expires_at=expires_at,
        )
    )


def use_pairing(connection: Connection, code_digest: str, *, now: int) -> Pairing | None:
    """Return what a code pairs and use it up; None for one that is unknown, used or expired."""
    still_good = (PAIRINGS.c.code_digest == code_digest) & PAIRINGS.c.used_at.is_(None)
    still_good &= PAIRINGS.c.expires_at > now
    row = connection.execute(select(PAIRINGS).where(still_good)).first()
    if row is None:
        return None
    used = connection.execute(
        update(PAIRINGS).where(still_good, PAIRINGS.c.institution == row.institution).values(used_at=now)
    )
    return Pairing(row.institution, row.name) if used.rowcount == 1 else None


def wrong_tries(connection: Connection, source: str | None, *, since: int) -> int:
    """Return how many wrong codes came since a time, from one source or from all."""
    wanted = select(func.coalesce(func.sum(TRIES.c.count), 0)).where(TRIES.c.minute >= since // MINUTE_S)
    return int(connection.scalar(wanted if source is None else wanted.where(TRIES.c.source == source)) or 0)


def count_wrong_try(connection: Connection, source: str, *, now: int) -> None:
    """Count one more wrong code."""
    key = (TRIES.c.source == source) & (TRIES.c.minute == now // MINUTE_S)
    if not connection.execute(update(TRIES).where(key).values(count=TRIES.c.count + 1)).rowcount:
        connection.execute(insert(TRIES).values(source=source, minute=now // MINUTE_S, count=1))


def count_use(connection: Connection, device: Device, what: str, *, now: int) -> int:
    """Count one more use of something by a device and return how many there were in this minute."""
    key = (USES.c.institution == device.institution) & (USES.c.device_id == device.device_id)
    key &= (USES.c.what == what) & (USES.c.minute == now // MINUTE_S)
    if not connection.execute(update(USES).where(key).values(count=USES.c.count + 1)).rowcount:
        named = {"institution": device.institution, "device_id": device.device_id, "what": what}
        connection.execute(insert(USES).values(**named, minute=now // MINUTE_S, count=1))
    return int(connection.scalar(select(USES.c.count).where(key)) or 0)


def uses_since(connection: Connection, device: Device, what: str, *, since: int) -> int:
    """Return how often a device used something since a time, by whole minutes."""
    key = (USES.c.institution == device.institution) & (USES.c.device_id == device.device_id)
    key &= (USES.c.what == what) & (USES.c.minute >= since // MINUTE_S)
    return int(connection.scalar(select(func.coalesce(func.sum(USES.c.count), 0)).where(key)) or 0)


def take_back_use(connection: Connection, device: Device, what: str, *, now: int) -> None:
    """Count one use less in the minute in which it was counted."""
    key = (USES.c.institution == device.institution) & (USES.c.device_id == device.device_id)
    key &= (USES.c.what == what) & (USES.c.minute == now // MINUTE_S)
    connection.execute(update(USES).where(key).values(count=USES.c.count - 1))


def forget_counts(connection: Connection, *, before: int) -> None:
    """Delete counts and pairing codes of before a time."""
    connection.execute(delete(TRIES).where(TRIES.c.minute < before // MINUTE_S))
    connection.execute(delete(USES).where(USES.c.minute < before // MINUTE_S))
    connection.execute(delete(PAIRINGS).where(PAIRINGS.c.expires_at < before))


def insert_device(connection: Connection, device: Device, *, secret_digest: str) -> None:
    """Keep a device."""
    connection.execute(
        insert(DEVICES).values(
            institution=device.institution,
            device_id=device.device_id,
            name=device.name,
            own_name=device.own_name,
            secret_digest=secret_digest,
            encryption_key=device.encryption_key.private_jwk,
            created_at=device.created_at,
        )
    )


def find_by_secret(connection: Connection, secret_digest: str) -> Device | None:
    """Return the device with this secret, None for one that is unknown or revoked."""
    row = connection.execute(
        select(DEVICES).where(DEVICES.c.secret_digest == secret_digest, DEVICES.c.revoked_at.is_(None))
    ).one_or_none()
    return None if row is None else _device(row)


def devices_of(connection: Connection, institution: str) -> tuple[Device, ...]:
    """Return every device of an institution, the newest first."""
    rows = connection.execute(
        select(DEVICES)
        .where(DEVICES.c.institution == institution)
        .order_by(DEVICES.c.created_at.desc(), DEVICES.c.device_id)
    )
    return tuple(map(_device, rows))


def revoke_device(connection: Connection, institution: str, device_id: str, *, now: int) -> bool:
    """Revoke a device; True when it was not revoked before."""
    key = (DEVICES.c.institution == institution) & (DEVICES.c.device_id == device_id)
    return (
        connection.execute(
            update(DEVICES).where(key, DEVICES.c.revoked_at.is_(None)).values(revoked_at=now)
        ).rowcount
        == 1
    )


def _device(row: Row[Any]) -> Device:
    return Device(
        institution=row.institution,
        device_id=row.device_id,
        name=row.name,
        own_name=row.own_name,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        encryption_key=encryption_key_from_text(row.encryption_key),
    )
