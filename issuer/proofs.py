"""Proof of possession: challenges of ours, and the keys that wallets prove under them.

A c_nonce is base64url of expiry (8 bytes), random (16 bytes) and a keyed tag over both. Asking for many
fills no table; those that were used are remembered until they expire.
Spec: OpenID4VCI 1.0 §7, §8.2, Appendix F.
"""

import hmac
from collections.abc import Sequence
from typing import Final

from portadoc import base64url
from portadoc.errors import Conflict, Malformed, Untrusted
from portadoc.formats.key_proof import VerifiedKeyProof, verify_key_proof
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store.single_use import Once, use_once
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.openid4vci import Proofs
from portadoc.storage import Connection
from portadoc.storage.installation import digest

PROOF_ALGORITHMS: Final = ALL_ALGORITHMS
"""Algorithms of holder keys, as the issuer metadata lists them."""

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


def verify_proofs(
    deployment: Deployment, nonces: Nonces, grant: Grant, proofs: Proofs | None
) -> tuple[VerifiedKeyProof, ...]:
    """Return the verified proofs in the order sent; their challenges are live but not used up yet.

    Raises: Untrusted[proof_missing], [proof_type_unsupported], [proof_count], [proof_keys_repeated],
    [proof_invalid], [nonce_unknown]; Conflict[nonce_expired]. Spec: OpenID4VCI 1.0 §8.2, Appendix F.1, F.4.
    """
    verified = tuple(_verify(deployment, grant, text) for text in _texts(deployment, proofs))
    for nonce in {proof.nonce for proof in verified}:
        nonces.require_ours(grant.institution, nonce)
    if len({proof.thumbprint for proof in verified}) != len(verified):
        raise Untrusted("proof_keys_repeated", spec="OpenID4VCI 1.0 §8.2")
    return verified


def _texts(deployment: Deployment, proofs: Proofs | None) -> Sequence[str]:
    if proofs is None:
        raise Untrusted("proof_missing", spec="OpenID4VCI 1.0 §8.2")
    if proofs.jwt is None:
        raise Untrusted("proof_type_unsupported", spec="OpenID4VCI 1.0 §8.2")
    if len(proofs.jwt) > deployment.settings.batch_size:
        raise Untrusted("proof_count", spec="OpenID4VCI 1.0 §8.2", limit=deployment.settings.batch_size)
    return proofs.jwt


def _verify(deployment: Deployment, grant: Grant, text: str) -> VerifiedKeyProof:
    return verify_key_proof(
        text,
        audience=deployment.issuer_id(grant.institution),
        client_id=grant.client_id,
        now=deployment.clock.now(),
        max_age_s=deployment.settings.proof_max_age_s,
        skew_s=deployment.settings.clock_skew_s,
        allowed_algs=PROOF_ALGORITHMS,
    )
