"""What every service of the issuer stands on: settings, database, keys, time and random bytes."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from portadoc import base64url
from portadoc.clock import Clock
from portadoc.errors import Refused
from portadoc.issuer.settings import InstitutionSettings, IssuerSettings
from portadoc.keys.key_ring import KeyRing
from portadoc.randomness import RandomBytes
from portadoc.schemas.events import Event, EventKind
from portadoc.schemas.profiles import ProtocolProfile, profile
from portadoc.storage import Connection, Database, outbox

SECRET_BYTES: Final = 32
ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Deployment:
    """One issuer installation; ``institution`` everywhere is the slug of one of its institutions."""

    settings: IssuerSettings
    database: Database
    key_ring: KeyRing
    clock: Clock
    random_bytes: RandomBytes

    def institution(self, slug: str) -> InstitutionSettings:
        """Return the institution's settings. Raises Refused[institution_unknown]."""
        found = self.settings.by_slug.get(slug)
        if found is None:
            raise Refused("institution_unknown")
        return found

    @property
    def profile(self) -> ProtocolProfile:
        """The protocol profile that governs headers and required claims."""
        return profile(self.settings.profile)

    def issuer_id(self, slug: str) -> str:
        """Return the Credential Issuer Identifier of an institution. Spec: OpenID4VCI 1.0 §12.2.1."""
        return f"{self.settings.base_url}/issuer/{slug}"

    def new_id(self) -> str:
        """Return an identifier that cannot be guessed (128 bits, hexadecimal)."""
        return self.random_bytes(ID_BYTES).hex()

    def new_secret(self) -> str:
        """Return a secret (256 bits, base64url); only its ``digest`` may be stored."""
        return base64url.encode(self.random_bytes(SECRET_BYTES))

    def tell(self, connection: Connection, kind: EventKind, slug: str, subject_id: str, /, **payload: Any) -> None:
        """Write an event into the caller's transaction; ``payload`` holds identifiers, never personal data."""
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
