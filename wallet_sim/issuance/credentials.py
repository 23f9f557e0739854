"""Credentials: asked for under fresh keys, verified, kept, and acknowledged.

Spec: OpenID4VCI 1.0 §7, §8, §9, §11.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from portadoc.errors import Error, Malformed, Refused, Unavailable
from portadoc.formats import strict_json
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import (
    CredentialRequest,
    CredentialResponse,
    IssuerMetadata,
    NonceResponse,
    NotificationRequest,
    read_message,
)
from portadoc.wallet_sim.issuance.channel import JSON_TYPE, Call, Channel
from portadoc.wallet_sim.issuance.encryption import new_envelope
from portadoc.wallet_sim.issuance.orders import HolderKey, Order, new_key
from portadoc.wallet_sim.issuance.proofs import ProofTerms, make_proofs
from portadoc.wallet_sim.peers import Means, error_word, read_answer, require_success
from portadoc.wallet_sim.receipt import ReceivedCredential, check_received
from portadoc.wallet_sim.store import Access, HeldCredential, PendingIssuance, WalletStore

_Event = Literal["credential_accepted", "credential_failure"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What credentials that come have to be: of this issuer and type, bound to these keys, under this access."""

    issuer: IssuerMetadata
    configuration_id: str
    vct: str
    keys: tuple[HolderKey, ...]
    access: Access


def obtain(order: Order, *, channel: Channel, store: WalletStore) -> tuple[HeldCredential, ...]:
    """Request the copies of one order, verify, keep and acknowledge them; keep what is to come later as pending.

    Returns nothing when the issuer wants to be asked again later. Raises Unavailable[issuance_deferred] when it
    does not say where, Untrusted with the code of the first check that failed, and as ``read_answer``.
    """
    keys = tuple(new_key(channel.means) for _ in range(order.copies))  # 1 a fresh key for each copy
    answer = _answer(order, keys, channel)  # 2 nonce, proofs, request
    vct = order.supported.vct or ""
    expected = Expected(order.issuer, order.configuration_id, vct, keys, order.access)
    if answer.transaction_id is not None:  # 3 now or later
        _keep_pending(expected, answer, channel.means, store)
        return ()
    held = verified(answer, expected, channel=channel)  # 4 verified before it is kept
    store.add(held)  # 5 kept
    notify(answer, "credential_accepted", expected, channel=channel)  # 6 acknowledged
    return held


def verified(answer: CredentialResponse, expected: Expected, *, channel: Channel) -> tuple[HeldCredential, ...]:
    """Return what may be kept of an answer; the issuer is told of anything else.

    Raises Malformed[peer_answer_invalid], Untrusted with the code of the first check that failed. Spec: §8.3, §13.
    """
    try:
        received = check_received(
            _texts(answer),
            vct=expected.vct,
            holder_thumbprints=frozenset(key.signer.kid for key in expected.keys),
            means=channel.means,
        )
    except Error as refusal:
        notify(answer, "credential_failure", expected, channel=channel, reason=refusal.code)
        raise
    return _held(expected, received, channel.means)


def notify(
    answer: CredentialResponse, event: _Event, expected: Expected, *, channel: Channel, reason: str | None = None
) -> None:
    """Tell the issuer what became of its credentials, if it wants to know. Spec: OpenID4VCI 1.0 §11.

    The outcome for the wallet is settled before, so an issuer that cannot take the message changes nothing.
    """
    endpoint = expected.issuer.notification_endpoint
    if endpoint is None or answer.notification_id is None:
        return
    message = NotificationRequest(
        notification_id=answer.notification_id, event=event, event_description=reason
    ).to_json()
    token = expected.access.access_token
    call = Call(url=endpoint, body=strict_json.dumps(message), content_type=JSON_TYPE, access_token=token)
    try:
        require_success(channel.post(call), endpoint="notification")
    except (Refused, Unavailable):
        return


def _texts(answer: CredentialResponse) -> list[str]:
    """Return the credentials, each a text in this format. Raises Malformed[peer_answer_invalid]."""
    texts = [issued.credential for issued in answer.credentials or () if isinstance(issued.credential, str)]
    if len(texts) != len(answer.credentials or ()):
        raise Malformed("peer_answer_invalid", spec="OpenID4VCI 1.0 §8.3", endpoint="credential", reason="format")
    return texts


def _answer(order: Order, keys: tuple[HolderKey, ...], channel: Channel) -> CredentialResponse:
    """Return the issuer's answer; a nonce that went stale on the way is renewed once. Spec: §8.3.1.2."""
    answer = _asked(order, keys, channel) or _asked(order, keys, channel, last=True)
    assert answer is not None, "the last request has an answer or raises"
    return read_message(CredentialResponse, answer)


def _asked(
    order: Order, keys: tuple[HolderKey, ...], channel: Channel, *, last: bool = False
) -> JsonObject | None:
    """Return the content of the answer, or None when the nonce was stale and this was not the last try."""
    means = channel.means
    envelope = new_envelope(order.issuer, means)  # 1 how to encrypt
    proofs = make_proofs(  # 2 proofs under a fresh nonce
        [key.signer for key in keys],
        supported=order.supported,
        identity=means.identity,
        terms=ProofTerms(
            audience=order.issuer.credential_issuer,
            nonce=_fetch_nonce(order, channel),
            client_id=channel.client_id,
            now=means.clock.now(),
        ),
    )
    by_identifier = order.credential_identifier is not None
    request = CredentialRequest(  # 3 the request
        credential_identifier=order.credential_identifier,
        credential_configuration_id=None if by_identifier else order.configuration_id,
        proofs=proofs,
        credential_response_encryption=envelope.asked,
    )
    body, content_type = envelope.seal(request.to_json())
    url, token = order.issuer.credential_endpoint, order.access.access_token
    response = channel.post(Call(url=url, body=body, content_type=content_type, access_token=token))
    if response.status == 400 and error_word(response) == "invalid_nonce" and not last:
        return None
    return envelope.open(response, endpoint="credential")  # 4 its answer


def _fetch_nonce(order: Order, channel: Channel) -> str:
    """Return a fresh nonce. Raises Refused[configuration_unsupported] without a nonce endpoint. Spec: §7."""
    endpoint = order.issuer.nonce_endpoint
    if endpoint is None:
        raise Refused("configuration_unsupported", spec="HAIP 1.0 §4.1", reason="nonce_endpoint")
    call = Call(url=endpoint, body=b"", content_type=None, proven=False)
    return read_message(NonceResponse, read_answer(channel.post(call), endpoint="nonce")).c_nonce


def _keep_pending(expected: Expected, answer: CredentialResponse, means: Means, store: WalletStore) -> None:
    """Keep transaction, keys and access, so that the wallet can ask again after a restart. Spec: §8.3, §9."""
    wait_s = answer.interval or 5
    if expected.issuer.deferred_credential_endpoint is None:
        raise Unavailable("issuance_deferred", retry_after_s=wait_s, spec="OpenID4VCI 1.0 §9")
    store.keep_access(expected.access)
    store.keep_pending(
        PendingIssuance(
            id=means.random_bytes(16).hex(),
            access_id=expected.access.id,
            configuration_id=expected.configuration_id,
            vct=expected.vct,
            transaction_id=answer.transaction_id or "",
            ask_at=means.clock.now() + wait_s,
            holder_keys=[key.private_jwk for key in expected.keys],
        )
    )


def _held(expected: Expected, received: Sequence[ReceivedCredential], means: Means) -> tuple[HeldCredential, ...]:
    private_jwks = {key.signer.kid: key.private_jwk for key in expected.keys}
    now = means.clock.now()
    policy = _disclosure_policy(expected)
    return tuple(
        HeldCredential(
            id=means.random_bytes(16).hex(),
            configuration_id=expected.configuration_id,
            vct=expected.vct,
            issuer=expected.issuer.credential_issuer,
            sd_jwt=credential.text,
            holder_key=private_jwks[credential.holder_thumbprint],
            received_at=now,
            disclosure_policy=policy,
        )
        for credential in received
    )


def _disclosure_policy(expected: Expected) -> str | None:
    """Return the policy of the issuer as published, to be read when a verifier asks. Spec: ARF 3.0 EDP_10."""
    configured = expected.issuer.credential_configurations_supported.get(expected.configuration_id)
    policy = None if configured is None else configured.disclosure_policy
    return None if policy is None else strict_json.dumps(policy).decode("utf-8")
