"""How an endpoint has to refuse: with the word, the status and the form that the specifications lay down."""

from collections.abc import Collection
from typing import Final

from portadoc.conformance.checks import Check, Record, Severity
from portadoc.conformance.wire import JSON_TYPE, Answer

STATUS: Final = Check(
    "error-status",
    "OpenID4VCI 1.0 §8.3.1, RFC 6749 §5.2",
    "A refusal has the HTTP status that goes with it",
    "The server answers an error of the protocol with the status of something else.",
    "Answer 400, or 401 for what client or token are to blame for.",
)
MEDIA_TYPE: Final = Check(
    "error-media-type",
    "OpenID4VCI 1.0 §8.3.1.2, RFC 6749 §5.2",
    "A refusal is application/json, and never encrypted",
    "A gateway or framework answers in the protocol's place.",
    "Send the error object with content-type application/json.",
)
MEMBERS: Final = Check(
    "error-members",
    "OpenID4VCI 1.0 §8.3.1.2, RFC 6749 §5.2",
    "A refusal has the members error, error_description and error_uri at most",
    "The answer follows an earlier draft (c_nonce) or another protocol.",
    "Leave out every other member.",
    Severity.WARN,
)
NO_STORE: Final = Check(
    "error-no-store",
    "OpenID4VCI 1.0 §8.3.1.2, RFC 6749 §5.2",
    "A refusal is not kept by caches",
    "Cache-Control is set for successful answers only.",
    "Send Cache-Control: no-store with every answer of the endpoint.",
    Severity.WARN,
)
CHALLENGE: Final = Check(
    "www-authenticate",
    "RFC 6750 §3, RFC 9449 §7.1",
    "A refused token or DPoP proof is answered with WWW-Authenticate",
    "The error stands in the body only.",
    "Send WWW-Authenticate with the scheme and the error.",
)
_KNOWN: Final = frozenset({"error", "error_description", "error_uri"})
CLIENT_OR_REQUEST: Final = frozenset({400, 401})
REQUEST: Final = frozenset({400})
TOKEN: Final = frozenset({401})


def refused(
    record: Record,
    answer: Answer,
    check: Check,
    *,
    words: Collection[str],
    statuses: Collection[int] = REQUEST,
) -> bool:
    """Judge a refusal; return whether there was one. ``words`` are the error codes of which one is due."""
    due = " or ".join(sorted(words))
    if answer.ok:
        return record.judge(check, False, f"the request was accepted; {due} is due", answer)
    record.judge(check, answer.error in words, f"{answer.error or 'no error code'} came; {due} is due", answer)
    if answer.failure:
        return False
    wanted = ", ".join(map(str, sorted(statuses)))
    record.judge(STATUS, answer.status in statuses, f"{answer.status} came; {wanted} is due", answer)
    judge_form(record, answer)
    return True


def judge_form(record: Record, answer: Answer) -> None:
    """Judge the form of a refusal; one by WWW-Authenticate alone has no body to judge."""
    by_header = bool(answer.headers.get("www-authenticate"))
    if by_header and not answer.body:
        return
    came = answer.content_type[:64] or "none"
    record.judge(MEDIA_TYPE, answer.content_type == JSON_TYPE, f"the media type is {came}", answer)
    unknown = sorted(set(answer.json or {}) - _KNOWN)
    named = ", ".join(each[:32] for each in unknown[:8])
    record.judge(MEMBERS, answer.json is not None and not unknown, f"members: {named or 'no JSON object'}", answer)
    record.judge(NO_STORE, answer.uncached, "Cache-Control: no-store is missing", answer)
