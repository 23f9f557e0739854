"""The token endpoint: what a wallet brings, exchanged once for an access token.

Tokens are random secrets of 256 bits; the database holds their digests. Spec: OpenID4VCI 1.0 §6, RFC 6749.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Conflict, Error, Malformed, Refused, Untrusted
from portadoc.issuer.authorization.codes import Codes
from portadoc.issuer.authorization.offers import Offers
from portadoc.issuer.authorization.refresh import Lasting, RefreshTokens, refresh_token_unusable
from portadoc.issuer.authorization.requesters import Requester, Requesters, RequestHead
from portadoc.issuer.authorization.scopes import narrowed, scope_of
from portadoc.issuer.authorization.sender import PresentedToken, scheme_of
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import (
    Entitlement,
    configurations_of,
    details_of,
    limited_to,
    wanted_configurations,
)
from portadoc.issuer.settings import SECONDS_PER_DAY
from portadoc.issuer.store import token_store
from portadoc.issuer.store.offer_store import StoredOffer
from portadoc.issuer.store.token_store import Grant
from portadoc.issuer.throttle import Throttle
from portadoc.schemas.openid4vci import (
    AUTHORIZATION_CODE_GRANT,
    PRE_AUTHORIZED_CODE_GRANT,
    REFRESH_TOKEN_GRANT,
    TokenRequest,
    TokenResponse,
)
from portadoc.storage import Connection
from portadoc.storage.installation import digest

_TX_CODE: Final = re.compile(r"[0-9]{1,32}", re.ASCII)
_MISSES: Final = frozenset(
    {"code_unusable", "tx_code_wrong", "refresh_token_unusable", "pkce_mismatch", "redirect_uri_differs"}
)
"""Refusals that a guess earns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Allowed:
    """What a token request has come to, and what a later one can come to: ``lasting`` stands for that.

    What is narrowed for one access token is not lost to the next. ``by_details``: they were used to ask, so they
    are answered. ``refresh_until`` is None where a chain begins.
    """

    grant_id: str
    entitlements: tuple[Entitlement, ...]
    by_details: bool
    lasting: Lasting
    refresh_until: int | None = None


class Tokens:
    """Makes access tokens and says what they allow."""

    def __init__(self, deployment: Deployment, offers: Offers, requesters: Requesters) -> None:
        self._deployment = deployment
        self._settings = deployment.settings
        self._offers = offers
        self._requesters = requesters
        self._codes = Codes(deployment, offers)
        self._refresh = RefreshTokens(deployment)
        self._throttle = Throttle(deployment, endpoint="token")

    def redeem(self, institution: str, request: TokenRequest, *, head: RequestHead) -> TokenResponse:
        """Exchange a code or a refresh token, exactly once, for an access token.

        Raises: Malformed[grant_type_unsupported], [pre_authorized_code_missing], [tx_code_missing],
        [tx_code_unexpected], [tx_code_malformed], [authorization_details_invalid]; Conflict[code_unusable] and
        [refresh_token_unusable] for one that is unknown, expired, used, dead or another's; Refused[tx_code_wrong],
        [resource_unknown], [scope_unknown], [configuration_not_granted]; as ``Requesters.proven`` and
        ``Codes.redeem`` do; Unavailable[too_many_tries] for a source that guesses.
        Spec: OpenID4VCI 1.0 §6.1, §6.3.
        """
        # 1. a source that does not guess
        self._throttle.require_calm(institution, head.source)
        # 2. a grant that there is, and a request of its form
        self._require_form(institution, request)
        wanted = wanted_configurations(
            request.authorization_details, issuer_id=self._deployment.issuer_id(institution)
        )
        # 3. who asks
        requester = self._requesters.proven(
            institution,
            head,
            client_id=request.client_id,
            dpop_required=self._deployment.profile.dpop_required,
        )
        # 4. what they have to show for it, once
        try:
            return self._exchanged(institution, request, requester, wanted)
        except (Conflict, Refused, Untrusted) as error:
            self._note(institution, head, error)
            raise

    def grant_of(self, institution: str, presented: PresentedToken) -> Grant:
        """Return what an access token of this institution allows. Raises: Refused[access_token_invalid].

        Spec: OpenID4VCI 1.0 §8, RFC 6750 §3.1.
        """
        now = self._deployment.clock.now()
        with self._deployment.database.read() as connection:
            grant = token_store.find_grant(connection, institution, digest(presented.token), now=now)
        if grant is None:
            scheme = "DPoP" if presented.as_dpop or self._deployment.profile.dpop_required else "Bearer"
            raise Refused("access_token_invalid", spec="RFC 6750 §3.1", scheme=scheme)
        return grant

    def _require_form(self, institution: str, request: TokenRequest) -> None:
        if request.grant_type not in self._deployment.profile.grants:
            raise Malformed("grant_type_unsupported", spec="RFC 6749 §5.2")
        if request.resource not in (None, self._deployment.issuer_id(institution)):
            raise Refused("resource_unknown", spec="RFC 8707 §2.2")
        if request.grant_type != PRE_AUTHORIZED_CODE_GRANT:
            return
        if request.pre_authorized_code is None:
            raise Malformed("pre_authorized_code_missing", spec="OpenID4VCI 1.0 §6.1")
        if request.tx_code is not None and not _TX_CODE.fullmatch(request.tx_code):
            raise Malformed("tx_code_malformed", spec="OpenID4VCI 1.0 §6.1")

    def _exchanged(
        self, institution: str, request: TokenRequest, requester: Requester, wanted: Collection[str] | None
    ) -> TokenResponse:
        ways = {
            PRE_AUTHORIZED_CODE_GRANT: self._by_pre_authorized_code,
            AUTHORIZATION_CODE_GRANT: self._by_code,
            REFRESH_TOKEN_GRANT: self._by_refresh_token,
        }
        with self._deployment.database.transaction() as connection:
            allowed = ways[request.grant_type](connection, institution, request, requester, wanted)
            if isinstance(allowed, _Allowed):
                return self._granted(connection, institution, allowed, requester)
        # What a refusal leaves behind (a try that is spent, tokens revoked) is committed before it is told.
        raise allowed

    def _by_pre_authorized_code(
        self,
        connection: Connection,
        institution: str,
        request: TokenRequest,
        requester: Requester,
        wanted: Collection[str] | None,
    ) -> _Allowed | Error:
        offer = self._offers.behind_code(connection, institution, request.pre_authorized_code or "")
        _require_tx_code_as_offered(offer, request)
        entitlements = limited_to(self._issued_here(institution, offer.entitlements), wanted)
        if not self._offers.tx_code_is_right(connection, institution, offer, request.tx_code):
            return Refused("tx_code_wrong", spec="OpenID4VCI 1.0 §6.3")
        self._offers.redeem(connection, institution, offer)
        by_details = wanted is not None
        return _Allowed(
            grant_id=offer.offer_id,
            entitlements=entitlements,
            by_details=by_details,
            lasting=Lasting(offer.entitlements, by_details or is_ambiguous(offer.entitlements)),
        )

    def _by_code(
        self,
        connection: Connection,
        institution: str,
        request: TokenRequest,
        requester: Requester,
        wanted: Collection[str] | None,
    ) -> _Allowed | Error:
        redeemed = self._codes.redeem(connection, institution, request, requester)
        if redeemed is None:
            return Conflict("code_unusable", spec="RFC 6749 §4.1.2")
        entitlements = limited_to(self._issued_here(institution, redeemed.entitlements), wanted)
        by_details = redeemed.request.identified or wanted is not None
        return _Allowed(
            grant_id=redeemed.authorization_id,
            entitlements=entitlements,
            by_details=by_details,
            lasting=Lasting(redeemed.entitlements, by_details or is_ambiguous(redeemed.entitlements)),
        )

    def _by_refresh_token(
        self,
        connection: Connection,
        institution: str,
        request: TokenRequest,
        requester: Requester,
        wanted: Collection[str] | None,
    ) -> _Allowed | Error:
        taken = self._refresh.take(connection, institution, request.refresh_token or "", requester)
        if taken is None:
            return refresh_token_unusable()
        asked = narrowed(self._issued_here(institution, taken.entitlements), request.scope)
        return _Allowed(
            grant_id=taken.grant_id,
            entitlements=limited_to(asked, wanted),
            by_details=taken.identified or wanted is not None,
            lasting=Lasting(taken.entitlements, taken.identified),
            refresh_until=taken.expires_at,
        )

    def _granted(
        self, connection: Connection, institution: str, allowed: _Allowed, requester: Requester
    ) -> TokenResponse:
        token = self._deployment.new_secret()
        grant = Grant(
            institution=institution,
            token_digest=digest(token),
            grant_id=allowed.grant_id,
            entitlements=allowed.entitlements,
            identified=allowed.by_details or is_ambiguous(allowed.entitlements),
            client_id=requester.client_id,
            dpop_thumbprint=requester.dpop_thumbprint,
        )
        ttl = self._settings.access_token_ttl_s
        self._keep(connection, grant, ttl)
        return TokenResponse(
            access_token=token,
            token_type=scheme_of(grant),
            expires_in=ttl,
            refresh_token=self._refresh.make(
                connection, grant, requester, lasting=allowed.lasting, expires_at=allowed.refresh_until
            ),
            scope=None if allowed.by_details else scope_of(configurations_of(allowed.entitlements)),
            authorization_details=details_of(allowed.entitlements) if grant.identified else None,
        )

    def _keep(self, connection: Connection, grant: Grant, ttl: int) -> None:
        """Keep an access token; it shares the copies of its grant.

        A wallet that shall show each copy once needs more of them day by day: there they are counted by the day.
        Spec: ARF 3.0 ISSU_38.
        """
        now, copies = self._deployment.clock.now(), self._settings.copies_per_grant
        token_store.insert_token(connection, grant, copies=copies, now=now, expires_at=now + ttl)
        if self._deployment.profile.reuse_policy:
            token_store.count_anew(connection, grant, copies=copies, now=now, period_s=SECONDS_PER_DAY)

    def _issued_here(self, institution: str, entitlements: Sequence[Entitlement]) -> tuple[Entitlement, ...]:
        """Return those that the institution issues still. Raises Refused[configuration_not_granted] for none."""
        issued_here = self._deployment.institution(institution).configuration_ids
        found = tuple(each for each in entitlements if each.configuration_id in issued_here)
        if not found:
            raise Refused("configuration_not_granted", spec="OpenID4VCI 1.0 §6.2")
        return found

    def _note(self, institution: str, head: RequestHead, error: Error) -> None:
        if error.code in _MISSES:
            self._throttle.note_miss(institution, head.source)


def is_ambiguous(entitlements: tuple[Entitlement, ...]) -> bool:
    """Tell whether several records come in one configuration, so that only identifiers can tell them apart."""
    return len(configurations_of(entitlements)) < len(entitlements)


def _require_tx_code_as_offered(offer: StoredOffer, request: TokenRequest) -> None:
    """Raise Malformed[tx_code_missing] or [tx_code_unexpected]. Spec: OpenID4VCI 1.0 §6.3."""
    if offer.tx_code_tag is not None and request.tx_code is None:
        raise Malformed("tx_code_missing", spec="OpenID4VCI 1.0 §6.3")
    if offer.tx_code_tag is None and request.tx_code is not None:
        raise Malformed("tx_code_unexpected", spec="OpenID4VCI 1.0 §6.3")
