"""Accept an offer: from the scanned link to verified credentials in the wallet's store.

Spec: OpenID4VCI 1.0, pre-authorised code flow.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlencode

from portadoc import base64url
from portadoc.errors import Error, Malformed, Refused, Unavailable
from portadoc.formats import strict_json
from portadoc.formats.key_proof import make_key_proof
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import (
    PRE_AUTHORIZED_CODE_GRANT,
    AuthorizationServerMetadata,
    CredentialRequest,
    CredentialResponse,
    IssuerMetadata,
    NonceResponse,
    NotificationRequest,
    PreAuthorizedCodeGrant,
    Proofs,
    SupportedCredential,
    TokenResponse,
    read_message,
)
from portadoc.wallet_sim.offers import (
    pre_authorized_grant,
    read_authorization_server,
    read_issuer_metadata,
    read_offer,
)
from portadoc.wallet_sim.peers import Means, admitted, error_reason, error_word, read_answer, require_success
from portadoc.wallet_sim.receipt import ReceivedCredential, check_received
from portadoc.wallet_sim.store import HeldCredential, WalletStore
from portadoc.wallet_sim.transport import FORM_TYPE, TransportResponse

KEY_ALG: Final = "ES256"
FORMAT: Final = "dc+sd-jwt"
_JSON: Final = "application/json"
_ACCESS_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")
_Event = Literal["credential_accepted", "credential_failure"]


@dataclass(frozen=True, slots=True)
class Order:
    """One credential type to obtain under one access token, ``copies`` times."""

    issuer: IssuerMetadata
    configuration_id: str
    supported: SupportedCredential
    credential_identifier: str | None
    access_token: str = field(repr=False)
    copies: int


@dataclass(frozen=True, slots=True)
class HolderKey:
    """A key made for one copy: ``private_jwk`` goes to the store with the credential."""

    private_jwk: Mapping[str, str] = field(repr=False)
    signer: LocalSigner


def accept_offer(
    link: str, *, tx_code: str | None, copies: int, means: Means, store: WalletStore
) -> tuple[HeldCredential, ...]:
    """Obtain, verify and keep every credential of an offer, ``copies`` of each, each bound to a key of its own.

    ``tx_code`` is the code that the issuer gave the holder by another way, or None. Nothing is kept unless it was
    verified. Raises Refused, Untrusted, Malformed and Unavailable with the code of the step that failed.
    Spec: OpenID4VCI 1.0 §4 to §8, §11.
    """
    offer = read_offer(link, means)  # 1 what is offered, and by whom it says
    grant = pre_authorized_grant(offer, tx_code=tx_code)  # 2 a grant that this wallet can use
    issuer = read_issuer_metadata(offer.credential_issuer, means)  # 3 the issuer in its own words
    server = read_authorization_server(issuer, grant, means)  # 4 the server that redeems the code
    supported = {name: _supported(issuer, name) for name in offer.credential_configuration_ids}  # 5 known types
    _check_copies(issuer, copies)
    token = _redeem(grant, tx_code, server, means)  # 6 the access token
    kept: list[HeldCredential] = []
    for configuration_id, credential in supported.items():  # 7 each type of the offer
        for identifier in _identifiers(token, configuration_id):
            order = Order(issuer, configuration_id, credential, identifier, token.access_token, copies)
            kept.extend(_obtain(order, means, store))
    return tuple(kept)


def _obtain(order: Order, means: Means, store: WalletStore) -> tuple[HeldCredential, ...]:
    """Request the copies of one type, verify, keep and acknowledge them. Spec: OpenID4VCI 1.0 §7, §8, §11."""
    keys = tuple(_new_key(means) for _ in range(order.copies))  # 1 a fresh key for each copy
    response = _request(order, keys, means)  # 2 nonce, key proofs, request
    try:
        received = check_received(  # 3 verified before it is kept
            _texts(response),
            vct=order.supported.vct or "",
            holder_thumbprints=frozenset(key.signer.kid for key in keys),
            means=means,
        )
    except Error as refusal:
        _notify(order, response.notification_id, "credential_failure", means, reason=refusal.code)
        raise
    held = _held(order, keys, received, means)
    store.add(held)  # 4 kept
    _notify(order, response.notification_id, "credential_accepted", means)  # 5 acknowledged
    return held


def _texts(response: CredentialResponse) -> list[str]:
    """Return the credentials, each a text in this format. Raises Malformed[peer_answer_invalid]."""
    texts = [issued.credential for issued in response.credentials or () if isinstance(issued.credential, str)]
    if len(texts) != len(response.credentials or ()):
        raise Malformed("peer_answer_invalid", spec="OpenID4VCI 1.0 §8.3", endpoint="credential", reason="format")
    return texts


def _supported(issuer: IssuerMetadata, configuration_id: str) -> SupportedCredential:
    """Return a configuration that the issuer names and this wallet understands. Spec: OpenID4VCI 1.0 §12.2.4.

    Raises Refused[configuration_unknown], Refused[configuration_unsupported] with a reason.
    """
    supported = issuer.credential_configurations_supported.get(configuration_id)
    if supported is None:
        raise Refused("configuration_unknown", spec="OpenID4VCI 1.0 §4.1.1")
    if supported.format != FORMAT:
        raise Refused("configuration_unsupported", spec="OpenID4VCI 1.0 §12.2.4", reason="format")
    proof = (supported.proof_types_supported or {}).get("jwt")
    if proof is None or KEY_ALG not in proof.proof_signing_alg_values_supported:
        raise Refused("configuration_unsupported", spec="OpenID4VCI 1.0 §12.2.4", reason="proof_type")
    if proof.key_attestations_required is not None:
        raise Refused("configuration_unsupported", spec="OpenID4VCI 1.0 §12.2.4", reason="key_attestation")
    return supported


def _check_copies(issuer: IssuerMetadata, copies: int) -> None:
    """Refuse more copies than the issuer makes at a time. Raises Refused[copies_not_offered]."""
    offered = issuer.batch_credential_issuance.batch_size if issuer.batch_credential_issuance else 1
    if not 1 <= copies <= offered:
        raise Refused("copies_not_offered", spec="OpenID4VCI 1.0 §12.2.4", offered=offered)


def _redeem(
    grant: PreAuthorizedCodeGrant, tx_code: str | None, server: AuthorizationServerMetadata, means: Means
) -> TokenResponse:
    """Exchange the pre-authorised code for an access token. Spec: OpenID4VCI 1.0 §6.1, §6.2.

    Raises Refused[grant_unsupported], Refused[token_type_unsupported], Malformed[peer_answer_invalid] and as
    ``_require_redeemed`` and ``read_answer``.
    """
    if server.token_endpoint is None:
        raise Refused("grant_unsupported", spec="RFC 8414 §2")
    form = {"grant_type": PRE_AUTHORIZED_CODE_GRANT, "pre-authorized_code": grant.pre_authorized_code}
    if tx_code is not None:
        form["tx_code"] = tx_code
    response = _post(server.token_endpoint, means, urlencode(form).encode(), {"content-type": FORM_TYPE})
    _require_redeemed(response, with_tx_code=tx_code is not None)
    token = read_message(TokenResponse, read_answer(response, endpoint="token"))
    if token.token_type.lower() != "bearer":
        raise Refused("token_type_unsupported", spec="RFC 6749 §7.1")
    if not _ACCESS_TOKEN.fullmatch(token.access_token):
        raise Malformed("peer_answer_invalid", spec="RFC 6750 §2.1", endpoint="token", reason="access_token")
    return token


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


def _identifiers(token: TokenResponse, configuration_id: str) -> tuple[str | None, ...]:
    """Return the identifiers to ask with, or None: the configuration id serves. Spec: OpenID4VCI 1.0 §8.2."""
    for detail in token.authorization_details or ():
        if detail.credential_configuration_id == configuration_id and detail.credential_identifiers:
            return detail.credential_identifiers
    return (None,)


def _new_key(means: Means) -> HolderKey:
    private_jwk = new_private_jwk(KEY_ALG, random_bytes=means.random_bytes)
    return HolderKey(private_jwk, signer_from_private_jwk(private_jwk))


def _request(order: Order, keys: tuple[HolderKey, ...], means: Means) -> CredentialResponse:
    """Return the issuer's answer; a nonce that went stale on the way is renewed once.

    Raises Unavailable[issuance_deferred] when the issuer wants to be asked again later, and as ``read_answer``.
    Spec: OpenID4VCI 1.0 §8.3.1.2.
    """
    response = _send_request(order, keys, means)
    if response.status == 400 and error_word(response) == "invalid_nonce":
        response = _send_request(order, keys, means)
    answer = read_message(CredentialResponse, read_answer(response, endpoint="credential"))
    if answer.credentials is None:
        raise Unavailable("issuance_deferred", retry_after_s=answer.interval or 5, spec="OpenID4VCI 1.0 §9")
    return answer


def _send_request(order: Order, keys: tuple[HolderKey, ...], means: Means) -> TransportResponse:
    nonce = _fetch_nonce(order, means)
    proofs = tuple(
        make_key_proof(
            audience=order.issuer.credential_issuer,
            nonce=nonce,
            iat=means.clock.now(),
            signer=key.signer,
            client_id=None,
        )
        for key in keys
    )
    by_identifier = order.credential_identifier is not None
    request = CredentialRequest(
        credential_identifier=order.credential_identifier,
        credential_configuration_id=None if by_identifier else order.configuration_id,
        proofs=Proofs(jwt=proofs),
    )
    return _post_with_token(order.issuer.credential_endpoint, request.to_json(), order, means)


def _fetch_nonce(order: Order, means: Means) -> str:
    """Return a fresh nonce. Raises Refused[configuration_unsupported] without a nonce endpoint. Spec: §7."""
    if order.issuer.nonce_endpoint is None:
        raise Refused("configuration_unsupported", spec="HAIP 1.0 §4.1", reason="nonce_endpoint")
    answer = read_answer(_post(order.issuer.nonce_endpoint, means, b"", {}), endpoint="nonce")
    return read_message(NonceResponse, answer).c_nonce


def _held(
    order: Order, keys: tuple[HolderKey, ...], received: tuple[ReceivedCredential, ...], means: Means
) -> tuple[HeldCredential, ...]:
    private_jwks = {key.signer.kid: key.private_jwk for key in keys}
    now = means.clock.now()
    return tuple(
        HeldCredential(
            id=base64url.encode(means.random_bytes(16)),
            configuration_id=order.configuration_id,
            vct=order.supported.vct or "",
            issuer=order.issuer.credential_issuer,
            sd_jwt=credential.text,
            holder_key=private_jwks[credential.holder_thumbprint],
            received_at=now,
        )
        for credential in received
    )


def _notify(
    order: Order, notification_id: str | None, event: _Event, means: Means, *, reason: str | None = None
) -> None:
    """Tell the issuer what became of its credentials, if it wants to know. Spec: OpenID4VCI 1.0 §11.

    The outcome for the wallet is settled before, so an issuer that cannot take the message changes nothing.
    """
    endpoint = order.issuer.notification_endpoint
    if endpoint is None or notification_id is None:
        return
    message = NotificationRequest(notification_id=notification_id, event=event, event_description=reason)
    try:
        require_success(_post_with_token(endpoint, message.to_json(), order, means), endpoint="notification")
    except (Refused, Unavailable):
        return


def _post_with_token(url: str, content: JsonObject, order: Order, means: Means) -> TransportResponse:
    headers = {"content-type": _JSON, "authorization": f"Bearer {order.access_token}"}
    return _post(url, means, strict_json.dumps(content), headers)


def _post(url: str, means: Means, body: bytes, headers: Mapping[str, str]) -> TransportResponse:
    admitted(url, means.transport)
    return means.transport.request("POST", url, headers={"accept": _JSON, **headers}, body=body)
