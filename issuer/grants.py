"""From offer to access token: the pre-authorised code flow as one state machine.

An offer is open, then redeemed or dead, and never opens again. Codes, references and tokens are random secrets of
256 bits; the database holds their digests. Spec: OpenID4VCI 1.0 §4, §6.
"""

import hmac
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from portadoc import base64url
from portadoc.errors import Conflict, Malformed, Refused
from portadoc.formats import strict_json
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store import grant_store
from portadoc.issuer.store.grant_store import Grant, StoredOffer
from portadoc.keys.key_ring import KeyPurpose
from portadoc.randomness import random_below
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import (
    DETAILS_TYPE,
    PRE_AUTHORIZED_CODE_GRANT,
    AuthorizationDetail,
    CredentialOffer,
    Grants,
    PreAuthorizedCodeGrant,
    TokenRequest,
    TokenResponse,
    TxCode,
    read_message,
)
from portadoc.storage import Connection
from portadoc.storage.installation import digest

BEARER: Final = "Bearer"
OFFER_SCHEME: Final = "openid-credential-offer://"
_TX_CODE: Final = re.compile(r"[0-9]{1,32}", re.ASCII)
_MAX_CLIENT_ID_CHARS: Final = 255
_MAX_DETAILS: Final = 16


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as its maker gets it, once: ``offer_uri`` for a link or QR, ``tx_code`` for another channel."""

    offer_id: str
    offer_uri: str
    tx_code: str | None
    expires_at: int


class AuthorizationServer:
    """Makes offers, redeems their codes once, and says what an access token allows."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._settings = deployment.settings

    def offer(
        self,
        institution: str,
        record_id: str,
        configuration_ids: Sequence[str],
        *,
        with_tx_code: bool,
        by_reference: bool,
    ) -> Offer:
        """Return a new open offer for a record that the caller has looked at. Spec: OpenID4VCI 1.0 §4.1."""
        offer_id, reference = self._deployment.new_id(), self._deployment.new_secret()
        code = self._code_behind(institution, reference)
        tx_code = self._new_tx_code() if with_tx_code else None
        tag = None if tx_code is None else self._tx_code_tag(institution, offer_id, tx_code)
        stored = StoredOffer(offer_id, record_id, tuple(configuration_ids), tag)
        expires_at = self._keep(institution, stored, code, reference if by_reference else None)
        uri = self._offer_uri(institution, stored, code, reference if by_reference else None)
        return Offer(offer_id, uri, tx_code, expires_at)

    def _keep(self, institution: str, offer: StoredOffer, code: str, reference: str | None) -> int:
        now = self._deployment.clock.now()
        expires_at = now + self._settings.offer_ttl_s
        with self._deployment.database.transaction() as connection:
            grant_store.insert_offer(
                connection,
                institution,
                offer,
                code_digest=digest(code),
                reference_digest=None if reference is None else digest(reference),
                tries=self._settings.tx_code_tries,
                now=now,
                expires_at=expires_at,
            )
            self._deployment.tell(
                connection, EventKind.OFFER_CREATED, institution, offer.offer_id, record_id=offer.record_id
            )
        return expires_at

    def offer_by_reference(self, institution: str, reference: str) -> CredentialOffer:
        """Return the offer behind ``credential_offer_uri`` while it is open, as often as it is asked for.

        Raises: Refused[offer_unknown], whether it never was, is redeemed, dead or expired. Spec: §4.1.3.
        """
        now = self._deployment.clock.now()
        with self._deployment.database.read() as connection:
            stored = grant_store.find_open_offer(
                connection, institution, now=now, reference_digest=digest(reference)
            )
        if stored is None:
            raise Refused("offer_unknown", spec="OpenID4VCI 1.0 §4.1.3")
        return self._message(institution, stored, self._code_behind(institution, reference))

    def cancel(self, institution: str, offer_id: str) -> bool:
        """End an open offer, whose code is then unusable for good; False when it is not open."""
        with self._deployment.database.transaction() as connection:
            ended = grant_store.kill_offer(connection, institution, offer_id)
            if ended:
                self._deployment.tell(connection, EventKind.OFFER_CANCELLED, institution, offer_id)
        return ended

    @property
    def most_tries(self) -> int:
        """How often a transaction code can be tried on one offer."""
        return self._settings.tx_code_tries

    def codes_tried(self, institution: str, record_id: str, *, since: int) -> int:
        """Return how often transaction codes were tried on the offers of a record made since a time."""
        with self._deployment.database.read() as connection:
            left = grant_store.tries_left_of(connection, institution, record_id, since=since)
        return sum(max(self.most_tries - each, 0) for each in left)

    def tries_left(self, institution: str, offer_ids: Collection[str]) -> int:
        """Return how often transaction codes can still be tried on those of some offers that are open."""
        here = self._deployment
        with here.database.read() as connection:
            return grant_store.tries_left_on(connection, institution, offer_ids, now=here.clock.now())

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
        wanted = _wanted_configurations(request)
        with self._deployment.database.transaction() as connection:
            offer = self._open_offer(connection, institution, request)
            if wanted is not None and not set(wanted) <= set(offer.configuration_ids):
                raise _details_invalid()
            if self._tx_code_is_right(connection, institution, offer, request.tx_code):
                return self._redeemed(connection, institution, offer, request, wanted)
        # A wrong try is committed before it is answered, or nothing would ever count the tries.
        raise Refused("tx_code_wrong", spec="OpenID4VCI 1.0 §6.3")

    def grant_of(self, institution: str, token: str) -> Grant:
        """Return what an access token of this institution allows. Raises: Refused[access_token_invalid].

        Spec: OpenID4VCI 1.0 §8, RFC 6750 §3.1.
        """
        now = self._deployment.clock.now()
        with self._deployment.database.read() as connection:
            grant = grant_store.find_grant(connection, institution, digest(token), now=now)
        if grant is None:
            raise Refused("access_token_invalid", spec="RFC 6750 §3.1")
        return grant

    def _open_offer(self, connection: Connection, institution: str, request: TokenRequest) -> StoredOffer:
        code = digest(request.pre_authorized_code or "")
        now = self._deployment.clock.now()
        offer = grant_store.find_open_offer(connection, institution, now=now, code_digest=code)
        if offer is None:
            raise Conflict("code_unusable", spec="OpenID4VCI 1.0 §6.3")
        if offer.tx_code_tag is not None and request.tx_code is None:
            raise Malformed("tx_code_missing", spec="OpenID4VCI 1.0 §6.3")
        if offer.tx_code_tag is None and request.tx_code is not None:
            raise Malformed("tx_code_unexpected", spec="OpenID4VCI 1.0 §6.3")
        return offer

    def _tx_code_is_right(
        self, connection: Connection, institution: str, offer: StoredOffer, tx_code: str | None
    ) -> bool:
        """Compare the code after taking one try for it, so that parallel guesses share the same few tries."""
        if offer.tx_code_tag is None or tx_code is None:
            return True
        if not grant_store.spend_try(connection, institution, offer.offer_id):
            raise Conflict("code_unusable", spec="OpenID4VCI 1.0 §6.3")
        if hmac.compare_digest(offer.tx_code_tag, self._tx_code_tag(institution, offer.offer_id, tx_code)):
            return True
        if grant_store.kill_offer_without_tries(connection, institution, offer.offer_id):
            self._deployment.tell(connection, EventKind.OFFER_LOCKED, institution, offer.offer_id)
        return False

    def _redeemed(
        self,
        connection: Connection,
        institution: str,
        offer: StoredOffer,
        request: TokenRequest,
        wanted: tuple[str, ...] | None,
    ) -> TokenResponse:
        if not grant_store.redeem_offer(connection, institution, offer.offer_id):
            raise Conflict("code_unusable", spec="OpenID4VCI 1.0 §6.3")
        token = self._deployment.new_secret()
        grant = Grant(
            institution=institution,
            token_digest=digest(token),
            offer_id=offer.offer_id,
            record_id=offer.record_id,
            configuration_ids=offer.configuration_ids if wanted is None else wanted,
            identified=wanted is not None,
            client_id=request.client_id,
        )
        ttl = self._settings.access_token_ttl_s
        expires_at = self._deployment.clock.now() + ttl
        grant_store.insert_token(connection, grant, copies=self._settings.copies_per_grant, expires_at=expires_at)
        self._deployment.tell(connection, EventKind.OFFER_REDEEMED, institution, offer.offer_id)
        details = None if wanted is None else tuple(_detail(grant, wanted_id) for wanted_id in wanted)
        return TokenResponse(access_token=token, token_type=BEARER, expires_in=ttl, authorization_details=details)

    def _offer_uri(self, institution: str, offer: StoredOffer, code: str, reference: str | None) -> str:
        if reference is not None:
            location = f"{self._deployment.issuer_id(institution)}/offers/{reference}"
            return f"{OFFER_SCHEME}?credential_offer_uri={quote(location, safe='')}"
        content = strict_json.dumps(self._message(institution, offer, code).to_json())
        return f"{OFFER_SCHEME}?credential_offer={quote(content, safe='')}"

    def _message(self, institution: str, offer: StoredOffer, code: str) -> CredentialOffer:
        asked = None
        if offer.tx_code_tag is not None:
            asked = TxCode(input_mode="numeric", length=self._settings.tx_code_length)
        return CredentialOffer(
            credential_issuer=self._deployment.issuer_id(institution),
            credential_configuration_ids=offer.configuration_ids,
            grants=Grants(pre_authorized_code=PreAuthorizedCodeGrant(pre_authorized_code=code, tx_code=asked)),
        )

    def _new_tx_code(self) -> str:
        length = self._settings.tx_code_length
        return f"{random_below(10**length, self._deployment.random_bytes):0{length}d}"

    def _code_behind(self, institution: str, reference: str) -> str:
        """Return the code that belongs to an offer's secret reference: derived, so that no code is ever stored."""
        return base64url.encode(self._tag(institution, f"pre-authorized-code:{reference}"))

    def _tx_code_tag(self, institution: str, offer_id: str, tx_code: str) -> str:
        """Return a keyed tag: a plain digest of six digits could be reversed by trying them all."""
        return self._tag(institution, f"tx-code:{offer_id}:{tx_code}").hex()

    def _tag(self, institution: str, text: str) -> bytes:
        return self._deployment.key_ring.mac(institution, KeyPurpose.NONCE).tag(text.encode())


def credential_identifier(grant_offer_id: str, configuration_id: str) -> str:
    """Return the identifier under which one grant offers one configuration. Spec: OpenID4VCI 1.0 §6.2."""
    return f"{configuration_id}.{grant_offer_id}"


def _detail(grant: Grant, configuration_id: str) -> AuthorizationDetail:
    identifier = credential_identifier(grant.offer_id, configuration_id)
    return AuthorizationDetail(
        type=DETAILS_TYPE,
        credential_configuration_id=configuration_id,
        credential_identifiers=(identifier,),
    )


def _wanted_configurations(request: TokenRequest) -> tuple[str, ...] | None:
    """Return the configurations that the wallet chose from the offer, or None. Spec: OpenID4VCI 1.0 §6.1.1."""
    if request.authorization_details is None:
        return None
    try:
        listed = strict_json.loads(request.authorization_details, what="authorization_details")
        if not isinstance(listed, list) or not 0 < len(listed) <= _MAX_DETAILS:
            raise _details_invalid()
        if not all(isinstance(detail, dict) for detail in listed):
            raise _details_invalid()
        details = [read_message(AuthorizationDetail, detail) for detail in listed]
    except Malformed as exc:
        raise _details_invalid() from exc
    return tuple(dict.fromkeys(detail.credential_configuration_id for detail in details))


def _details_invalid() -> Malformed:
    return Malformed("authorization_details_invalid", spec="OpenID4VCI 1.0 §6.1.1")
