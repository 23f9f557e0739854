"""The token endpoint: what a wallet brings, exchanged once for an access token.

Tokens are random secrets of 256 bits; the database holds their digests. Spec: OpenID4VCI 1.0 §6, RFC 6749.
"""

import re
from typing import Final

from portadoc.errors import Malformed, Refused
from portadoc.issuer.authorization.offers import Offers
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import (
    Entitlement,
    configurations_of,
    details_of,
    limited_to,
    wanted_configurations,
)
from portadoc.issuer.store import token_store
from portadoc.issuer.store.offer_store import StoredOffer
from portadoc.issuer.store.token_store import Grant
from portadoc.schemas.openid4vci import PRE_AUTHORIZED_CODE_GRANT, TokenRequest, TokenResponse
from portadoc.storage import Connection
from portadoc.storage.installation import digest

BEARER: Final = "Bearer"
_TX_CODE: Final = re.compile(r"[0-9]{1,32}", re.ASCII)
_MAX_CLIENT_ID_CHARS: Final = 255


class Tokens:
    """Makes access tokens and says what they allow."""

    def __init__(self, deployment: Deployment, offers: Offers) -> None:
        self._deployment = deployment
        self._settings = deployment.settings
        self._offers = offers

    def redeem(self, institution: str, request: TokenRequest) -> TokenResponse:
        """Exchange a pre-authorised code, exactly once, for an access token.

        Raises: Malformed[grant_type_unsupported], [pre_authorized_code_missing], [tx_code_missing],
        [tx_code_unexpected], [tx_code_malformed], [authorization_details_invalid]; Conflict[code_unusable] for a
        code that is unknown, expired, used or dead; Refused[tx_code_wrong]. Spec: OpenID4VCI 1.0 §6.1, §6.3.
        """
        if request.grant_type != PRE_AUTHORIZED_CODE_GRANT:
            raise Malformed("grant_type_unsupported", spec="RFC 6749 §5.2")
        if request.pre_authorized_code is None:
            raise Malformed("pre_authorized_code_missing", spec="OpenID4VCI 1.0 §6.1")
        if request.tx_code is not None and not _TX_CODE.fullmatch(request.tx_code):
            raise Malformed("tx_code_malformed", spec="OpenID4VCI 1.0 §6.1")
        if request.client_id is not None and len(request.client_id) > _MAX_CLIENT_ID_CHARS:
            raise Malformed("client_id_too_long", limit=_MAX_CLIENT_ID_CHARS)
        wanted = wanted_configurations(request.authorization_details)
        with self._deployment.database.transaction() as connection:
            offer = self._offers.behind_code(connection, institution, request.pre_authorized_code)
            _require_tx_code_as_offered(offer, request)
            entitlements = limited_to(offer.entitlements, wanted)
            if self._offers.tx_code_is_right(connection, institution, offer, request.tx_code):
                self._offers.redeem(connection, institution, offer)
                identified = wanted is not None or is_ambiguous(entitlements)
                return self._granted(connection, institution, offer.offer_id, entitlements, identified, request)
        # A wrong try is committed before it is answered, or nothing would ever count the tries.
        raise Refused("tx_code_wrong", spec="OpenID4VCI 1.0 §6.3")

    def grant_of(self, institution: str, token: str) -> Grant:
        """Return what an access token of this institution allows. Raises: Refused[access_token_invalid].

        Spec: OpenID4VCI 1.0 §8, RFC 6750 §3.1.
        """
        now = self._deployment.clock.now()
        with self._deployment.database.read() as connection:
            grant = token_store.find_grant(connection, institution, digest(token), now=now)
        if grant is None:
            raise Refused("access_token_invalid", spec="RFC 6750 §3.1")
        return grant

    def _granted(
        self,
        connection: Connection,
        institution: str,
        grant_id: str,
        entitlements: tuple[Entitlement, ...],
        identified: bool,
        request: TokenRequest,
    ) -> TokenResponse:
        token = self._deployment.new_secret()
        grant = Grant(
            institution=institution,
            token_digest=digest(token),
            grant_id=grant_id,
            entitlements=entitlements,
            identified=identified,
            client_id=request.client_id,
            dpop_thumbprint=None,
        )
        ttl = self._settings.access_token_ttl_s
        expires_at = self._deployment.clock.now() + ttl
        token_store.insert_token(connection, grant, copies=self._settings.copies_per_grant, expires_at=expires_at)
        details = details_of(entitlements) if identified else None
        return TokenResponse(access_token=token, token_type=BEARER, expires_in=ttl, authorization_details=details)


def is_ambiguous(entitlements: tuple[Entitlement, ...]) -> bool:
    """Tell whether several records come in one configuration, so that only identifiers can tell them apart."""
    return len(configurations_of(entitlements)) < len(entitlements)


def _require_tx_code_as_offered(offer: StoredOffer, request: TokenRequest) -> None:
    """Raise Malformed[tx_code_missing] or [tx_code_unexpected]. Spec: OpenID4VCI 1.0 §6.3."""
    if offer.tx_code_tag is not None and request.tx_code is None:
        raise Malformed("tx_code_missing", spec="OpenID4VCI 1.0 §6.3")
    if offer.tx_code_tag is None and request.tx_code is not None:
        raise Malformed("tx_code_unexpected", spec="OpenID4VCI 1.0 §6.3")
