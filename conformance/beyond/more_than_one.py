"""Later, more than one, by another proof, and told about. Spec: OpenID4VCI 1.0 §6.2, §8.3, §9, §11, App. F.3."""

from typing import Final

from portadoc.conformance.beyond.proofs import OWN
from portadoc.conformance.checks import Check, Lacking, Module, Record
from portadoc.conformance.conversation.client import Post
from portadoc.conformance.conversation.credentials import Access, Delivered, Order, envelope
from portadoc.conformance.conversation.published import proof_types
from portadoc.conformance.credentials import take_apart
from portadoc.conformance.programs import Want
from portadoc.conformance.refusals import refused
from portadoc.conformance.suite.happy_flows import notify
from portadoc.conformance.trial import Trial
from portadoc.conformance.wire import Answer

DEFERRED: Final = Check(
    "deferred-response",
    "OpenID4VCI 1.0 §8.3",
    "What is not ready is answered 202 with transaction_id and interval",
    "200, or issuance_pending as drafts had it.",
    "Answer 202, with an interval of seconds, and no notification_id.",
)
DEFERRED_CACHE: Final = Check(
    "deferred-no-store",
    "OpenID4VCI 1.0 §8.3",
    "The deferred response is not kept by caches",
    "Cache-Control is missing.",
    "Send Cache-Control: no-store.",
)
WAITING: Final = Check(
    "deferred-waiting",
    "OpenID4VCI 1.0 §9.2",
    "Whoever asks too early is answered 202 with the same transaction_id",
    "An error is sent, or a new transaction begins.",
    "Answer 202 with the same transaction_id and interval.",
)
FOREIGN: Final = Check(
    "deferred-transaction-of-another",
    "OpenID4VCI 1.0 §9.1, §9.3",
    "A transaction of another grant is refused with invalid_transaction_id",
    "The transaction is looked up without the grant.",
    "Bind transactions to the grant that began them.",
)
UNKNOWN: Final = Check(
    "deferred-transaction-unknown",
    "OpenID4VCI 1.0 §9.3",
    "An unknown transaction is refused with invalid_transaction_id",
    "Another word is used for it.",
    "Answer invalid_transaction_id.",
)
READY: Final = Check(
    "deferred-ready",
    "OpenID4VCI 1.0 §9.2",
    "What is ready comes with 200, bound to the key that was proven at first",
    "A new proof is asked for.",
    "Keep the proven keys with the transaction.",
)
OVER: Final = Check(
    "deferred-once",
    "OpenID4VCI 1.0 §9.2",
    "A transaction that was delivered is refused with invalid_transaction_id",
    "Transactions live on.",
    "End the transaction with its delivery.",
)
IDEMPOTENT: Final = Check(
    "notification-again",
    "OpenID4VCI 1.0 §11.1",
    "The same notification once more is answered with 2xx",
    "The identifier is used up.",
    "Answer a repetition as the first one.",
)
NOTIFICATION_ID: Final = Check(
    "notification-id-unknown",
    "OpenID4VCI 1.0 §11.3",
    "An unknown notification_id is refused with invalid_notification_id",
    "Another word is used for it, or it is passed over.",
    "Answer invalid_notification_id.",
)
EVENT: Final = Check(
    "notification-event-unknown",
    "OpenID4VCI 1.0 §11.3",
    "An unknown event is refused with invalid_notification_request",
    "Another word is used for it, or it is passed over.",
    "Answer invalid_notification_request.",
)
SEVERAL: Final = Check(
    "several-identifiers",
    "OpenID4VCI 1.0 §6.2",
    "Several credentials of one configuration have identifiers of their own",
    "One identifier stands for the configuration.",
    "Name each credential in credential_identifiers.",
)
EACH: Final = Check(
    "several-credentials",
    "OpenID4VCI 1.0 §8.2",
    "Each identifier gives a credential of its own",
    "The identifier is not looked at.",
    "Issue what the identifier names.",
)
BY_ATTESTATION: Final = Check(
    "attestation-proof-type",
    "OpenID4VCI 1.0 App. F.3",
    "The proof type attestation gives a credential for each attested key",
    "The type is announced and not taken.",
    "Take proofs.attestation with one key attestation.",
)
_NO_NOTES: Final = "the issuer wants no notifications"


def deferred(trial: Trial, record: Record) -> None:
    """Ask for something that is not ready, wait for it, and obtain it. Raises Stopped, Lacking."""
    if not trial.issuer(record).text("deferred_credential_endpoint"):
        record.not_applicable(DEFERRED, "the issuer has no deferred credential endpoint")
        return
    given = trial.take(Want.DEFERRED)
    if given is None:
        raise Lacking(f"no offer: {Want.DEFERRED}")
    access = trial.redeem(given, record)
    order = trial.order(access)
    first = trial.deliver(access, order, record)
    named = _judge_deferred(first, record)
    early = _ask(trial, access, named, record, note="before it is ready")
    same = early.answer.status == 202 and early.text("transaction_id") == named
    record.judge(WAITING, same, "something else came", early.answer)
    _foreign(trial, named, record)
    unknown = _ask(trial, access, access.client.secret(), record, note="with an unknown transaction_id")
    refused(record, unknown.answer, UNKNOWN, words=frozenset({"invalid_transaction_id"}))
    _readied(trial, access, named, order, record)


def _judge_deferred(delivered: Delivered, record: Record) -> str:
    content, answer = delivered.content or {}, delivered.answer
    named = delivered.text("transaction_id")
    interval = content.get("interval")
    alone = not {"credentials", "notification_id"} & content.keys()
    sound = answer.status == 202 and bool(named) and type(interval) is int and interval > 0 and alone
    record.require(DEFERRED, sound, "something else came", answer)
    record.judge(DEFERRED_CACHE, answer.uncached, "Cache-Control: no-store is missing", answer)
    return named


def _foreign(trial: Trial, named: str, record: Record) -> None:
    try:
        other = trial.access(record)
    except Lacking as lack:
        record.skipped(FOREIGN, str(lack))
        return
    answer = _ask(trial, other, named, record, note="with a transaction_id of another grant").answer
    refused(record, answer, FOREIGN, words=frozenset({"invalid_transaction_id"}))


def _readied(trial: Trial, access: Access, named: str, order: Order, record: Record) -> None:
    trial.take(Want.DEFERRED_READY)
    last = _ask(trial, access, named, record)
    if last.answer.status == 202:
        record.skipped(READY, "nobody made the credential ready (deferred-ready)")
        return
    bound = [take_apart(each).bound_to for each in last.credentials]
    proven = {each.kid for each in order.keys}
    sound = last.answer.status == 200 and bool(bound) and set(bound) <= proven
    record.judge(READY, sound, "no credential of that key came", last.answer)
    late = _ask(trial, access, named, record, note="with a transaction_id that was delivered")
    refused(record, late.answer, OVER, words=frozenset({"invalid_transaction_id"}))


def _ask(trial: Trial, access: Access, named: str, record: Record, *, note: str = "") -> Delivered:
    issuer = trial.issuer(record)
    wrapped = envelope(issuer, access.client, wished=trial.profile.high_assurance)
    body, media_type = wrapped.seal({"transaction_id": named, **wrapped.asked()})
    url = issuer.text("deferred_credential_endpoint")
    answer = access.client.send(Post(url=url, body=body, content_type=media_type, token=access.token, note=note))
    return Delivered(answer, wrapped.open(answer) if answer.ok else answer.json, wrapped)


def notifications(trial: Trial, record: Record) -> None:
    """Notify twice, and wrongly."""
    access, delivered, _ = trial.sample(record)
    named = delivered.text("notification_id")
    if not named or not trial.issuer(record).text("notification_endpoint"):
        record.not_applicable(IDEMPOTENT, _NO_NOTES)
        return
    content = {"notification_id": named, "event": "credential_accepted"}
    first = notify(trial, access, record, content)
    record.step(first.ok, "the first notification was not taken", first)
    again = notify(trial, access, record, content, "for the second time")
    record.judge(IDEMPOTENT, again.ok, "it was refused", again)
    unknown = notify(
        trial, access, record, {**content, "notification_id": access.client.secret()}, "with an unknown id"
    )
    refused(record, unknown, NOTIFICATION_ID, words=frozenset({"invalid_notification_id"}))
    odd = notify(trial, access, record, {**content, "event": "credential_eaten"}, "with an unknown event")
    refused(record, odd, EVENT, words=frozenset({"invalid_notification_request"}))


def several(trial: Trial, record: Record) -> None:
    """Obtain two credentials of one configuration out of one offer."""
    given = trial.take(Want.SEVERAL)
    if given is None:
        raise Lacking(f"no offer: {Want.SEVERAL}")
    access = trial.redeem(given, record)
    found = [(name, each) for name, each in access.identifiers.items() if len(each) > 1]
    record.require(SEVERAL, bool(found) and len(set(found[0][1])) > 1, "there are not", access.answer)
    configuration_id, identifiers = found[0]
    datasets = []
    last: Answer | None = None
    for identifier in identifiers[:2]:
        order = Order(configuration_id=configuration_id, keys=(trial.kit.new_key(),), identifier=identifier)
        delivered = trial.deliver(access, order, record)
        last = delivered.answer
        datasets += [take_apart(each).dataset for each in delivered.credentials]
    record.judge(
        EACH, len(datasets) == 2 and datasets[0] != datasets[1], "they are the same, or one is missing", last
    )


def by_attestation(trial: Trial, record: Record) -> None:
    """Prove keys by the word of the wallet provider alone."""
    access, _, _ = trial.sample(record)
    access = trial.access(record)
    count = min(2, trial.issuer(record).batch_size)
    order = trial.order(access, count, kind="attestation", note="by the proof type attestation")
    if "attestation" not in proof_types(trial.issuer(record).configurations.get(order.configuration_id, {})):
        record.not_applicable(BY_ATTESTATION, "the configuration does not take it")
        return
    got = trial.deliver(access, order, record)
    bound = {take_apart(each).bound_to for each in got.credentials}
    record.judge(
        BY_ATTESTATION, bound == {each.kid for each in order.keys}, "keys and credentials differ", got.answer
    )


MODULES: Final = (
    Module(f"{OWN}deferred-issuance", "What is not ready yet", deferred),
    Module(f"{OWN}notifications", "Notifications", notifications),
    Module(f"{OWN}several-credentials", "Several credentials of one offer", several),
    Module(f"{OWN}attestation-proof-type", BY_ATTESTATION.title, by_attestation),
)
