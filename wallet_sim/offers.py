"""Credential offers and the metadata behind them: from a scanned link to the endpoints the wallet will call.

An offer is untrusted whoever shows it; it only says where to look. Spec: OpenID4VCI 1.0 §4.1, §12.
"""

from typing import Final

from portadoc.errors import Refused, Untrusted
from portadoc.formats import jws, strict_json
from portadoc.formats.numeric_date import check_times
from portadoc.formats.roles import ISSUER_METADATA
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import (
    AuthorizationCodeGrant,
    AuthorizationServerMetadata,
    CredentialOffer,
    CredentialOfferLink,
    IssuerMetadata,
    PreAuthorizedCodeGrant,
    read_message,
)
from portadoc.wallet_sim.peers import (
    CLOCK_SKEW_S,
    GONE,
    Means,
    admitted,
    get_json,
    link_parameters,
    read_answer,
    require_success,
)

OFFER_SCHEMES: Final = frozenset({"openid-credential-offer", "haip-vci"})
_JWT_TYPE: Final = "application/jwt"


def read_offer(link: str, means: Means) -> CredentialOffer:
    """Return the offer of a link, fetched when the link only refers to it.

    Raises Malformed[link_invalid], Malformed[message_invalid], Refused[fetch_blocked] for an issuer or an offer
    address that is not HTTPS, Refused[offer_not_redeemable] for an offer that is gone. Spec: OpenID4VCI 1.0 §4.1.
    """
    link_message = read_message(CredentialOfferLink, link_parameters(link, schemes=OFFER_SCHEMES))
    if link_message.credential_offer_uri is not None:
        content = _fetched_offer(link_message.credential_offer_uri, means)
    else:
        content = strict_json.loads_object(link_message.credential_offer or "", what="credential offer")
    offer = read_message(CredentialOffer, content)
    admitted(offer.credential_issuer, means.transport)
    return offer


def _fetched_offer(url: str, means: Means) -> JsonObject:
    admitted(url, means.transport)
    response = means.transport.get(url, headers={"accept": "application/json"})
    if response.status in GONE:
        raise Refused("offer_not_redeemable", spec="OpenID4VCI 1.0 §4.1.3")
    return read_answer(response, endpoint="credential offer")


def pre_authorized_grant(offer: CredentialOffer, *, tx_code: str | None) -> PreAuthorizedCodeGrant:
    """Return the grant of an offer, with which ``tx_code`` agrees: given if and only if the offer asks for one.

    Raises Refused[grant_unsupported], Refused[offer_needs_tx_code], Refused[offer_takes_no_tx_code].
    Spec: OpenID4VCI 1.0 §4.1.1.
    """
    grant = offer.grants.pre_authorized_code if offer.grants else None
    if grant is None:
        raise Refused("grant_unsupported", spec="OpenID4VCI 1.0 §4.1.1")
    if grant.tx_code is not None and not tx_code:
        raise Refused("offer_needs_tx_code", spec="OpenID4VCI 1.0 §4.1.1")
    if grant.tx_code is None and tx_code:
        raise Refused("offer_takes_no_tx_code", spec="OpenID4VCI 1.0 §6.1")
    return grant


def code_grant(offer: CredentialOffer) -> AuthorizationCodeGrant | None:
    """Return the authorization code grant of an offer, also of one that leaves the grant open; else None.

    An offer with a pre-authorised code is redeemed by that. Spec: OpenID4VCI 1.0 §4.1.1.
    """
    if offer.grants is None:
        return AuthorizationCodeGrant()
    return None if offer.grants.pre_authorized_code else offer.grants.authorization_code


def read_issuer_metadata(issuer: str, means: Means) -> IssuerMetadata:
    """Return the metadata that the issuer publishes about itself, signed or not.

    Raises Untrusted[issuer_metadata_mismatch] when it names another issuer, and what fetching and, for signed
    metadata, the chain and signature raise. Spec: OpenID4VCI 1.0 §12.2.2, §12.2.3.
    """
    url = well_known(issuer, "openid-credential-issuer", means)
    response = means.transport.get(url, headers={"accept": f"application/json, {_JWT_TYPE};q=0.9"})
    if response.content_type == _JWT_TYPE:
        require_success(response, endpoint="issuer metadata")
        content = _signed_metadata(response.text, issuer, means)
    else:
        content = read_answer(response, endpoint="issuer metadata")
    metadata = read_message(IssuerMetadata, content)
    if metadata.credential_issuer != issuer:
        raise Untrusted("issuer_metadata_mismatch", spec="OpenID4VCI 1.0 §12.2.2")
    return metadata


def read_authorization_server(
    metadata: IssuerMetadata, grant: PreAuthorizedCodeGrant | AuthorizationCodeGrant, means: Means
) -> AuthorizationServerMetadata:
    """Return the metadata of the authorization server that the offer chose among those the issuer names.

    Raises as ``server_metadata``. Spec: OpenID4VCI 1.0 §4.1.1.
    """
    named = metadata.authorization_servers or (metadata.credential_issuer,)
    server = named[0] if grant.authorization_server is None else grant.authorization_server
    return server_metadata(metadata, server, means)


def server_metadata(metadata: IssuerMetadata, server: str, means: Means) -> AuthorizationServerMetadata:
    """Return the metadata of one of the authorization servers that an issuer names.

    Raises Untrusted[authorization_server_unknown], Untrusted[issuer_metadata_mismatch].
    Spec: OpenID4VCI 1.0 §12.3, RFC 8414 §3.3.
    """
    if server not in (metadata.authorization_servers or (metadata.credential_issuer,)):
        raise Untrusted("authorization_server_unknown", spec="OpenID4VCI 1.0 §4.1.1")
    url = well_known(server, "oauth-authorization-server", means)
    found = read_message(AuthorizationServerMetadata, get_json(url, means, endpoint="server metadata"))
    if found.issuer != server:
        raise Untrusted("issuer_metadata_mismatch", spec="RFC 8414 §3.3")
    return found


def well_known(issuer: str, document: str, means: Means) -> str:
    """Return the address of a well-known document: inserted between host and path, a last slash dropped.

    Raises Refused[fetch_blocked]; an identifier with a query or fragment is none. Spec: OpenID4VCI 1.0 §12.2.2,
    RFC 8414 §3.1.
    """
    target = admitted(issuer, means.transport)
    if "?" in issuer or "#" in issuer:
        raise Refused("fetch_blocked", spec="OpenID4VCI 1.0 §12.2.1", reason="url")
    return f"{target.origin}/.well-known/{document}{target.path.rstrip('/')}"


def _signed_metadata(text: str, issuer: str, means: Means) -> JsonObject:
    """Return the content of signed metadata: its chain trusted for metadata, its subject the issuer.

    Raises Untrusted[issuer_metadata_mismatch] and what the JWS, the chain and the times raise.
    Spec: OpenID4VCI 1.0 §12.2.3.
    """
    now = means.clock.now()
    unverified = jws.split(text, ISSUER_METADATA, allowed_algs=ALL_ALGORITHMS)
    trusted = means.trust.resolve(
        jws.certificate_chain(unverified),
        purpose=KeyPurpose.METADATA,
        at=now,
        credential_type=None,
        issuer=issuer,
        institution=None,
    )
    content = jws.verify(unverified, trusted.key)
    if content.get("sub") != issuer:
        raise Untrusted("issuer_metadata_mismatch", spec="OpenID4VCI 1.0 §12.2.3")
    check_times(content, now=now, skew_s=CLOCK_SKEW_S)
    return content
