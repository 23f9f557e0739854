"""Authorization codes: redeemed once, by the wallet that asked; a second use takes back what the first one gave.

Spec: RFC 6749 §4.1.2, §4.1.3; RFC 7636 §4.6; RFC 9449 §10; RFC 9700 §2.1.1.
"""

import hmac

from portadoc.errors import Conflict, Untrusted
from portadoc.formats.oauth import pkce
from portadoc.issuer.authorization.offers import Offers
from portadoc.issuer.authorization.requesters import Requester
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store import authorization_store, offer_store, token_store
from portadoc.issuer.store.authorization_store import Stage, StoredAuthorization, StoredRequest
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import TokenRequest
from portadoc.storage import Connection
from portadoc.storage.installation import digest


class Codes:
    """Redeems the codes that ``sessions`` gives out."""

    def __init__(self, deployment: Deployment, offers: Offers) -> None:
        self._deployment = deployment
        self._offers = offers

    def redeem(
        self, connection: Connection, institution: str, request: TokenRequest, requester: Requester
    ) -> StoredAuthorization | None:
        """Return the authorization behind a code, in the caller's transaction; once.

        None when the code was used before: everything that came of it is revoked then, and the caller has to
        commit before refusing. Raises Conflict[code_unusable], also for another client's code; Untrusted
        [dpop_key_differs], [redirect_uri_differs], [pkce_mismatch]; Malformed[pkce_malformed].
        """
        now = self._deployment.clock.now()
        # 1. a code of ours, given to this client and this instance of it
        found = authorization_store.find_authorization(
            connection, institution, now=None, code_digest=digest(request.code or "")
        )
        if found is None or not _is_of(found.request, requester):
            raise _unusable()
        # 2. used before: somebody has a copy of it
        if found.stage is Stage.REDEEMED:
            token_store.revoke_tokens(connection, institution, found.authorization_id)
            self._deployment.tell(connection, EventKind.TOKENS_REVOKED, institution, found.authorization_id)
            return None
        # 3. by the one who asked: key, address and proof key as they were pushed
        _require_same_request(found.request, request, requester)
        # 4. alive, and for one caller only
        known_until = now + self._longest_s(requester)
        if not authorization_store.redeem(
            connection, institution, found.authorization_id, now=now, known_until=known_until
        ):
            raise _unusable()
        # 5. the offer that it came of is closed with it
        self._close_offer(connection, institution, found)
        return found

    def _longest_s(self, requester: Requester) -> int:
        """Return for how many seconds a token that comes of a code can live; one that is renewed at the very end
        lives a little longer, which is less than what has expired is kept."""
        settings = self._deployment.settings
        return settings.refresh_token_ttl_s if requester.can_refresh else settings.access_token_ttl_s

    def _close_offer(self, connection: Connection, institution: str, found: StoredAuthorization) -> None:
        if found.request.issuer_state is None:
            return
        offer = offer_store.find_open_offer(
            connection, institution, now=0, issuer_state_digest=found.request.issuer_state
        )
        if offer is None:
            raise _unusable()
        self._offers.redeem(connection, institution, offer)


def _is_of(asked: StoredRequest, requester: Requester) -> bool:
    """Tell whether a requester is the client, and the instance of the wallet, that has pushed a request."""
    same_client = hmac.compare_digest(asked.client_id.encode(), (requester.client_id or "").encode())
    return same_client and asked.instance_thumbprint == requester.instance_thumbprint


def _require_same_request(asked: StoredRequest, request: TokenRequest, requester: Requester) -> None:
    if asked.dpop_thumbprint not in (None, requester.dpop_thumbprint):
        raise Untrusted("dpop_key_differs", spec="RFC 9449 §10")
    if request.redirect_uri != asked.redirect_uri:
        raise Untrusted("redirect_uri_differs", spec="RFC 6749 §4.1.3")
    pkce.require_verifier(request.code_verifier, challenge=asked.code_challenge)


def _unusable() -> Conflict:
    return Conflict("code_unusable", spec="RFC 6749 §5.2")
