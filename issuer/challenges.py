"""Challenges of ours: base64url of expiry (8 bytes), random (16 bytes) and a keyed tag over both.

Asking for many fills no table; the kinds that are good for one use are remembered once used, until they expire.
Spec: OpenID4VCI 1.0 §7; RFC 9449 §8; Attestation-Based Client Authentication (draft 10), Challenge Endpoint.
"""

import hmac
from enum import StrEnum
from typing import Final

from portadoc import base64url
from portadoc.errors import Malformed
from portadoc.issuer.deployment import Deployment
from portadoc.keys.key_ring import KeyPurpose

_EXPIRY_BYTES: Final = 8
_RANDOM_BYTES: Final = 16
_BODY_BYTES: Final = _EXPIRY_BYTES + _RANDOM_BYTES


class ChallengeKind(StrEnum):
    """What a challenge is for; one of one kind is none of another."""

    C_NONCE = "c_nonce"
    """For the key proofs of one credential request. Spec: OpenID4VCI 1.0 §7"""
    DPOP_NONCE = "dpop_nonce"
    """For DPoP proofs; good for several, each of which has an identifier of its own."""
    CLIENT_ATTESTATION = "client_attestation"
    """For one proof of a client attestation."""


class Challenges:
    """Makes challenges of an installation and tells which are its own."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def make(self, institution: str, kind: ChallengeKind) -> str:
        """Return a fresh challenge of this institution, to be used within ``nonce_ttl_s``."""
        expires_at = self._deployment.clock.now() + self._deployment.settings.nonce_ttl_s
        body = expires_at.to_bytes(_EXPIRY_BYTES, "big") + self._deployment.random_bytes(_RANDOM_BYTES)
        return base64url.encode(body + self._tag(institution, kind, body))

    def live_until(self, institution: str, kind: ChallengeKind, unverified: str) -> int | None:
        """Return when a live challenge of this institution and kind expires; None for anything else."""
        expires_at = self.expiry(institution, kind, unverified)
        return expires_at if expires_at is not None and expires_at > self._deployment.clock.now() else None

    def expiry(self, institution: str, kind: ChallengeKind, unverified: str) -> int | None:
        """Return when a challenge of this institution and kind expires or did; None for one that is not ours."""
        try:
            raw = base64url.decode(unverified, what="challenge")
        except Malformed:
            return None
        body, tag = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
        if not hmac.compare_digest(tag, self._tag(institution, kind, body)):
            return None
        return int.from_bytes(body[:_EXPIRY_BYTES], "big")

    def _tag(self, institution: str, kind: ChallengeKind, body: bytes) -> bytes:
        mac = self._deployment.key_ring.mac(institution, KeyPurpose.NONCE)
        return mac.tag(f"{kind}:".encode() + body)
