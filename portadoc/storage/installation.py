"""What every service of a role stands on: settings, database, keys, time and random bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from portadoc import base64url
from portadoc.clock import Clock
from portadoc.errors import Refused
from portadoc.keys.key_ring import KeyRing
from portadoc.randomness import RandomBytes
from portadoc.schemas.events import Event, EventKind
from portadoc.schemas.profiles import ProtocolProfile, profile
from portadoc.storage import outbox
from portadoc.storage.engine import Database

SECRET_BYTES: Final = 32
ID_BYTES: Final = 16


class NamedInstitution(Protocol):
    """An institution of a role: its official identifier."""

    @property
    def institution_id(self) -> str: ...


_Institution = TypeVar("_Institution", bound=NamedInstitution)
_InstitutionOut = TypeVar("_InstitutionOut", bound=NamedInstitution, covariant=True)


class RoleSettings(Protocol[_InstitutionOut]):
    """The settings that all roles have."""

    @property
    def base_url(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def by_slug(self) -> Mapping[str, _InstitutionOut]: ...


_Settings = TypeVar("_Settings", bound=RoleSettings[Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation(Generic[_Settings, _Institution]):
    """One role of an installation; ``institution`` everywhere is the slug of one of its institutions."""

    settings: _Settings
    database: Database
    key_ring: KeyRing
    clock: Clock
    random_bytes: RandomBytes

    def institution(self, slug: str) -> _Institution:
        """Return the institution's settings. Raises Refused[not_found]."""
        found: _Institution | None = self.settings.by_slug.get(slug)
        if found is None:
            raise Refused("not_found")
        return found

    @property
    def profile(self) -> ProtocolProfile:
        """The protocol profile in force. Raises Misconfigured[profile_unknown]."""
        return profile(self.settings.profile)

    def new_id(self) -> str:
        """Return an identifier that cannot be guessed (128 bits, hexadecimal: it never looks like an option)."""
        return self.random_bytes(ID_BYTES).hex()

    def new_secret(self) -> str:
        """Return a secret or nonce (256 bits, base64url); of a secret only the ``digest`` may be stored."""
        return base64url.encode(self.random_bytes(SECRET_BYTES))

    def tell(self, connection: Connection, kind: EventKind, slug: str, subject_id: str, /, **payload: Any) -> None:
        """Write an event into the caller's transaction; ``payload`` holds no personal data."""
        event = Event(
            kind=kind,
            institution=self.institution(slug).institution_id,
            subject_id=subject_id,
            at=self.clock.now(),
            payload=payload,
        )
        outbox.append(connection, event, random_bytes=self.random_bytes)


def digest(secret: str) -> str:
    """Return the SHA-256 of a text in hexadecimal: what is stored and looked up in place of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
