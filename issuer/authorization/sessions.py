"""An authorization from the pushed request to the code: which browser it belongs to, who sits there, what for.

Identification calls in here with what it has found; it never sees the code of another wallet or another browser.
Spec: RFC 6749 §4.1, RFC 9126 §4, RFC 9207, OpenID4VCI 1.0 §5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from portadoc.errors import Conflict, Refused
from portadoc.issuer.authorization.offers import Offers
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import Entitlement
from portadoc.issuer.store import authorization_store, offer_store
from portadoc.issuer.store.authorization_store import AT_THE_BROWSER, Stage, StoredAuthorization
from portadoc.issuer.store.offer_store import StoredOffer
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import REQUEST_URI_PREFIX, AuthorizationResponse
from portadoc.storage import Connection
from portadoc.storage.installation import digest

RefusalName = Literal["access_denied", "server_error", "temporarily_unavailable", "invalid_request"]
"""What a wallet can be told in place of a code. Spec: RFC 6749 §4.1.2.1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """One authorization as identification sees it.

    ``configuration_ids`` are those that the wallet asks for and that are issued here (under an offer: those of the
    offer); ``offer`` is the open one behind a genuine ``issuer_state``, None for none. ``identity`` is what
    ``identified`` was given; ``wallet_name`` what the wallet provider says, None where it is silent.
    """

    institution: str
    authorization_id: str
    stage: Stage
    client_id: str
    wallet_name: str | None
    configuration_ids: tuple[str, ...]
    offer: StoredOffer | None
    redirect_uri: str
    state: str | None
    identity: JsonObject | None
    entitlements: tuple[Entitlement, ...]
    expires_at: int


class Authorizations:
    """The authorizations of an installation."""

    def __init__(self, deployment: Deployment, offers: Offers) -> None:
        self._deployment = deployment
        self._settings = deployment.settings
        self._offers = offers

    def begin(self, institution: str, *, client_id: str, request_uri: str, browser_secret: str) -> Authorization:
        """Return the authorization of a pushed request, bound from now on to one browser; once.

        ``client_id`` and ``request_uri`` are the unverified parameters of the browser's request,
        ``browser_secret`` is a fresh secret that goes into this browser's cookie. Raises
        Refused[authorization_request_unknown] for a request that is unknown, expired, used or another client's;
        Conflict[authorization_over] when its offer is. Spec: RFC 9126 §4.
        """
        secret = request_uri.removeprefix(REQUEST_URI_PREFIX)
        now = self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            # 1. a live request, pushed by this client
            found = authorization_store.find_authorization(
                connection, institution, now=now, request_digest=digest(secret)
            )
            if found is None or secret == request_uri or found.request.client_id != client_id:
                raise _request_unknown()
            # 2. for the first browser that brings it
            begun = authorization_store.begin(
                connection,
                institution,
                found.authorization_id,
                browser_digest=digest(browser_secret),
                now=now,
                expires_at=now + self._settings.authorization_ttl_s,
            )
            if not begun:
                raise _request_unknown()
            return self._now(connection, institution, found.authorization_id)

    def of_browser(self, institution: str, authorization_id: str, *, browser_secret: str) -> Authorization:
        """Return an authorization that is not over yet to the browser that began it.

        Raises Refused[not_found] for any other browser, and for one that is over or expired.
        """
        now = self._deployment.clock.now()
        with self._deployment.database.read() as connection:
            found = authorization_store.find_authorization(
                connection,
                institution,
                now=now,
                authorization_id=authorization_id,
                browser_digest=digest(browser_secret),
            )
            if found is None or found.stage not in AT_THE_BROWSER:
                raise Refused("not_found")
            return self._seen(connection, found)

    def identified(self, authorization: Authorization, identity: JsonObject) -> Authorization:
        """Note who sits at the browser (as identification wants to read it again). Whoever was there before is
        forgotten, with what they were entitled to. Raises Conflict[authorization_over].
        """
        now = self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            of = (authorization.institution, authorization.authorization_id)
            self._require(authorization_store.identify(connection, *of, identity, now=now))
            return self._now(connection, *of)

    def entitle(self, authorization: Authorization, entitlements: Sequence[Entitlement]) -> Authorization:
        """Note what the identified person can obtain, of what the wallet asks for.

        Raises Conflict[authorization_over], also before anybody was identified; Refused[configuration_not_granted]
        for nothing at all, for what was not asked for, and for what is not in the offer.
        """
        self._require_asked_for(authorization, entitlements)
        now = self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            of = (authorization.institution, authorization.authorization_id)
            self._require(authorization_store.entitle(connection, *of, entitlements, now=now))
            return self._now(connection, *of)

    def approve(self, authorization: Authorization) -> str:
        """Return where the browser takes the code to: the person has said yes to these entitlements.

        Raises Conflict[authorization_over], also when by now there are others. Spec: RFC 6749 §4.1.2, RFC 9207 §2.
        """
        code = self._deployment.new_secret()
        now = self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            approved = authorization_store.approve(
                connection,
                authorization.institution,
                authorization.authorization_id,
                entitlements=authorization.entitlements,
                code_digest=digest(code),
                now=now,
                expires_at=now + self._settings.code_ttl_s,
            )
            self._require(approved)
            self._tell(connection, EventKind.AUTHORIZATION_APPROVED, authorization)
        return self._location(authorization, AuthorizationResponse(code=code))

    def refuse(self, authorization: Authorization, error: RefusalName) -> str:
        """Return where the browser takes a refusal to; there will be no code. Raises Conflict[authorization_over].

        Spec: RFC 6749 §4.1.2.1, RFC 9207 §2.
        """
        now = self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            of = (authorization.institution, authorization.authorization_id)
            self._require(authorization_store.refuse(connection, *of, now=now))
            self._tell(connection, EventKind.AUTHORIZATION_REFUSED, authorization)
        return self._location(authorization, AuthorizationResponse(error=error))

    def _tell(self, connection: Connection, kind: EventKind, authorization: Authorization) -> None:
        named = sorted({each.record_id for each in authorization.entitlements})
        at = (authorization.institution, authorization.authorization_id)
        self._deployment.tell(connection, kind, *at, record_ids=named)

    def _location(self, authorization: Authorization, response: AuthorizationResponse) -> str:
        issuer_id = self._deployment.issuer_id(authorization.institution)
        answered = response.changed(state=authorization.state, iss=issuer_id)
        joint = "&" if "?" in authorization.redirect_uri else "?"
        return f"{authorization.redirect_uri}{joint}{urlencode(answered.to_json())}"

    def _now(self, connection: Connection, institution: str, authorization_id: str) -> Authorization:
        found = authorization_store.find_authorization(
            connection, institution, now=None, authorization_id=authorization_id
        )
        assert found is not None, "it was changed in this transaction"
        return self._seen(connection, found)

    def _seen(self, connection: Connection, stored: StoredAuthorization) -> Authorization:
        request = stored.request
        return Authorization(
            institution=stored.institution,
            authorization_id=stored.authorization_id,
            stage=stored.stage,
            client_id=request.client_id,
            wallet_name=request.wallet_name,
            configuration_ids=request.configuration_ids,
            offer=self._offer(connection, stored),
            redirect_uri=request.redirect_uri,
            state=request.state,
            identity=stored.identity,
            entitlements=stored.entitlements,
            expires_at=stored.expires_at,
        )

    def _offer(self, connection: Connection, stored: StoredAuthorization) -> StoredOffer | None:
        """Return the offer that the request came of, while it is open.

        Raises Conflict[authorization_over] when it was redeemed or cancelled meanwhile: what it bounded is over.
        """
        if stored.request.issuer_state is None:
            return None
        offer = offer_store.find_open_offer(
            connection, stored.institution, now=0, issuer_state_digest=stored.request.issuer_state
        )
        self._require(offer is not None)
        return offer

    @staticmethod
    def _require(so: bool) -> None:
        if not so:
            raise Conflict("authorization_over", spec="RFC 6749 §4.1.1")

    @staticmethod
    def _require_asked_for(authorization: Authorization, entitlements: Sequence[Entitlement]) -> None:
        asked = all(each.configuration_id in authorization.configuration_ids for each in entitlements)
        offer = authorization.offer
        offered = offer is None or set(entitlements) <= set(offer.entitlements)
        if not entitlements or not asked or not offered:
            raise Refused("configuration_not_granted", spec="OpenID4VCI 1.0 §5.1")


def _request_unknown() -> Refused:
    return Refused("authorization_request_unknown", spec="RFC 9126 §4")
