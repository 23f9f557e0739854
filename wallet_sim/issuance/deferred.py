"""Deferred issuance: asked again when the issuer said so, from what the store kept. Spec: OpenID4VCI 1.0 §9."""

from dataclasses import replace
from typing import Final

from portadoc.errors import Error, Refused, Untrusted
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import CredentialResponse, DeferredCredentialRequest, IssuerMetadata, read_message
from portadoc.wallet_sim.issuance.channel import Call, Channel
from portadoc.wallet_sim.issuance.credentials import Expected, notify, verified
from portadoc.wallet_sim.issuance.encryption import new_envelope
from portadoc.wallet_sim.issuance.orders import kept_key
from portadoc.wallet_sim.issuance.tokens import channel_of, live_access, refreshed
from portadoc.wallet_sim.offers import read_issuer_metadata
from portadoc.wallet_sim.peers import Means, error_word
from portadoc.wallet_sim.store import Access, HeldCredential, PendingIssuance, WalletStore

_FINAL: Final = frozenset({"invalid_transaction_id", "credential_request_denied"})


def resume(*, means: Means, store: WalletStore) -> tuple[HeldCredential, ...]:
    """Ask for everything pending whose time has come; return what came, verified and kept.

    What the issuer refuses for good, what does not hold, and what no token is left for, is forgotten. One that
    fails keeps no other from being asked for: the first failure is raised at the end, and what came is kept.
    Raises Refused[issuance_refused] with the issuer's word, Refused[access_ended], and as ``verified``.
    """
    held: list[HeldCredential] = []
    failures: list[Error] = []
    for pending in store.pending():
        if pending.ask_at > means.clock.now():
            continue
        try:
            held.extend(_resume_one(pending, means, store))
        except Error as failure:
            failures.append(failure)
            if failure.code == "access_ended":
                store.settle(pending.id, ())
    if failures:
        raise failures[0]
    return tuple(held)


def _resume_one(pending: PendingIssuance, means: Means, store: WalletStore) -> tuple[HeldCredential, ...]:
    access = next((each for each in store.accesses() if each.id == pending.access_id), None)
    if access is None:
        raise Refused("access_ended", spec="RFC 6749 §6")
    issuer = read_issuer_metadata(access.issuer, means)  # 1 the issuer in its own words, as it is now
    channel = channel_of(access, issuer, means)  # 2 the same client, the same key
    access = live_access(access, channel=channel, store=store)  # 3 a token that is good
    answer, access = _answer(pending, access, issuer, channel, store)  # 4 asked
    if answer.transaction_id is not None:  # 5 later still
        _wait(pending, answer, means, store)
        return ()
    keys = tuple(kept_key(each) for each in pending.holder_keys)
    expected = Expected(issuer, pending.configuration_id, pending.vct, keys, access)
    try:
        held = verified(answer, expected, channel=channel)  # 6 bound to the keys that were proven at first
    except Error:
        store.settle(pending.id, ())
        raise
    store.settle(pending.id, held)  # 7 kept, and pending no more
    notify(answer, "credential_accepted", expected, channel=channel)  # 8 acknowledged
    return held


def _wait(pending: PendingIssuance, answer: CredentialResponse, means: Means, store: WalletStore) -> None:
    """Keep the time to ask next. Raises Untrusted[transaction_changed]. Spec: OpenID4VCI 1.0 §9.2."""
    if answer.transaction_id != pending.transaction_id:
        raise Untrusted("transaction_changed", spec="OpenID4VCI 1.0 §9.2")
    store.keep_pending(replace(pending, ask_at=means.clock.now() + (answer.interval or 5)))


def _answer(
    pending: PendingIssuance, access: Access, issuer: IssuerMetadata, channel: Channel, store: WalletStore
) -> tuple[CredentialResponse, Access]:
    """Return the answer and the access that it came under: a token that ended early is refreshed once."""
    try:
        content = _asked(pending, access, issuer, channel, store)
    except Refused as refusal:
        if refusal.params.get("status") != 401 or access.refresh_token is None:
            raise
        access = refreshed(access, channel=channel, store=store)
        content = _asked(pending, access, issuer, channel, store)
    return read_message(CredentialResponse, content), access


def _asked(
    pending: PendingIssuance, access: Access, issuer: IssuerMetadata, channel: Channel, store: WalletStore
) -> JsonObject:
    """Return the content of the issuer's answer. Raises Refused[issuance_refused], then nothing is pending."""
    endpoint = issuer.deferred_credential_endpoint
    if endpoint is None:
        raise Refused("configuration_unsupported", spec="OpenID4VCI 1.0 §9", reason="deferred_endpoint")
    envelope = new_envelope(issuer, channel.means)
    request = DeferredCredentialRequest(
        transaction_id=pending.transaction_id, credential_response_encryption=envelope.asked
    )
    body, content_type = envelope.seal(request.to_json())
    call = Call(url=endpoint, body=body, content_type=content_type, access_token=access.access_token)
    response = channel.post(call)
    if response.status == 400 and error_word(response) in _FINAL:
        store.settle(pending.id, ())
        raise Refused("issuance_refused", spec="OpenID4VCI 1.0 §9.3", error=error_word(response))
    return envelope.open(response, endpoint="deferred credential")
