"""From the scanned link, or from the wallet's own wish, to verified credentials in its store.

Spec: OpenID4VCI 1.0 §3.3 to §3.5.
"""

from collections.abc import Mapping, Sequence

from portadoc.errors import Refused, Unavailable
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk
from portadoc.schemas.openid4vci import AuthorizationCodeGrant, CredentialOffer, IssuerMetadata
from portadoc.wallet_sim.issuance.authorization import Browser, Wanted, authorize
from portadoc.wallet_sim.issuance.channel import KEY_ALG, Channel, open_channel
from portadoc.wallet_sim.issuance.credentials import obtain
from portadoc.wallet_sim.issuance.orders import Order, check_copies, orders_of, supported_types
from portadoc.wallet_sim.issuance.tokens import (
    access_of,
    channel_of,
    live_access,
    redeem_code,
    redeem_pre_authorized,
)
from portadoc.wallet_sim.offers import (
    code_grant,
    pre_authorized_grant,
    read_authorization_server,
    read_issuer_metadata,
    read_offer,
)
from portadoc.wallet_sim.peers import Means
from portadoc.wallet_sim.store import Access, HeldCredential, WalletStore


def accept_offer(
    link: str,
    *,
    tx_code: str | None,
    copies: int,
    means: Means,
    store: WalletStore,
    browser: Browser | None = None,
) -> tuple[HeldCredential, ...]:
    """Obtain, verify and keep every credential of an offer, ``copies`` of each, each bound to a key of its own.

    ``tx_code`` is the code that the issuer gave the holder by another way, or None. ``browser`` takes the holder
    to the issuer's pages when the offer asks for that. Nothing is kept unless it was verified. Raises Refused,
    Untrusted, Malformed and Unavailable with the code of the step that failed, Unavailable[issuance_deferred] when
    everything will come later. Spec: OpenID4VCI 1.0 §4 to §9, §11.
    """
    offer = read_offer(link, means)  # 1 what is offered, and by whom it says
    by_code = code_grant(offer)
    if by_code is not None and browser is not None and means.identity is not None:  # 2 a grant that it can use
        issuer = read_issuer_metadata(offer.credential_issuer, means)
        return _by_code(issuer, offer.credential_configuration_ids, by_code, browser, copies, means, store)
    return _by_pre_authorization(offer, tx_code, copies, means, store)


def ask_issuer(
    credential_issuer: str,
    configuration_ids: Sequence[str],
    *,
    copies: int,
    browser: Browser,
    means: Means,
    store: WalletStore,
) -> tuple[HeldCredential, ...]:
    """Obtain credentials that nobody offered. Raises as ``accept_offer``; an anonymous wallet cannot."""
    issuer = read_issuer_metadata(credential_issuer, means)
    return _by_code(issuer, configuration_ids, AuthorizationCodeGrant(), browser, copies, means, store)


def renew(configuration_id: str, *, copies: int, means: Means, store: WalletStore) -> tuple[HeldCredential, ...]:
    """Obtain fresh copies of a configuration under an access that the store keeps, the latest that has it.

    Raises Refused[access_ended] when there is none, and as ``accept_offer``. Spec: RFC 6749 §6, ARF ISSU_37.
    """
    kept = [each for each in store.accesses() if configuration_id in each.identifiers]
    if not kept:
        raise Refused("access_ended", spec="RFC 6749 §6")
    access = kept[-1]
    issuer = read_issuer_metadata(access.issuer, means)
    supported = supported_types(issuer, [configuration_id], means)
    check_copies(issuer, copies)
    channel = channel_of(access, issuer, means)
    access = live_access(access, channel=channel, store=store)
    return _obtained(orders_of(access, issuer, supported, copies), channel, store)


def _by_pre_authorization(
    offer: CredentialOffer, tx_code: str | None, copies: int, means: Means, store: WalletStore
) -> tuple[HeldCredential, ...]:
    grant = pre_authorized_grant(offer, tx_code=tx_code)
    issuer = read_issuer_metadata(offer.credential_issuer, means)  # 3 the issuer in its own words
    server = read_authorization_server(issuer, grant, means)  # 4 the server that redeems the code
    wanted = _wanted(issuer, offer.credential_configuration_ids, None, copies, means)  # 5 known types
    dpop_key = new_private_jwk(KEY_ALG, random_bytes=means.random_bytes)
    channel = open_channel(server, means, dpop=signer_from_private_jwk(dpop_key), names_itself=False)
    token = redeem_pre_authorized(grant, tx_code, channel=channel)  # 6 the access token
    access = access_of(token, wanted, by_details=False, dpop_key=dpop_key, channel=channel)
    return _under(access, wanted, copies, channel, store)  # 7 each type of the offer


def _by_code(
    issuer: IssuerMetadata,
    configuration_ids: Sequence[str],
    grant: AuthorizationCodeGrant,
    browser: Browser,
    copies: int,
    means: Means,
    store: WalletStore,
) -> tuple[HeldCredential, ...]:
    if means.identity is None:
        raise Refused("grant_unsupported", spec="OpenID4VCI 1.0 §5")
    server = read_authorization_server(issuer, grant, means)  # 3 the server that asks the holder
    wanted = _wanted(issuer, configuration_ids, grant.issuer_state, copies, means)  # 4 known types
    dpop_key = new_private_jwk(KEY_ALG, random_bytes=means.random_bytes)
    channel = open_channel(server, means, dpop=signer_from_private_jwk(dpop_key), names_itself=True)
    code = authorize(wanted, channel, means.identity, browser)  # 5 the holder's consent
    token = redeem_code(code, channel=channel)  # 6 the access token
    access = access_of(token, wanted, by_details=code.by_details, dpop_key=dpop_key, channel=channel)
    return _under(access, wanted, copies, channel, store)  # 7 each type that was granted


def _wanted(
    issuer: IssuerMetadata, configuration_ids: Sequence[str], issuer_state: str | None, copies: int, means: Means
) -> Wanted:
    wanted = Wanted(issuer, supported_types(issuer, configuration_ids, means), issuer_state)
    check_copies(issuer, copies)
    return wanted


def _under(
    access: Access, wanted: Wanted, copies: int, channel: Channel, store: WalletStore
) -> tuple[HeldCredential, ...]:
    if access.refresh_token is not None:
        store.keep_access(access)
    return _obtained(orders_of(access, wanted.issuer, wanted.supported, copies), channel, store)


def _obtained(orders: Sequence[Order], channel: Channel, store: WalletStore) -> tuple[HeldCredential, ...]:
    """Return what came for all orders; Raises Unavailable[issuance_deferred] when all of it comes later."""
    held = [each for order in orders for each in obtain(order, channel=channel, store=store)]
    if not held:
        own = {order.access.id for order in orders}
        waits: Mapping[str, int] = {each.id: each.ask_at for each in store.pending() if each.access_id in own}
        wait_s = max(1, min(waits.values()) - channel.means.clock.now()) if waits else 5
        raise Unavailable("issuance_deferred", retry_after_s=wait_s, spec="OpenID4VCI 1.0 §9")
    return tuple(held)
