"""Tokens: a code or a refresh token becomes access to what was granted.

Spec: RFC 6749 §4.1.3, §6; RFC 9449 §5; OpenID4VCI 1.0 §6.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from portadoc.errors import Malformed, Refused
from portadoc.keys.private_jwk import signer_from_private_jwk
from portadoc.schemas.openid4vci import (
    AUTHORIZATION_CODE_GRANT,
    PRE_AUTHORIZED_CODE_GRANT,
    REFRESH_TOKEN_GRANT,
    IssuerMetadata,
    PreAuthorizedCodeGrant,
    TokenResponse,
    read_message,
)
from portadoc.wallet_sim.issuance.authorization import AuthorizationCode, Wanted
from portadoc.wallet_sim.issuance.channel import BY_ATTESTATION, Call, Channel
from portadoc.wallet_sim.offers import server_metadata
from portadoc.wallet_sim.peers import Means, error_reason, error_word, read_answer
from portadoc.wallet_sim.store import Access, WalletStore
from portadoc.wallet_sim.transport import FORM_TYPE, TransportResponse

EARLY_S: Final = 5
"""A token that ends within this time counts as ended: it has to survive the way."""
_ACCESS_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")


def redeem_pre_authorized(
    grant: PreAuthorizedCodeGrant, tx_code: str | None, *, channel: Channel
) -> TokenResponse:
    """Exchange the code of an offer. Spec: OpenID4VCI 1.0 §6.1, §6.2.

    Raises Refused[grant_unsupported], Refused[tx_code_refused], Refused[offer_not_redeemable], Refused
    [token_type_unsupported], Malformed[peer_answer_invalid] and as ``read_answer``.
    """
    form = {"grant_type": PRE_AUTHORIZED_CODE_GRANT, "pre-authorized_code": grant.pre_authorized_code}
    if tx_code is not None:
        form["tx_code"] = tx_code
    response = _ask(form, channel)
    _require_redeemed(response, with_tx_code=tx_code is not None)
    return _token(response, channel)


def redeem_code(code: AuthorizationCode, *, channel: Channel) -> TokenResponse:
    """Exchange what the browser brought back. Spec: RFC 6749 §4.1.3, RFC 7636 §4.5.

    Raises Refused[offer_not_redeemable] for a code that is used or has run out, and as ``redeem_pre_authorized``.
    """
    form = {
        "grant_type": AUTHORIZATION_CODE_GRANT,
        "code": code.code,
        "code_verifier": code.verifier,
        "redirect_uri": code.redirect_uri,
    }
    response = _ask(form, channel)
    _require_redeemed(response, with_tx_code=False)
    return _token(response, channel)


def access_of(
    token: TokenResponse, wanted: Wanted, *, by_details: bool, dpop_key: Mapping[str, str], channel: Channel
) -> Access:
    """Return what a token gives access to: the wanted configurations that were granted, and no other.

    Raises Refused[nothing_granted], Malformed[peer_answer_invalid] for details that were asked for and not
    answered. Spec: OpenID4VCI 1.0 §6.2.
    """
    return Access(
        id=channel.secret(),
        issuer=wanted.issuer.credential_issuer,
        authorization_server=channel.server.issuer,
        client_id=channel.client_id,
        access_token=token.access_token,
        expires_at=_ends(token, channel),
        refresh_token=token.refresh_token,
        dpop_key=dpop_key if channel.dpop else None,
        identifiers=_granted(token, wanted, by_details=by_details),
    )


def channel_of(access: Access, issuer: IssuerMetadata, means: Means) -> Channel:
    """Return the way to speak under an access: as the same client, with the same key.

    Raises Refused[access_of_another] when the wallet is another client now, and as the server's metadata is read.
    """
    server = server_metadata(issuer, access.authorization_server, means)
    identity = means.identity
    if access.client_id is not None and (identity is None or identity.client_id != access.client_id):
        raise Refused("access_of_another", spec="RFC 6749 §6")
    takes_attestation = BY_ATTESTATION in (server.token_endpoint_auth_methods_supported or ())
    attested = access.client_id is not None and takes_attestation
    return Channel(
        means,
        server,
        client_id=access.client_id,
        attested_as=identity if attested else None,
        dpop=signer_from_private_jwk(access.dpop_key) if access.dpop_key else None,
    )


def live_access(access: Access, *, channel: Channel, store: WalletStore) -> Access:
    """Return an access whose token is good, refreshed if it has to be. Raises as ``refreshed``."""
    if access.expires_at is None or access.expires_at > channel.means.clock.now() + EARLY_S:
        return access
    return refreshed(access, channel=channel, store=store)


def refreshed(access: Access, *, channel: Channel, store: WalletStore) -> Access:
    """Return the access with a new token, kept before it is used: the server may have rotated the old one away.

    Raises Refused[access_ended] without a refresh token or when the server takes it no more. Spec: RFC 6749 §6.
    """
    if access.refresh_token is None:
        raise Refused("access_ended", spec="RFC 6749 §6")
    response = _ask({"grant_type": REFRESH_TOKEN_GRANT, "refresh_token": access.refresh_token}, channel)
    if response.status == 400 and error_word(response) == "invalid_grant":
        raise Refused("access_ended", spec="RFC 6749 §6")
    token = _token(response, channel)
    renewed = replace(
        access,
        access_token=token.access_token,
        expires_at=_ends(token, channel),
        refresh_token=token.refresh_token or access.refresh_token,
    )
    store.keep_access(renewed)
    return renewed


def _ask(form: dict[str, str], channel: Channel) -> TransportResponse:
    if channel.server.token_endpoint is None:
        raise Refused("grant_unsupported", spec="RFC 8414 §2")
    if channel.client_id is not None:
        form = {**form, "client_id": channel.client_id}
    url, body = channel.server.token_endpoint, urlencode(form).encode()
    return channel.post(Call(url=url, body=body, content_type=FORM_TYPE, authenticated=True))


def _require_redeemed(response: TransportResponse, *, with_tx_code: bool) -> None:
    """Tell a wrong transaction code from an offer that is used or has run out; the protocol has one word for both.

    An issuer that says in ``error_description`` that the code of the offer is at fault is believed.
    Raises Refused[tx_code_refused], Refused[offer_not_redeemable]. Spec: OpenID4VCI 1.0 §6.3.
    """
    if response.status != 400 or error_word(response) != "invalid_grant":
        return
    if with_tx_code and error_reason(response) != "code_unusable":
        raise Refused("tx_code_refused", spec="OpenID4VCI 1.0 §6.3")
    raise Refused("offer_not_redeemable", spec="OpenID4VCI 1.0 §6.3")


def _token(response: TransportResponse, channel: Channel) -> TokenResponse:
    """Return a token that is bound to the key that was shown, or to none when none was. Spec: RFC 9449 §5."""
    token = read_message(TokenResponse, read_answer(response, endpoint="token"))
    if token.token_type.lower() != ("dpop" if channel.dpop else "bearer"):
        raise Refused("token_type_unsupported", spec="RFC 6749 §7.1")
    if not _ACCESS_TOKEN.fullmatch(token.access_token):
        raise Malformed("peer_answer_invalid", spec="RFC 6750 §2.1", endpoint="token", reason="access_token")
    return token


def _ends(token: TokenResponse, channel: Channel) -> int | None:
    return None if token.expires_in is None else channel.means.clock.now() + token.expires_in


def _granted(token: TokenResponse, wanted: Wanted, *, by_details: bool) -> Mapping[str, Sequence[str]]:
    details = token.authorization_details
    if details is None:
        if by_details:
            raise Malformed(
                "peer_answer_invalid", spec="OpenID4VCI 1.0 §6.2", endpoint="token", reason="authorization_details"
            )
        scopes = None if token.scope is None else frozenset(token.scope.split())
        granted: dict[str, list[str]] = {
            name: []
            for name, each in wanted.supported.items()
            if scopes is None or each.scope is None or each.scope in scopes
        }
    else:
        granted = {}
        for detail in details:
            if detail.credential_configuration_id in wanted.supported:
                names = granted.setdefault(detail.credential_configuration_id, [])
                names.extend(each for each in detail.credential_identifiers or () if each not in names)
    if not granted:
        raise Refused("nothing_granted", spec="OpenID4VCI 1.0 §6.2")
    return granted
