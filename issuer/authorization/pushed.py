"""Pushed authorization requests: the whole request is judged here, before any browser comes with it.

Spec: RFC 9126, RFC 9449 §10.1, OpenID4VCI 1.0 §5.1, HAIP 1.0 §4.
"""

import re
from typing import Final

from portadoc.errors import Malformed, Refused, Untrusted
from portadoc.formats.oauth import pkce
from portadoc.issuer.authorization.offers import Offers
from portadoc.issuer.authorization.redirects import require_redirect_uri
from portadoc.issuer.authorization.requesters import Requester, Requesters, RequestHead
from portadoc.issuer.authorization.scopes import AskedFor, asked_for
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import configurations_of
from portadoc.issuer.store import authorization_store
from portadoc.issuer.store.authorization_store import StoredRequest
from portadoc.issuer.store.offer_store import StoredOffer
from portadoc.issuer.throttle import Throttle
from portadoc.schemas.openid4vci import (
    REQUEST_URI_PREFIX,
    PushedAuthorizationRequest,
    PushedAuthorizationResponse,
)
from portadoc.storage.installation import digest

_MAX_STATE_CHARS: Final = 2048
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class PushedRequests:
    """Takes authorization requests from wallets."""

    def __init__(self, deployment: Deployment, offers: Offers, requesters: Requesters) -> None:
        self._deployment = deployment
        self._settings = deployment.settings
        self._offers = offers
        self._requesters = requesters
        self._throttle = Throttle(deployment, endpoint="par")

    def push(
        self, institution: str, request: PushedAuthorizationRequest, *, head: RequestHead
    ) -> PushedAuthorizationResponse:
        """Return where a request lies that can be answered; a browser can bring it once, and soon.

        A source whose requests are refused again and again waits: each one used up a proof that is remembered.
        Raises Unavailable[too_many_tries], and as ``Requesters.proven`` and ``_judged`` do. Spec: RFC 9126 §2.1.
        """
        # 1. a source that does not try things out
        self._throttle.require_calm(institution, head.source)
        # 2. who asks, before what for
        requester = self._requesters.proven(institution, head, client_id=request.client_id, dpop_required=False)
        try:
            return self._judged(institution, request, requester)
        except (Malformed, Refused, Untrusted):
            self._throttle.note_miss(institution, head.source)
            raise

    def _judged(
        self, institution: str, request: PushedAuthorizationRequest, requester: Requester
    ) -> PushedAuthorizationResponse:
        """Keep a request of whom it is known who it is, if it can be answered.

        Raises Refused[grant_type_unsupported], [response_type_unsupported], [resource_unknown], [scope_unknown],
        [redirect_uri_unregistered]; Malformed[pkce_malformed], [redirect_uri_invalid], [state_too_long],
        [authorization_details_invalid], [dpop_jkt_malformed]; Untrusted[dpop_key_differs]. Spec: RFC 9126 §2.
        """
        self._require_answerable(institution, request)
        # 4. a proof key, so that whoever redeems the code is whoever asks
        challenge = pkce.require_challenge(request.code_challenge, method=request.code_challenge_method)
        # 5. the way back
        redirect_uri = self._redirect_uri(request, requester)
        # 6. what for
        asked = asked_for(
            unverified_scope=request.scope,
            unverified_details=request.authorization_details,
            issuer_id=self._deployment.issuer_id(institution),
            issued_here=self._deployment.institution(institution).configuration_ids,
        )
        stored = StoredRequest(
            client_id=request.client_id,
            wallet_name=requester.wallet_name,
            configuration_ids=asked.configuration_ids,
            identified=asked.identified,
            redirect_uri=redirect_uri,
            state=request.state,
            code_challenge=challenge,
            dpop_thumbprint=_bound_key(request.dpop_jkt, requester),
            instance_thumbprint=requester.instance_thumbprint,
            issuer_state=None,
        )
        return self._keep(institution, stored, asked, request.issuer_state)

    def _redirect_uri(self, request: PushedAuthorizationRequest, requester: Requester) -> str:
        return require_redirect_uri(
            request.redirect_uri,
            authenticated=requester.is_authenticated,
            registered=self._settings.redirect_uris,
            mode=self._settings.mode,
        )

    def _require_answerable(self, institution: str, request: PushedAuthorizationRequest) -> None:
        # 1. a flow that there is
        if "authorization_code" not in self._deployment.profile.grants:
            raise Refused("grant_type_unsupported", spec="RFC 6749 §5.2")
        if request.response_type != "code":
            raise Refused("response_type_unsupported", spec="RFC 6749 §4.1.2.1")
        # 2. for this issuer
        if request.resource not in (None, self._deployment.issuer_id(institution)):
            raise Refused("resource_unknown", spec="RFC 8707 §2")
        # 3. with a state that goes into an address
        if len(request.state or "") > _MAX_STATE_CHARS:
            raise Malformed("state_too_long", limit=_MAX_STATE_CHARS)

    def _keep(
        self, institution: str, request: StoredRequest, asked: AskedFor, issuer_state: str | None
    ) -> PushedAuthorizationResponse:
        now, ttl = self._deployment.clock.now(), self._settings.pushed_request_ttl_s
        secret = self._deployment.new_secret()
        with self._deployment.database.transaction() as connection:
            # 7. an issuer_state that is nobody's is passed over: anybody can bring one. Spec: OpenID4VCI §5.1.3
            offer = None
            if issuer_state is not None:
                offer = self._offers.behind_issuer_state(connection, institution, issuer_state)
            if offer is not None and issuer_state is not None:
                request = _of_offer(request, asked, offer, digest(issuer_state))
            # 8. kept under the digest of its address
            authorization_store.insert_request(
                connection,
                institution,
                self._deployment.new_id(),
                request,
                request_digest=digest(secret),
                now=now,
                expires_at=now + ttl,
            )
        return PushedAuthorizationResponse(request_uri=f"{REQUEST_URI_PREFIX}{secret}", expires_in=ttl)


def _of_offer(request: StoredRequest, asked: AskedFor, offer: StoredOffer, issuer_state: str) -> StoredRequest:
    """Return the request for what is asked of an offer. Raises as ``asked_for`` when the offer has none of it."""
    offered = configurations_of(offer.entitlements)
    both = tuple(each for each in asked.configuration_ids if each in offered)
    if not both and asked.identified:
        raise Malformed("authorization_details_invalid", spec="OpenID4VCI 1.0 §5.1.1")
    if not both:
        raise Refused("scope_unknown", spec="RFC 6749 §5.2")
    return request.of_offer(both, issuer_state)


def _bound_key(dpop_jkt: str | None, requester: Requester) -> str | None:
    """Return the key that the code will be bound to, named or shown or both. Spec: RFC 9449 §10.1."""
    if dpop_jkt is None:
        return requester.dpop_thumbprint
    if not _THUMBPRINT.fullmatch(dpop_jkt):
        raise Malformed("dpop_jkt_malformed", spec="RFC 9449 §10")
    if requester.dpop_thumbprint not in (None, dpop_jkt):
        raise Untrusted("dpop_key_differs", spec="RFC 9449 §10.1")
    return dpop_jkt
