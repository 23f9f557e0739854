"""Devices: paired by a code that is good once, known by a secret that only they hold, revoked for good.

A device may ask by preset, write entries, and ask for receipts and codes. It never reads an entry back: what it
writes is encrypted to a key whose private half stays here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from portadoc.errors import Error, Refused, Unavailable
from portadoc.formats.jwe import new_encryption_key
from portadoc.inspector.deployment import Deployment
from portadoc.inspector.store import device_store
from portadoc.inspector.store.device_store import Device, Pairing
from portadoc.keys.purposes import KeyPurpose
from portadoc.randomness import random_below
from portadoc.schemas.events import EventKind
from portadoc.storage.installation import SECRET_BYTES, digest

CODE_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing in it looks like anything else in it."""
CODE_CHARS: Final = 8
MAX_NAME: Final = 80
WINDOW_S: Final = 600
HOUR_S: Final = 3600
_LOOK_ALIKES: Final = str.maketrans("OIL", "011")
_CODE: Final = re.compile(f"[{CODE_ALPHABET}]{{{CODE_CHARS}}}")


@dataclass(frozen=True, slots=True)
class PairingCode:
    """A code to type into a device. It is told here once; only its digest is kept."""

    code: str = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class PairedDevice:
    """A device, and the secret that is told to it once."""

    device: Device
    secret: str = field(repr=False)


class Devices:
    """The devices of every institution whose inspectors work here."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def pairing_code(self, slug: str, name: str) -> PairingCode:
        """Return a new code for one device of an institution. Raises Refused[not_found], [device_name_invalid]."""
        here, now = self._deployment, self._deployment.clock.now()
        here.institution(slug)
        pairing = Pairing(slug, checked_name(name))
        drawn = (random_below(len(CODE_ALPHABET), here.random_bytes) for _ in range(CODE_CHARS))
        made = PairingCode("".join(CODE_ALPHABET[each] for each in drawn), now + here.settings.pairing_ttl_s)
        with here.database.transaction() as connection:
            device_store.insert_pairing(
                connection, pairing, code_digest=digest(made.code), created_at=now, expires_at=made.expires_at
            )
            here.tell(connection, EventKind.PAIRING_CODE_MADE, slug, digest(made.code)[:16])
        return made

    def pair(self, unverified_code: str, name: str, *, source: str) -> PairedDevice:
        """Return a new device for a code, once. ``source`` is where the code came from.

        It has the name that the office gave with the code; ``name`` is a second label, "" for none.
        Raises Unavailable[pairing_throttled] after too many wrong codes, Refused[pairing_code_invalid] for a code
        that is wrong, used or expired, Refused[device_name_invalid].
        """
        here, now = self._deployment, self._deployment.clock.now()
        if not here.settings.by_slug:
            raise Refused("pairing_code_invalid")
        code, origin = _typed(unverified_code), self._source_tag(source)
        own_name = checked_name(name) if name.strip() else ""
        with here.database.read() as connection:
            self._throttle(connection, origin, now)  # who floods us waits without a transaction
        key, secret = new_encryption_key(here.random_bytes), here.random_bytes(SECRET_BYTES).hex()
        with here.database.transaction() as connection:
            self._throttle(connection, origin, now)
            pairing = device_store.use_pairing(connection, digest(code), now=now) if code else None
            if pairing is None:
                device_store.count_wrong_try(connection, origin, now=now)
            else:
                device = Device(
                    institution=pairing.institution,
                    device_id=here.new_id(),
                    name=pairing.name,
                    own_name=own_name,
                    created_at=now,
                    revoked_at=None,
                    encryption_key=key,
                )
                device_store.insert_device(connection, device, secret_digest=digest(secret))
                here.tell(connection, EventKind.DEVICE_PAIRED, pairing.institution, device.device_id)
        if pairing is None:  # outside: the wrong try has to be counted
            raise Refused("pairing_code_invalid")
        return PairedDevice(device, secret)

    def known(self, secret: str) -> Device:
        """Return the device that holds a secret. Raises Refused[device_unknown], also for one that is revoked."""
        with self._deployment.database.read() as connection:
            found = device_store.find_by_secret(connection, digest(secret))
        if found is None or found.institution not in self._deployment.settings.by_slug:
            raise Refused("device_unknown")
        return found

    def listed(self, slug: str) -> tuple[Device, ...]:
        """Return the devices of an institution, the newest first. Raises Refused[not_found]."""
        self._deployment.institution(slug)
        with self._deployment.database.read() as connection:
            return device_store.devices_of(connection, slug)

    def revoke(self, slug: str, device_id: str) -> None:
        """Revoke a device for good. Raises Refused[not_found] for one that is not there or not paired any more."""
        here = self._deployment
        here.institution(slug)
        with here.database.transaction() as connection:
            revoked = device_store.revoke_device(connection, slug, device_id, now=here.clock.now())
            if revoked:
                here.tell(connection, EventKind.DEVICE_REVOKED, slug, device_id)
        if not revoked:
            raise Refused("not_found")

    def count(self, device: Device, what: str, *, most: int) -> None:
        """Count one use of something in this minute. Raises Unavailable[device_throttled] beyond ``most``."""
        here = self._deployment
        with here.database.transaction() as connection:
            used = device_store.count_use(connection, device, what, now=here.clock.now())
        if used > most:
            raise Unavailable("device_throttled", retry_after_s=device_store.MINUTE_S, limit=most)

    @contextmanager
    def risking(self, device: Device, what: str, *, most: int) -> Iterator[None]:
        """Let a device try something that may be refused, ``most`` times refused in an hour.

        A try counts as refused from its beginning, so many at once are no way round; one that is answered, or that
        got no answer, is taken back. Raises Unavailable[device_misses] beyond ``most``.
        """
        here, now = self._deployment, self._deployment.clock.now()
        with here.database.transaction() as connection:
            if device_store.uses_since(connection, device, what, since=now - HOUR_S) >= most:
                raise Unavailable("device_misses", retry_after_s=HOUR_S, limit=most)
            device_store.count_use(connection, device, what, now=now)
        try:
            yield
        except Refused:
            raise
        except Error:
            self._take_back(device, what, now)
            raise
        self._take_back(device, what, now)

    def _take_back(self, device: Device, what: str, at: int) -> None:
        with self._deployment.database.transaction() as connection:
            device_store.take_back_use(connection, device, what, now=at)

    def _throttle(self, connection: Connection, origin: str, now: int) -> None:
        settings, since = self._deployment.settings, now - WINDOW_S
        from_here = device_store.wrong_tries(connection, origin, since=since)
        in_all = device_store.wrong_tries(connection, None, since=since)
        if from_here >= settings.tries_from_one_source or in_all >= settings.tries_in_all:
            raise Unavailable("pairing_throttled", retry_after_s=WINDOW_S)

    def _source_tag(self, source: str) -> str:
        """Return a keyed tag: of a plain digest, every address could be found by trying them all."""
        here = self._deployment
        return here.key_ring.mac(here.settings.first, KeyPurpose.NONCE).tag(f"pairing:{source}".encode()).hex()


def checked_name(name: str) -> str:
    """Return a name of a device, without space around it. Raises Refused[device_name_invalid]."""
    trimmed = name.strip()
    if not 0 < len(trimmed) <= MAX_NAME or not trimmed.isprintable():
        raise Refused("device_name_invalid", limit=MAX_NAME)
    return trimmed


def shown_code(code: str) -> str:
    """Return a code as people read it, in two groups."""
    return f"{code[:4]}-{code[4:]}"


def _typed(unverified_code: str) -> str:
    """Return a code as it was made, however it was typed; empty for what cannot be one."""
    plain = "".join(unverified_code.split()).replace("-", "").upper().translate(_LOOK_ALIKES)
    return plain if _CODE.fullmatch(plain) else ""
