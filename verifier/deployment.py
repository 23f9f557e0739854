"""What every service of the verifier stands on: settings, database, keys, trust, network, time, random bytes."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from portadoc import base64url
from portadoc.clock import Clock
from portadoc.errors import Misconfigured, Refused
from portadoc.fetch import Fetch
from portadoc.formats.request_object import client_id_of
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust import TrustStore
from portadoc.randomness import RandomBytes
from portadoc.schemas.events import Event, EventKind
from portadoc.schemas.profiles import ProtocolProfile, profile
from portadoc.storage import outbox
from portadoc.storage.engine import Database
from portadoc.verifier.settings import InstitutionSettings, VerifierSettings

SECRET_BYTES: Final = 32
ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Deployment:
    """One verifier installation; ``institution`` everywhere is the slug of one of its institutions."""

    settings: VerifierSettings
    database: Database
    key_ring: KeyRing
    trust: TrustStore
    fetch: Fetch
    clock: Clock
    random_bytes: RandomBytes

    def institution(self, slug: str) -> InstitutionSettings:
        """Return the institution's settings. Raises Refused[not_found]."""
        found = self.settings.by_slug.get(slug)
        if found is None:
            raise Refused("not_found")
        return found

    @property
    def profile(self) -> ProtocolProfile:
        """The protocol profile in force. Raises Misconfigured[profile_unknown]."""
        return profile(self.settings.profile)

    def request_signer(self, slug: str) -> Signer:
        """Return what signs the institution's requests, under its access certificate.

        Raises Misconfigured[key_missing], Misconfigured[access_certificate_missing].
        """
        signer = self.key_ring.signer(slug, KeyPurpose.REQUEST)
        if not signer.chain:
            raise Misconfigured("access_certificate_missing", institution=slug)
        return signer

    def client_id(self, slug: str) -> str:
        """Return the full Client Identifier, prefix included. Spec: OpenID4VP 1.0 §5.9.3."""
        return client_id_of(self.request_signer(slug))

    def request_uri(self, slug: str, request_id: str) -> str:
        """Return where a wallet fetches a request."""
        return f"{self.settings.base_url}/verifier/{slug}/requests/{request_id}"

    def response_uri(self, slug: str, request_id: str) -> str:
        """Return where a wallet posts its response."""
        return f"{self.settings.base_url}/verifier/{slug}/responses/{request_id}"

    def new_id(self) -> str:
        """Return an identifier that cannot be guessed (128 bits, base64url)."""
        return base64url.encode(self.random_bytes(ID_BYTES))

    def new_secret(self) -> str:
        """Return a secret or nonce (256 bits, base64url)."""
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
    """Return the SHA-256 of a text in hexadecimal: what is stored and compared in place of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
