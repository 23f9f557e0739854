"""An answer to a request: opened with the request's own key, bound to its session, judged, and stored once.

Until the answer has been opened and carries the session's state, anybody may have sent it and the request stays
open. From there on it is the one answer: whatever is found in it, good or bad, is the final result.
Spec: OpenID4VP 1.0 §8.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Conflict, Error, Malformed, Refused, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.jwe import ENCRYPTIONS, decrypt
from portadoc.formats.openid4vp.digital_credentials import read_browser_answer
from portadoc.formats.receipt import Receipt
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import read_message
from portadoc.schemas.openid4vp import AuthorizationResponse, DirectPost
from portadoc.storage.installation import digest
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.presentations import Judgement, judge_answer
from portadoc.verifier.receipts import sign_receipt
from portadoc.verifier.requests import Channel, VerificationRequest
from portadoc.verifier.results import Result, refused
from portadoc.verifier.status.status_lists import StatusLists
from portadoc.verifier.store import request_store

MAX_DESCRIPTION_CHARS: Final = 200
_log = logging.getLogger("portadoc.verifier")
_ERROR_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9 .,:;()_/-]")


@dataclass(frozen=True, slots=True)
class Received:
    """What the wallet is told: where to send the holder on, or why the answer is refused."""

    result: Result
    redirect_uri: str | None


def receive_posted(
    deployment: Deployment, status_lists: StatusLists, slug: str, request_id: str, form: Mapping[str, str]
) -> Received:
    """Judge what was posted to the response address and store the result, once.

    ``form`` is the unverified body. Raises Refused[request_unknown], Conflict[request_answered],
    Conflict[request_expired], Malformed[message_invalid], Refused[response_not_encrypted],
    Refused[response_mode_mismatch], Untrusted[encryption_invalid], Malformed[json_malformed],
    Malformed[limit_exceeded], Untrusted[state_mismatch]: then the request stays as it was.
    Spec: OpenID4VP 1.0 §8.2, §8.3.
    """
    now = deployment.clock.now()
    # 1. the request, which takes an answer at this address while it is open
    request = find_request(deployment, slug, request_id)
    if not request.response_mode.is_posted:
        raise Refused("request_unknown")
    request.require_open(now)
    # 2. what was posted: an answer in the form that was asked for, or an error
    posted = read_message(DirectPost, form)
    # 3. opened
    payload: JsonObject = {
        "error": posted.error,
        "error_description": posted.error_description,
        "state": posted.state,
    }
    if posted.response is not None:
        payload = _decrypted(deployment, request, posted.response)
    elif posted.vp_token is not None:
        payload = {"vp_token": _in_clear(deployment, request, posted.vp_token), "state": posted.state}
    # 4. bound to this session
    if payload.get("state") != request.state:
        raise Untrusted("state_mismatch", spec="OpenID4VP 1.0 §8.1")
    # 5. judged, and stored as the one result
    return _take(deployment, status_lists, request, payload, now)


def receive_from_browser(
    deployment: Deployment, status_lists: StatusLists, request: VerificationRequest, answer: JsonObject
) -> Received:
    """Judge what ``navigator.credentials.get`` gave the page that asked, and store the result, once.

    ``answer`` is the unverified member ``data``. That it comes from the page's own browser session is for the
    caller to prove: it stands in place of ``state``. Raises Malformed[browser_answer_invalid] and as
    ``receive_posted``. Spec: OpenID4VP 1.0 Appendix A.4.
    """
    now = deployment.clock.now()
    request.require_open(now)
    read = read_browser_answer(answer, encrypted=request.response_mode.is_encrypted)
    payload = read.to_json() if read.response is None else _decrypted(deployment, request, read.response)
    return _take(deployment, status_lists, request, payload, now)


def find_request(deployment: Deployment, slug: str, request_id: str) -> VerificationRequest:
    """Return a request of an institution. Raises Refused[not_found], Refused[request_unknown]."""
    deployment.institution(slug)
    with deployment.database.read() as connection:
        request = request_store.find_request(connection, slug, request_id)
    if request is None:
        raise Refused("request_unknown")
    return request


def _decrypted(deployment: Deployment, request: VerificationRequest, unverified_jwe: str) -> JsonObject:
    """Open an answer with the key of its request. Spec: OpenID4VP 1.0 §8.3."""
    if request.encryption_key is None:
        raise Refused("response_mode_mismatch", spec="OpenID4VP 1.0 §8.2")
    limit = deployment.settings.max_response_bytes
    opened = decrypt(
        unverified_jwe, request.encryption_key, allowed_enc=frozenset(ENCRYPTIONS), max_plaintext=limit
    )
    return strict_json.loads_object(opened, what="response", max_bytes=limit)


def _in_clear(deployment: Deployment, request: VerificationRequest, unverified_token: str) -> Json:
    """Read an answer that was asked for in clear: its ``vp_token`` is JSON text. Spec: OpenID4VP 1.0 §8.2."""
    if request.response_mode.is_encrypted:
        raise Refused("response_not_encrypted", spec="OpenID4VP 1.0 §8.3")
    limit = deployment.settings.max_response_bytes
    return strict_json.loads(unverified_token, what="vp_token", max_bytes=limit)


def _take(
    deployment: Deployment, status_lists: StatusLists, request: VerificationRequest, payload: JsonObject, now: int
) -> Received:
    judgement = _judge(deployment, status_lists, request, payload, now)
    received = _store_once(deployment, request, judgement.result, now)
    if judgement.receipt is not None:
        try:
            _add_receipt(deployment, request, judgement.receipt)
        except Error as error:  # the answer is taken and stored: the wallet has to hear that, receipt or not
            _log.error("no receipt for request %s: %s", request.request_id[:8], error)
    return received


def _judge(
    deployment: Deployment, status_lists: StatusLists, request: VerificationRequest, payload: JsonObject, now: int
) -> Judgement:
    try:
        answer = read_message(AuthorizationResponse, payload)
    except Malformed as error:
        return Judgement(refused(error))
    if answer.vp_token is None:
        said = _shown_description(answer.error_description)
        return Judgement(Result(wallet_error=_error_name(answer.error), wallet_error_description=said))
    return judge_answer(deployment, status_lists, request, answer.vp_token, now=now)


def _store_once(deployment: Deployment, request: VerificationRequest, result: Result, now: int) -> Received:
    """Close the request and keep its result in one transaction; only the first answer gets that far."""
    redirect_uri, code_digest = _way_on(deployment, request, result)
    with deployment.database.transaction() as connection:
        if not request_store.close_answered(connection, request, response_code_digest=code_digest, now=now):
            raise Conflict("request_answered", spec="OpenID4VP 1.0 §14.1")
        request_store.insert_result(connection, request, body=result.to_text(), now=now)
        deployment.tell(
            connection,
            EventKind.PRESENTATION_VERIFIED if result.accepted else EventKind.PRESENTATION_RECEIVED,
            request.institution,
            request.request_id,
            preset=request.terms.preset_id,
            accepted=result.accepted,
            code=result.problem.full_code if result.problem else None,
        )
    return Received(result, redirect_uri)


def _add_receipt(deployment: Deployment, request: VerificationRequest, receipt: Receipt) -> None:
    """Sign the receipt of a result that is stored: no signature without a record."""
    signed = sign_receipt(deployment, request.institution, receipt)
    with deployment.database.transaction() as connection:
        request_store.add_receipt(connection, request, signed)


def _way_on(deployment: Deployment, request: VerificationRequest, result: Result) -> tuple[str | None, str | None]:
    """Return where the wallet sends the holder on, and the digest of the code that proves the way there.

    In the same browser it leads back to who asked, otherwise to the holder's receipt. A refused answer leads
    nowhere, nor does one that the browser's own interface has carried. Spec: OpenID4VP 1.0 §8.2, §13.3, §14.2.
    """
    if not result.kept or request.channel is Channel.BROWSER:
        return None, None
    place = request.return_uri or deployment.receipt_uri(request.institution, request.request_id)
    code = deployment.new_secret()
    mark = "&" if "?" in place else "?"
    return f"{place}{mark}response_code={code}", digest(code)


def _error_name(error: str | None) -> str:
    """Return an error name fit to be stored and shown. Spec: OpenID4VP 1.0 §8.5, RFC 6749 §4.1.2.1."""
    return error if error is not None and _ERROR_NAME.fullmatch(error) else "unreadable_error"


def _shown_description(unverified: str | None) -> str:
    """Return what the wallet says about its error, cut short and without any character that markup could use."""
    return _NOT_PLAIN.sub("?", (unverified or "")[:MAX_DESCRIPTION_CHARS])
