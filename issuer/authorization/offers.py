"""Offers: made, shown by reference, counted, ended.

An offer is open, then redeemed or dead, and never opens again. Codes and references are random secrets of 256
bits; the database holds their digests. Spec: OpenID4VCI 1.0 §4.
"""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from portadoc import base64url
from portadoc.errors import Conflict, Malformed, Refused
from portadoc.formats import strict_json
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import Entitlement, configurations_of
from portadoc.issuer.store import offer_store
from portadoc.issuer.store.offer_store import OfferSecrets, Recipient, StoredOffer
from portadoc.keys.key_ring import KeyPurpose
from portadoc.randomness import random_below
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import (
    AUTHORIZATION_CODE_GRANT,
    PRE_AUTHORIZED_CODE_GRANT,
    AuthorizationCodeGrant,
    CredentialOffer,
    Grants,
    PreAuthorizedCodeGrant,
    TxCode,
)
from portadoc.storage import Connection
from portadoc.storage.installation import digest

OFFER_SCHEME: Final = "openid-credential-offer://"
"""What every wallet reads, and so every QR code says; a profile may have another one for links."""
_PAGE: Final = "page"


class OfferFlow(StrEnum):
    """How a wallet gets from an offer to a token. Spec: OpenID4VCI 1.0 §4.1.1"""

    PRE_AUTHORIZED_CODE = "pre_authorized_code"
    AUTHORIZATION_CODE = "authorization_code"
    """The worker proves who they are at the authorization endpoint; the offer says only what for."""


_GRANTS: Final = {
    OfferFlow.PRE_AUTHORIZED_CODE: PRE_AUTHORIZED_CODE_GRANT,
    OfferFlow.AUTHORIZATION_CODE: AUTHORIZATION_CODE_GRANT,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as its maker gets it, once: ``offer_uri`` for a link or QR, ``tx_code`` for another channel.

    ``page_uri`` is a page with both ways into a wallet, for whoever has the address; None of an offer by value.
    """

    offer_id: str
    offer_uri: str
    tx_code: str | None
    expires_at: int
    page_uri: str | None = None


class Offers:
    """The offers of an installation."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._settings = deployment.settings

    def make(
        self,
        institution: str,
        entitlements: Sequence[Entitlement],
        *,
        flow: OfferFlow | None,
        with_tx_code: bool,
        by_reference: bool,
        recipient: Recipient,
    ) -> Offer:
        """Return a new open offer of records that the caller has looked at. Spec: OpenID4VCI 1.0 §4.1.

        Where ``flow`` is None, a transaction code is made for a pre-authorised code only: otherwise the worker
        proves who they are, and so only the person can be its recipient. Raises as ``flow_of``.
        """
        pre_authorized = self.flow_of(flow, with_tx_code=with_tx_code) is OfferFlow.PRE_AUTHORIZED_CODE
        with_tx_code = with_tx_code and pre_authorized
        offer_id, reference = self._deployment.new_id(), self._deployment.new_secret()
        tx_code = self._new_tx_code() if with_tx_code else None
        tag = None if tx_code is None else self._tx_code_tag(institution, offer_id, tx_code)
        stored = StoredOffer(
            offer_id,
            tuple(entitlements),
            tag,
            pre_authorized=pre_authorized,
            with_issuer_state=not pre_authorized,
            recipient=recipient if pre_authorized else Recipient.PERSON,
        )
        expires_at = self._keep(institution, stored, reference, by_reference=by_reference)
        if by_reference:
            *_, uri = self.links(institution, reference)
            page = f"{self._location(institution, reference)}/{_PAGE}"
            return Offer(offer_id, uri, tx_code, expires_at, page)
        content = strict_json.dumps(self._message(institution, stored, reference).to_json())
        *_, uri = self._links(f"credential_offer={quote(content, safe='')}")
        return Offer(offer_id, uri, tx_code, expires_at)

    def flow_of(self, flow: OfferFlow | None, *, with_tx_code: bool) -> OfferFlow:
        """Return the flow that an offer would have; None takes the profile's usual one.

        Raises Malformed[tx_code_unexpected]: only a pre-authorised code can have one beside it;
        Refused[grant_type_unsupported] for a flow that the profile does not have.
        """
        if with_tx_code and flow is OfferFlow.AUTHORIZATION_CODE:
            raise Malformed("tx_code_unexpected", spec="OpenID4VCI 1.0 §4.1.1")
        chosen = flow or self.usual_flow
        if _GRANTS[chosen] not in self._deployment.profile.grants:
            raise Refused("grant_type_unsupported", spec="OpenID4VCI 1.0 §4.1.1")
        return chosen

    def links(self, institution: str, reference: str) -> tuple[str, ...]:
        """Return the links of an offer by reference, by ``ProtocolProfile.offer_schemes``. Spec: §4.1.3."""
        location = self._location(institution, reference)
        return self._links(f"credential_offer_uri={quote(location, safe='')}")

    def _links(self, query: str) -> tuple[str, ...]:
        return tuple(f"{scheme}://?{query}" for scheme in self._deployment.profile.offer_schemes)

    def _location(self, institution: str, reference: str) -> str:
        return f"{self._deployment.issuer_id(institution)}/offers/{reference}"

    @property
    def usual_flow(self) -> OfferFlow:
        """The flow of an offer that names none: by pre-authorised code where the profile has it."""
        has_it = PRE_AUTHORIZED_CODE_GRANT in self._deployment.profile.grants
        return OfferFlow.PRE_AUTHORIZED_CODE if has_it else OfferFlow.AUTHORIZATION_CODE

    def _keep(self, institution: str, offer: StoredOffer, reference: str, *, by_reference: bool) -> int:
        now = self._deployment.clock.now()
        expires_at = now + self._settings.offer_ttl_s
        secrets = OfferSecrets(
            code=digest(self._code_behind(institution, reference)) if offer.pre_authorized else None,
            issuer_state=digest(self._state_behind(institution, reference)) if offer.with_issuer_state else None,
            reference=digest(reference) if by_reference else None,
        )
        records = sorted({each.record_id for each in offer.entitlements})
        with self._deployment.database.transaction() as connection:
            offer_store.insert_offer(
                connection,
                institution,
                offer,
                secrets=secrets,
                tries=self._settings.tx_code_tries,
                now=now,
                expires_at=expires_at,
            )
            self._deployment.tell(
                connection, EventKind.OFFER_CREATED, institution, offer.offer_id, record_ids=records
            )
        return expires_at

    def by_reference(self, institution: str, reference: str) -> CredentialOffer:
        """Return the offer behind ``credential_offer_uri`` while it is open, as often as it is asked for.

        Raises: Refused[offer_unknown], whether it never was, is redeemed, dead or expired. Spec: §4.1.3.
        """
        now = self._deployment.clock.now()
        with self._deployment.database.read() as connection:
            stored = offer_store.find_open_offer(
                connection, institution, now=now, reference_digest=digest(reference)
            )
        if stored is None:
            raise Refused("offer_unknown", spec="OpenID4VCI 1.0 §4.1.3")
        return self._message(institution, stored, reference)

    def behind_code(self, connection: Connection, institution: str, code: str) -> StoredOffer:
        """Return the open offer of an unverified pre-authorised code. Raises Conflict[code_unusable]."""
        now = self._deployment.clock.now()
        offer = offer_store.find_open_offer(connection, institution, now=now, code_digest=digest(code))
        if offer is None:
            raise Conflict("code_unusable", spec="OpenID4VCI 1.0 §6.3")
        return offer

    def behind_issuer_state(
        self, connection: Connection, institution: str, issuer_state: str
    ) -> StoredOffer | None:
        """Return the open offer of an unverified ``issuer_state``, or None: it may be anybody's or nothing.

        Spec: OpenID4VCI 1.0 §5.1.3.
        """
        now = self._deployment.clock.now()
        return offer_store.find_open_offer(
            connection, institution, now=now, issuer_state_digest=digest(issuer_state)
        )

    def cancel(self, institution: str, offer_id: str) -> bool:
        """End an open offer, whose code is then unusable for good; False when it is not open."""
        with self._deployment.database.transaction() as connection:
            ended = offer_store.kill_offer(connection, institution, offer_id)
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
            left = offer_store.tries_left_of(connection, institution, record_id, since=since)
        return sum(max(self.most_tries - each, 0) for each in left)

    def tries_left(self, institution: str, offer_ids: Collection[str]) -> int:
        """Return how often transaction codes can still be tried on those of some offers that are open."""
        here = self._deployment
        with here.database.read() as connection:
            return offer_store.tries_left_on(connection, institution, offer_ids, now=here.clock.now())

    def tx_code_is_right(
        self, connection: Connection, institution: str, offer: StoredOffer, unverified_code: str | None
    ) -> bool:
        """Compare the code after taking one try for it, so that parallel guesses share the same few tries.

        Raises Conflict[code_unusable] when no try is left. Spec: OpenID4VCI 1.0 §6.3.
        """
        if offer.tx_code_tag is None or unverified_code is None:
            return True
        if not offer_store.spend_try(connection, institution, offer.offer_id):
            raise Conflict("code_unusable", spec="OpenID4VCI 1.0 §6.3")
        tag = self._tx_code_tag(institution, offer.offer_id, unverified_code)
        if hmac.compare_digest(offer.tx_code_tag, tag):
            return True
        if offer_store.kill_offer_without_tries(connection, institution, offer.offer_id):
            self._deployment.tell(connection, EventKind.OFFER_LOCKED, institution, offer.offer_id)
        return False

    def redeem(self, connection: Connection, institution: str, offer: StoredOffer) -> None:
        """Close an offer for the one who redeems it. Raises Conflict[code_unusable] for everyone but the first."""
        if not offer_store.redeem_offer(connection, institution, offer.offer_id):
            raise Conflict("code_unusable", spec="OpenID4VCI 1.0 §6.3")
        self._deployment.tell(connection, EventKind.OFFER_REDEEMED, institution, offer.offer_id)

    def _message(self, institution: str, offer: StoredOffer, reference: str) -> CredentialOffer:
        return CredentialOffer(
            credential_issuer=self._deployment.issuer_id(institution),
            credential_configuration_ids=configurations_of(offer.entitlements),
            grants=self._grants(institution, offer, reference),
        )

    def _grants(self, institution: str, offer: StoredOffer, reference: str) -> Grants:
        if not offer.pre_authorized:
            state = self._state_behind(institution, reference)
            return Grants(authorization_code=AuthorizationCodeGrant(issuer_state=state))
        asked = None
        if offer.tx_code_tag is not None:
            asked = TxCode(input_mode="numeric", length=self._settings.tx_code_length)
        code = self._code_behind(institution, reference)
        return Grants(pre_authorized_code=PreAuthorizedCodeGrant(pre_authorized_code=code, tx_code=asked))

    def _new_tx_code(self) -> str:
        length = self._settings.tx_code_length
        return f"{random_below(10**length, self._deployment.random_bytes):0{length}d}"

    def _code_behind(self, institution: str, reference: str) -> str:
        """Return the code that belongs to an offer's secret reference: derived, so that no code is ever stored."""
        return base64url.encode(self._tag(institution, f"pre-authorized-code:{reference}"))

    def _state_behind(self, institution: str, reference: str) -> str:
        return base64url.encode(self._tag(institution, f"issuer-state:{reference}"))

    def _tx_code_tag(self, institution: str, offer_id: str, tx_code: str) -> str:
        """Return a keyed tag: a plain digest of six digits could be reversed by trying them all."""
        return self._tag(institution, f"tx-code:{offer_id}:{tx_code}").hex()

    def _tag(self, institution: str, text: str) -> bytes:
        return self._deployment.key_ring.mac(institution, KeyPurpose.NONCE).tag(text.encode())
