"""What the simulated wallet keeps: holder keys and credentials, in memory or in one JSON file.

A simulator's store: the keys lie unencrypted in a file that only its owner may read. A wallet for people keeps
them in secure hardware.
"""

import contextlib
import os
import stat
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from portadoc.errors import Conflict, Malformed, Misconfigured
from portadoc.formats import strict_json

STORE_VERSION: Final = 1
MAX_STORE_BYTES: Final = 16_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCredential:
    """One copy of a credential that was verified before it was kept, with the key it is bound to.

    ``sd_jwt`` holds every disclosure and no key binding; ``holder_key`` is the private JWK of the ``cnf`` claim;
    ``received_at`` is in epoch seconds; ``presented`` counts how often this copy was shown, so that a fresh copy
    goes first.
    """

    id: str
    configuration_id: str
    vct: str
    issuer: str
    sd_jwt: str = field(repr=False)
    holder_key: Mapping[str, str] = field(repr=False)
    received_at: int
    presented: int = 0


class WalletStore(Protocol):
    """Keep credentials; each call is complete when it returns."""

    def credentials(self) -> tuple[HeldCredential, ...]:
        """Return every credential held, in the order of arrival."""
        ...

    def add(self, received: Sequence[HeldCredential]) -> None:
        """Keep all of ``received``, or none. Raises Conflict[credential_already_held]."""
        ...

    def mark_presented(self, credential_id: str) -> None:
        """Count one more presentation of a copy. Raises Conflict[credential_not_held]."""
        ...


class MemoryStore:
    """Keep credentials as long as this object lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: tuple[HeldCredential, ...] = ()

    def credentials(self) -> tuple[HeldCredential, ...]:
        return self._held

    def add(self, received: Sequence[HeldCredential]) -> None:
        with self._lock:
            self._held = _with_added(self._held, received)

    def mark_presented(self, credential_id: str) -> None:
        with self._lock:
            self._held = _with_presented(self._held, credential_id)


class FileStore:
    """Keep credentials in one JSON file, readable by its owner only and replaced as a whole.

    The file is read anew for each call, so several short-lived processes may share it one after the other.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def credentials(self) -> tuple[HeldCredential, ...]:
        """Return what the file holds; nothing when there is no file yet.

        Raises Misconfigured[wallet_file_exposed] when others may read it, Misconfigured[wallet_file_invalid].
        """
        try:
            with self._path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise Misconfigured("wallet_file_exposed", file=self._path.name)
                raw = file.read(MAX_STORE_BYTES + 1)
        except FileNotFoundError:
            return ()
        return _read(raw)

    def add(self, received: Sequence[HeldCredential]) -> None:
        with self._lock:
            self._replace(_with_added(self.credentials(), received))

    def mark_presented(self, credential_id: str) -> None:
        with self._lock:
            self._replace(_with_presented(self.credentials(), credential_id))

    def _replace(self, held: tuple[HeldCredential, ...]) -> None:
        """Write beside the file, flush to disk and rename: a crash leaves the old file or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.new")
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(_write(held))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _with_added(
    held: tuple[HeldCredential, ...], received: Sequence[HeldCredential]
) -> tuple[HeldCredential, ...]:
    known = {credential.id for credential in held}
    if known & {credential.id for credential in received}:
        raise Conflict("credential_already_held")
    return (*held, *received)


def _with_presented(held: tuple[HeldCredential, ...], credential_id: str) -> tuple[HeldCredential, ...]:
    if credential_id not in {credential.id for credential in held}:
        raise Conflict("credential_not_held")
    return tuple(
        replace(credential, presented=credential.presented + 1) if credential.id == credential_id else credential
        for credential in held
    )


def _write(held: tuple[HeldCredential, ...]) -> bytes:
    return strict_json.dumps(
        {"version": STORE_VERSION, "credentials": [asdict(credential) for credential in held]}
    )


_FIELDS: Final = {
    "id": str,
    "configuration_id": str,
    "vct": str,
    "issuer": str,
    "sd_jwt": str,
    "holder_key": dict,
    "received_at": int,
    "presented": int,
}


def _read(raw: bytes) -> tuple[HeldCredential, ...]:
    try:
        content = strict_json.loads_object(raw, what="wallet_file", max_bytes=MAX_STORE_BYTES)
    except Malformed as exc:
        raise Misconfigured("wallet_file_invalid") from exc
    entries = content.get("credentials")
    if content.get("version") != STORE_VERSION or not isinstance(entries, list):
        raise Misconfigured("wallet_file_invalid")
    return tuple(_read_entry(entry) for entry in entries)


def _read_entry(entry: object) -> HeldCredential:
    if not isinstance(entry, dict) or entry.keys() != _FIELDS.keys():
        raise Misconfigured("wallet_file_invalid")
    if any(type(entry[name]) is not kind for name, kind in _FIELDS.items()):
        raise Misconfigured("wallet_file_invalid")
    return HeldCredential(**entry)
