"""What the simulated wallet keeps: keys, credentials and what it may still obtain, in memory or in one file.

A simulator's store: the keys lie unencrypted in a file that only its owner may read. A wallet for people keeps
them in secure hardware.
"""

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from portadoc.errors import Conflict, Malformed, Misconfigured
from portadoc.formats import strict_json

STORE_VERSION: Final = 1
MAX_STORE_BYTES: Final = 16_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCredential:
    """One copy of a credential that was verified before it was kept, with the key it is bound to.

    ``sd_jwt`` holds every disclosure and no key binding; ``holder_key`` is the private JWK of the ``cnf`` claim;
    ``received_at`` is in epoch seconds; ``presented`` counts how often this copy was shown, so that a fresh copy
    goes first. ``disclosure_policy`` is the issuer's policy of that time (JSON text, unverified), None if none.
    """

    id: str
    configuration_id: str
    vct: str
    issuer: str
    sd_jwt: str = field(repr=False)
    holder_key: Mapping[str, str] = field(repr=False)
    received_at: int
    presented: int = 0
    disclosure_policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a server granted: tokens, the key they are bound to, and what may be asked for with them.

    ``dpop_key`` is a private JWK, None for bearer tokens; ``expires_at`` (epoch seconds) None when the server did
    not say; ``identifiers`` has the credential identifiers by configuration, none where the configuration id
    serves. ``client_id`` is None for an anonymous wallet.
    """

    id: str
    issuer: str
    authorization_server: str
    client_id: str | None
    access_token: str = field(repr=False)
    expires_at: int | None
    refresh_token: str | None = field(repr=False)
    dpop_key: Mapping[str, str] | None = field(repr=False)
    identifiers: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingIssuance:
    """Credentials that an issuer will have later: the transaction, and the keys that were proven for it.

    ``ask_at`` is in epoch seconds. ``holder_keys`` are private JWKs, one for each copy.
    """

    id: str
    access_id: str
    configuration_id: str
    vct: str
    transaction_id: str = field(repr=False)
    ask_at: int
    holder_keys: Sequence[Mapping[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class WalletContent:
    """Everything that a store holds, each kind in the order of arrival."""

    credentials: tuple[HeldCredential, ...] = ()
    accesses: tuple[Access, ...] = ()
    pending: tuple[PendingIssuance, ...] = ()


Kept = TypeVar("Kept", Access, PendingIssuance)


class WalletStore(Protocol):
    """Keep credentials and what may still be obtained; each call is complete when it returns."""

    def credentials(self) -> tuple[HeldCredential, ...]:
        """Return every credential held, in the order of arrival."""
        ...

    def accesses(self) -> tuple[Access, ...]:
        """Return every access kept, in the order of arrival."""
        ...

    def pending(self) -> tuple[PendingIssuance, ...]:
        """Return what is still to come, in the order of arrival."""
        ...

    def add(self, received: Sequence[HeldCredential]) -> None:
        """Keep all of ``received``, or none. Raises Conflict[credential_already_held]."""
        ...

    def mark_presented(self, credential_id: str) -> None:
        """Count one more presentation of a copy. Raises Conflict[credential_not_held]."""
        ...

    def keep_access(self, access: Access) -> None:
        """Keep an access in the place of the one with its id."""
        ...

    def keep_pending(self, pending: PendingIssuance) -> None:
        """Keep what is still to come in the place of the one with its id."""
        ...

    def settle(self, pending_id: str, received: Sequence[HeldCredential]) -> None:
        """Keep what came for a pending issuance, nothing if it failed, and forget that it was pending.

        An access that nothing can be obtained with any more is forgotten too.
        Raises Conflict[credential_already_held], Conflict[issuance_not_pending].
        """
        ...


class _Store:
    """The acts of a store over two ways to keep its content: read it, and replace it as a whole."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def _read(self) -> WalletContent:
        raise NotImplementedError

    def _replace(self, content: WalletContent) -> None:
        raise NotImplementedError

    def credentials(self) -> tuple[HeldCredential, ...]:
        return self._read().credentials

    def accesses(self) -> tuple[Access, ...]:
        return self._read().accesses

    def pending(self) -> tuple[PendingIssuance, ...]:
        return self._read().pending

    def add(self, received: Sequence[HeldCredential]) -> None:
        self._change(lambda content: _with_added(content, received))

    def mark_presented(self, credential_id: str) -> None:
        self._change(lambda content: _with_presented(content, credential_id))

    def keep_access(self, access: Access) -> None:
        self._change(lambda content: replace(content, accesses=_with(content.accesses, access)))

    def keep_pending(self, pending: PendingIssuance) -> None:
        self._change(lambda content: replace(content, pending=_with(content.pending, pending)))

    def settle(self, pending_id: str, received: Sequence[HeldCredential]) -> None:
        self._change(lambda content: _settled(content, pending_id, received))

    def _change(self, change: Callable[[WalletContent], WalletContent]) -> None:
        with self._lock:
            self._replace(change(self._read()))


class MemoryStore(_Store):
    """Keep everything as long as this object lives."""

    def __init__(self) -> None:
        super().__init__()
        self._content = WalletContent()

    def _read(self) -> WalletContent:
        return self._content

    def _replace(self, content: WalletContent) -> None:
        self._content = content


class FileStore(_Store):
    """Keep everything in one JSON file, readable by its owner only and replaced as a whole.

    The file is read anew for each call, so several short-lived processes may share it one after the other.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _read(self) -> WalletContent:
        """Return what the file holds; nothing when there is no file yet.

        Raises Misconfigured[wallet_file_exposed] when others may read it, Misconfigured[wallet_file_invalid].
        """
        try:
            with self._path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise Misconfigured("wallet_file_exposed", file=self._path.name)
                raw = file.read(MAX_STORE_BYTES + 1)
        except FileNotFoundError:
            return WalletContent()
        return _parsed(raw)

    def _replace(self, content: WalletContent) -> None:
        """Write beside the file, flush to disk and rename: a crash leaves the old file or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.new")
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(_written(content))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _with_added(content: WalletContent, received: Sequence[HeldCredential]) -> WalletContent:
    known = {credential.id for credential in content.credentials}
    if known & {credential.id for credential in received}:
        raise Conflict("credential_already_held")
    return replace(content, credentials=(*content.credentials, *received))


def _with_presented(content: WalletContent, credential_id: str) -> WalletContent:
    if credential_id not in {credential.id for credential in content.credentials}:
        raise Conflict("credential_not_held")
    counted = tuple(
        replace(credential, presented=credential.presented + 1) if credential.id == credential_id else credential
        for credential in content.credentials
    )
    return replace(content, credentials=counted)


def _settled(content: WalletContent, pending_id: str, received: Sequence[HeldCredential]) -> WalletContent:
    left = tuple(pending for pending in content.pending if pending.id != pending_id)
    if len(left) == len(content.pending):
        raise Conflict("issuance_not_pending")
    waited_for = {pending.access_id for pending in left}
    useful = tuple(each for each in content.accesses if each.refresh_token is not None or each.id in waited_for)
    return replace(_with_added(content, received), accesses=useful, pending=left)


def _with(kept: tuple[Kept, ...], one: Kept) -> tuple[Kept, ...]:
    """Return ``kept`` with ``one`` in the place of its namesake, or at the end."""
    after = [one if each.id == one.id else each for each in kept]
    if one.id not in {each.id for each in kept}:
        after.append(one)
    return tuple(after)


def _written(content: WalletContent) -> bytes:
    later = {
        "accesses": [asdict(access) for access in content.accesses],
        "pending": [asdict(pending) for pending in content.pending],
    }
    return strict_json.dumps(
        {
            "version": STORE_VERSION,
            "credentials": [_without_nothing(asdict(credential)) for credential in content.credentials],
            **{name: entries for name, entries in later.items() if entries},
        }
    )


_NONE: Final = type(None)
_CREDENTIAL: Final[Mapping[str, tuple[type, ...]]] = {
    "id": (str,),
    "configuration_id": (str,),
    "vct": (str,),
    "issuer": (str,),
    "sd_jwt": (str,),
    "holder_key": (dict,),
    "received_at": (int,),
    "presented": (int,),
    "disclosure_policy": (str,),
}
_MAY_BE_MISSING: Final = frozenset({"disclosure_policy"})
_ACCESS: Final[Mapping[str, tuple[type, ...]]] = {
    "id": (str,),
    "issuer": (str,),
    "authorization_server": (str,),
    "client_id": (str, _NONE),
    "access_token": (str,),
    "expires_at": (int, _NONE),
    "refresh_token": (str, _NONE),
    "dpop_key": (dict, _NONE),
    "identifiers": (dict,),
}
_PENDING: Final[Mapping[str, tuple[type, ...]]] = {
    "id": (str,),
    "access_id": (str,),
    "configuration_id": (str,),
    "vct": (str,),
    "transaction_id": (str,),
    "ask_at": (int,),
    "holder_keys": (list,),
}


def _parsed(raw: bytes) -> WalletContent:
    try:
        content = strict_json.loads_object(raw, what="wallet_file", max_bytes=MAX_STORE_BYTES)
    except Malformed as exc:
        raise Misconfigured("wallet_file_invalid") from exc
    if content.get("version") != STORE_VERSION or "credentials" not in content:
        raise Misconfigured("wallet_file_invalid")
    return WalletContent(
        tuple(HeldCredential(**entry) for entry in _entries(content["credentials"], _CREDENTIAL)),
        tuple(Access(**entry) for entry in _entries(content.get("accesses", []), _ACCESS)),
        tuple(PendingIssuance(**entry) for entry in _entries(content.get("pending", []), _PENDING)),
    )


def _entries(entries: object, members: Mapping[str, tuple[type, ...]]) -> list[dict[str, Any]]:
    if not isinstance(entries, list):
        raise Misconfigured("wallet_file_invalid")
    for entry in entries:
        if not isinstance(entry, dict) or (entry.keys() | _MAY_BE_MISSING) != (members.keys() | _MAY_BE_MISSING):
            raise Misconfigured("wallet_file_invalid")
        if any(type(value) not in members.get(name, ()) for name, value in entry.items()):
            raise Misconfigured("wallet_file_invalid")
    return entries


def _without_nothing(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in _MAY_BE_MISSING or value is not None}
