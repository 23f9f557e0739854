"""What has to work: one credential from offer to notification, again, for two wallets, without a notification."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from portadoc.conformance.checks import Check, Module, Record, Severity
from portadoc.conformance.conversation.client import Twists, json_post
from portadoc.conformance.conversation.credentials import Access, Delivered, fetch_nonce, nonce_of
from portadoc.conformance.conversation.published import object_of
from portadoc.conformance.programs import GivenOffer
from portadoc.conformance.suite.credential_requests import SUITE
from portadoc.conformance.trial import Trial
from portadoc.conformance.wire import JSON_TYPE, JWT_TYPE, Answer

OFFER_MEMBERS: Final = Check(
    "offer-known-members",
    "OpenID4VCI 1.0 §4.1.1",
    "The offer has no members that the specification does not know",
    "A member of a draft, such as credentials or user_pin_required.",
    "Leave it out.",
    Severity.WARN,
)
OFFER_FITS: Final = Check(
    "offer-fits-metadata",
    "OpenID4VCI 1.0 §4.1.1",
    "The offer names this issuer, and configurations that its metadata have",
    "Offers and metadata are built from different settings.",
    "Name the Credential Issuer Identifier and keys of credential_configurations_supported.",
)
TOKEN: Final = Check(
    "token-response",
    "RFC 6749 §5.1, RFC 9449 §5",
    "The token response has a token, its type and how long it lives",
    "token_type is Bearer although a DPoP proof was sent, or expires_in is missing.",
    "Answer DPoP where a proof was sent, and say expires_in.",
)
TOKEN_LIFE: Final = Check(
    "bearer-token-life",
    "OpenID4VCI 1.0 §13.10",
    "A token that is bound to no key lives for five minutes at most",
    "Tokens are long-lived and bearer.",
    "Bind tokens by DPoP, or let them end after 300 seconds.",
)
TOKEN_CACHE: Final = Check(
    "token-no-store",
    "RFC 6749 §5.1",
    "The token response is not kept by caches",
    "Cache-Control is missing.",
    "Send Cache-Control: no-store.",
)
TOKEN_MEMBERS: Final = Check(
    "token-known-members",
    "OpenID4VCI 1.0 §6.2",
    "The token response has no members of drafts (c_nonce)",
    "Nonces came with tokens before there was a nonce endpoint.",
    "Leave c_nonce and c_nonce_expires_in out.",
    Severity.WARN,
)
IDENTIFIERS: Final = Check(
    "credential-identifiers",
    "OpenID4VCI 1.0 §6.2",
    "What was asked for by authorization_details is answered by them, with credential_identifiers",
    "The details are echoed without identifiers, or left out.",
    "Add a non-empty credential_identifiers to each.",
)
NONCE: Final = Check(
    "nonce-response",
    "OpenID4VCI 1.0 §7.2",
    "The nonce endpoint answers a JSON object with a fresh c_nonce",
    "The endpoint asks for a token, or gives the same nonce twice.",
    "Answer any POST with a nonce of its own.",
)
NONCE_CACHE: Final = Check(
    "nonce-no-store",
    "OpenID4VCI 1.0 §7.2",
    "The nonce response is not kept by caches",
    "Cache-Control is missing.",
    "Send Cache-Control: no-store.",
)
CREDENTIAL: Final = Check(
    "credential-response",
    "OpenID4VCI 1.0 §8.3",
    "A right credential request is answered 200 with credentials, an array of objects",
    "A draft's member credential, or a refusal of what is in order.",
    'Answer {"credentials": [{"credential": "..."}]}.',
)
CREDENTIAL_TYPE: Final = Check(
    "credential-media-type",
    "OpenID4VCI 1.0 §8.3, §10",
    "The credential response is application/json, and application/jwt exactly when encryption was asked for",
    "The wish in credential_response_encryption is passed over.",
    "Encrypt when asked to, and only then.",
)
CREDENTIAL_CACHE: Final = Check(
    "credential-no-store",
    "OpenID4VCI 1.0 §8.3",
    "The credential response is not kept by caches",
    "Cache-Control is missing.",
    "Send Cache-Control: no-store.",
)
CREDENTIAL_MEMBERS: Final = Check(
    "credential-known-members",
    "OpenID4VCI 1.0 §8.3",
    "The credential response has no other members",
    "Members of drafts: credential, format, c_nonce.",
    "Leave them out.",
    Severity.WARN,
)
NOTIFIED: Final = Check(
    "notification-taken",
    "OpenID4VCI 1.0 §11.2",
    "A notification of credential_accepted is answered with 2xx",
    "The endpoint asks for something that the specification does not have.",
    "Answer 204.",
)
AGAIN: Final = Check(
    "request-again",
    "OpenID4VCI 1.0 §8.2",
    "A second credential request under the same token is answered 200 or 202",
    "The token is used up with the first request, or the Accept header is read too strictly.",
    "Let a token serve until it ends or what it is for is used up.",
)
TWO: Final = Check(
    "two-wallets",
    "OpenID4VCI 1.0 §3.3",
    "Two wallets obtain a credential each, at the same time",
    "Something of the first wallet is kept in a place for one.",
    "Keep everything by grant.",
)
UNNOTIFIED: Final = Check(
    "without-notification",
    "OpenID4VCI 1.0 §11",
    "A wallet that never notifies obtains its credentials all the same",
    "The next request waits for a notification.",
    "Do not depend on notifications.",
)

_OFFER: Final = frozenset({"credential_issuer", "credential_configuration_ids", "grants"})
_ANSWER: Final = frozenset({"credentials", "notification_id", "transaction_id", "interval"})


def happy_flow(trial: Trial, record: Record) -> None:
    """Walk the whole way, by each grant that there is an offer or a person for."""
    walked = 0
    if trial.pre_authorized_possible(record):
        given = trial.take_pre_authorized()
        if given is not None:
            _offer(trial, given, record)
            _walk(trial, trial.redeem(given, record), record)
            walked += 1
    if walked and not trial.somebody_signs_in:
        record.skipped(CREDENTIAL, "the authorization code flow was not walked: nobody signs in (--sign-in)")
        return
    _walk(trial, trial.access_in_person(record), record)


def _offer(trial: Trial, given: GivenOffer, record: Record) -> None:
    content = trial.offer_content(given, record)
    unknown = sorted(set(content) - _OFFER)
    known = trial.issuer(record).configurations.keys()
    fits = content["credential_issuer"] == trial.setting.url and known >= set(
        content["credential_configuration_ids"]
    )
    record.judge(OFFER_FITS, fits, "it names others")
    record.judge(OFFER_MEMBERS, not unknown, f"unknown: {', '.join(each[:40] for each in unknown[:8])}")


def _walk(trial: Trial, access: Access, record: Record) -> None:
    _token(access, record)
    _nonce(trial, access, record)
    delivered = trial.deliver(access, trial.order(access), record)
    judge_delivery(delivered, record)
    _notify(trial, access, delivered, record)


def _token(access: Access, record: Record) -> None:
    content, answer = access.answer.json or {}, access.answer
    kind = str(content.get("token_type", "")).lower()
    due = "dpop" if access.client.dpop else "bearer"
    record.judge(TOKEN, kind == due and access.expires_at is not None, f"token_type is {kind[:20]!r}", answer)
    lives = content.get("expires_in")
    if due == "bearer":
        record.judge(TOKEN_LIFE, type(lives) is int and lives <= 300, f"it lives for {lives} seconds", answer)
    record.judge(TOKEN_CACHE, answer.uncached, "Cache-Control: no-store is missing", answer)
    old = {"c_nonce", "c_nonce_expires_in"} & content.keys()
    record.judge(TOKEN_MEMBERS, not old, f"members: {', '.join(sorted(old))}", answer)
    if access.by_details:
        named = access.identifiers and all(access.identifiers.values())
        record.judge(IDENTIFIERS, bool(named), "there are none", answer)


def _nonce(trial: Trial, access: Access, record: Record) -> None:
    if not trial.issuer(record).text("nonce_endpoint"):
        record.not_applicable(NONCE, "the issuer has no nonce endpoint")
        return
    first, second = (fetch_nonce(access.client, trial.issuer(record)) for _ in range(2))
    fresh = bool(nonce_of(first)) and nonce_of(first) != nonce_of(second)
    sound = first.status == 200 and first.content_type == JSON_TYPE and fresh
    record.judge(NONCE, sound, "no JSON object with a fresh nonce came", first)
    record.judge(NONCE_CACHE, first.uncached, "Cache-Control: no-store is missing", first)


def judge_delivery(delivered: Delivered, record: Record) -> None:
    """Judge the answer to a request that is in order. Raises Stopped when there are no credentials."""
    answer = delivered.answer
    due = JWT_TYPE if delivered.envelope.answer else JSON_TYPE
    if answer.ok:
        record.judge(CREDENTIAL_TYPE, answer.content_type == due, f"{due} is due", answer)
    sound = answer.status == 200 and bool(delivered.credentials)
    record.require(CREDENTIAL, sound, "no credentials came", answer)
    record.judge(CREDENTIAL_CACHE, answer.uncached, "Cache-Control: no-store is missing", answer)
    unknown = sorted(set(delivered.content or {}) - _ANSWER)
    record.judge(CREDENTIAL_MEMBERS, not unknown, f"members: {', '.join(each[:40] for each in unknown)}", answer)


def notify(trial: Trial, access: Access, record: Record, content: Mapping[str, str], note: str = "") -> Answer:
    """Return what the notification endpoint answers."""
    endpoint = trial.issuer(record).text("notification_endpoint")
    return access.client.send(json_post(endpoint, object_of(dict(content)), access.token, note=note))


def _notify(trial: Trial, access: Access, delivered: Delivered, record: Record) -> None:
    named = delivered.text("notification_id")
    if not named or not trial.issuer(record).text("notification_endpoint"):
        record.not_applicable(NOTIFIED, "the issuer wants no notifications")
        return
    told = notify(trial, access, record, {"notification_id": named, "event": "credential_accepted"})
    record.judge(NOTIFIED, told.ok, "it was not taken", told)


def additional_requests(trial: Trial, record: Record) -> None:
    """Ask again under the same token, once with any Accept header and once with an odd one."""
    trial.sample(record)
    for accept, note in (
        ("*/*", "again, accepting anything"),
        ("application/json; charset=utf-8, */*;q=0.1", "again"),
    ):
        access = trial.access(record)
        order = trial.order(access, note=note)
        delivered = trial.deliver(access, order, record, twists=Twists(headers={"accept": accept}))
        record.judge(AGAIN, delivered.answer.status in (200, 202), "it was not answered", delivered.answer)


def multiple_clients(trial: Trial, record: Record) -> None:
    """Obtain two accesses before either is used."""
    first, second = trial.fresh_access(record), trial.fresh_access(record)
    got = [trial.deliver(each, trial.order(each), record) for each in (second, first)]
    record.judge(TWO, all(each.credentials for each in got), "one of them got none", got[-1].answer)


def skip_notification(trial: Trial, record: Record) -> None:
    """Obtain a credential, say nothing, and obtain another."""
    trial.sample(record)
    access = trial.access(record)
    got = trial.deliver(
        access, replace(trial.order(access), note="after a credential without a notification"), record
    )
    record.judge(UNNOTIFIED, bool(got.credentials), "no credential came", got.answer)


MODULES: Final = (
    Module(f"{SUITE}happy-flow", "A credential from offer to notification", happy_flow),
    Module(f"{SUITE}happy-flow-additional-requests", AGAIN.title, additional_requests),
    Module(f"{SUITE}happy-flow-multiple-clients", TWO.title, multiple_clients),
    Module(f"{SUITE}happy-flow-skip-notification", UNNOTIFIED.title, skip_notification),
)
