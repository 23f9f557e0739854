"""Challenges of ours for key proofs, each good for one request.

A c_nonce is base64url of expiry (8 bytes), random (16 bytes) and a keyed tag over both. Asking for many
fills no table; those that were used are remembered until they expire. Spec: OpenID4VCI 1.0 §7.
"""

import hmac
from typing import Final

from portadoc import base64url
from portadoc.errors import Conflict, Malformed, Untrusted
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store.single_use import Once, use_once
from portadoc.keys.key_ring import KeyPurpose
from portadoc.storage import Connection
from portadoc.storage.installation import digest

_EXPIRY_BYTES: Final = 8
_RANDOM_BYTES: Final = 16
_BODY_BYTES: Final = _EXPIRY_BYTES + _RANDOM_BYTES
_LABEL: Final = b"c_nonce:"


class Nonces:
    """Makes challenges and uses each one up at most once."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def make(self, institution: str) -> str:
        """Return a fresh challenge of this institution."""
        expires_at = self._deployment.clock.now() + self._deployment.settings.nonce_ttl_s
        body = expires_at.to_bytes(_EXPIRY_BYTES, "big") + self._deployment.random_bytes(_RANDOM_BYTES)
        return base64url.encode(body + self._tag(institution, body))

    def require_ours(self, institution: str, nonce: str) -> None:
        """Accept a live challenge that this institution made; whether it was used is decided by ``use``.

        Raises: Untrusted[nonce_unknown], Conflict[nonce_expired]. Spec: OpenID4VCI 1.0 §8.3.1.2.
        """
        if self._expiry(institution, nonce) <= self._deployment.clock.now():
            raise Conflict("nonce_expired", spec="OpenID4VCI 1.0 §8.3.1.2")

    def use(self, connection: Connection, institution: str, nonce: str) -> None:
        """Use a challenge up in the caller's transaction.

        Raises: Conflict[nonce_used] for everyone but the first, and what ``require_ours`` raises.
        """
        expires_at = self._expiry(institution, nonce)
        if not use_once(connection, institution, Once.C_NONCE, digest(nonce), expires_at=expires_at):
            raise Conflict("nonce_used", spec="OpenID4VCI 1.0 §7")

    def _expiry(self, institution: str, nonce: str) -> int:
        try:
            raw = base64url.decode(nonce, what="nonce")
        except Malformed as exc:
            raise Untrusted("nonce_unknown", spec="OpenID4VCI 1.0 §8.3.1.2") from exc
        body, tag = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
        if not hmac.compare_digest(tag, self._tag(institution, body)):
            raise Untrusted("nonce_unknown", spec="OpenID4VCI 1.0 §8.3.1.2")
        return int.from_bytes(body[:_EXPIRY_BYTES], "big")

    def _tag(self, institution: str, body: bytes) -> bytes:
        return self._deployment.key_ring.mac(institution, KeyPurpose.NONCE).tag(_LABEL + body)
