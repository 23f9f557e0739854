"""Challenges of ours for key proofs, each good for one request. Spec: OpenID4VCI 1.0 §7."""

from portadoc.errors import Conflict, Untrusted
from portadoc.issuer.challenges import ChallengeKind, Challenges
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store.single_use import Once, use_once
from portadoc.storage import Connection
from portadoc.storage.installation import digest


class Nonces:
    """Makes challenges and uses each one up at most once."""

    def __init__(self, deployment: Deployment, challenges: Challenges) -> None:
        self._deployment = deployment
        self._challenges = challenges

    def make(self, institution: str) -> str:
        """Return a fresh challenge of this institution."""
        return self._challenges.make(institution, ChallengeKind.C_NONCE)

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
        expires_at = self._challenges.expiry(institution, ChallengeKind.C_NONCE, nonce)
        if expires_at is None:
            raise Untrusted("nonce_unknown", spec="OpenID4VCI 1.0 §8.3.1.2")
        return expires_at
