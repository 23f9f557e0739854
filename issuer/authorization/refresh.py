"""Refresh tokens: each good for one use, bound to the wallet's instance and to the key of its tokens.

Spec: RFC 6749 §6, RFC 9449 §5, RFC 9700 §4.14.2; draft-ietf-oauth-attestation-based-client-auth -10 §10.1.
"""

from dataclasses import dataclass

from portadoc.errors import Conflict
from portadoc.issuer.authorization.requesters import Requester
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import Entitlement
from portadoc.issuer.store import token_store
from portadoc.issuer.store.token_store import Grant, RefreshToken
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection
from portadoc.storage.installation import digest


@dataclass(frozen=True, slots=True)
class Lasting:
    """What a chain of refresh tokens stands for, from its first to its last. Spec: RFC 6749 §6."""

    entitlements: tuple[Entitlement, ...]
    identified: bool


class RefreshTokens:
    """Makes refresh tokens and takes each of them once."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def make(
        self,
        connection: Connection,
        grant: Grant,
        requester: Requester,
        *,
        lasting: Lasting,
        expires_at: int | None,
    ) -> str | None:
        """Return a refresh token beside an access token; None where nothing could bind it.

        ``expires_at`` is the end of the one that it follows, None for the first: no chain outlives its beginning.
        """
        if grant.dpop_thumbprint is None or requester.instance_thumbprint is None or grant.client_id is None:
            return None
        token = self._deployment.new_secret()
        kept = RefreshToken(
            token_digest=digest(token),
            grant_id=grant.grant_id,
            entitlements=lasting.entitlements,
            identified=lasting.identified,
            client_id=grant.client_id,
            dpop_thumbprint=grant.dpop_thumbprint,
            instance_thumbprint=requester.instance_thumbprint,
            used_at=None,
            expires_at=expires_at or self._deployment.clock.now() + self._deployment.settings.refresh_token_ttl_s,
        )
        token_store.insert_refresh_token(connection, grant.institution, kept)
        return token

    def take(
        self, connection: Connection, institution: str, unverified_token: str, requester: Requester
    ) -> RefreshToken | None:
        """Return what a refresh token stands for, in the caller's transaction; once.

        None when it was used before: every token of its grant is revoked then, and the caller has to commit before
        refusing. Raises Conflict[refresh_token_unusable], also for another client, instance or key.
        """
        now = self._deployment.clock.now()
        # 1. a live token of ours, of this client, instance and key
        found = token_store.find_refresh_token(connection, institution, digest(unverified_token), now=now)
        if found is None or not _is_of(found, requester):
            raise refresh_token_unusable()
        # 2. for one use: a second one means that somebody has a copy of it
        if token_store.use_refresh_token(connection, institution, found.token_digest, now=now):
            return found
        token_store.revoke_tokens(connection, institution, found.grant_id)
        self._deployment.tell(connection, EventKind.TOKENS_REVOKED, institution, found.grant_id)
        return None


def refresh_token_unusable() -> Conflict:
    """Return the one refusal of every refresh token that is not taken."""
    return Conflict("refresh_token_unusable", spec="RFC 6749 §5.2")


def _is_of(token: RefreshToken, requester: Requester) -> bool:
    bound = (token.client_id, token.instance_thumbprint, token.dpop_thumbprint)
    return bound == (requester.client_id, requester.instance_thumbprint, requester.dpop_thumbprint)
