"""An answer to a request: opened with the request's own key, bound to its session, judged, and stored once.

Until the answer has been opened and carries the session's state, anybody may have sent it and the request stays
open. From there on it is the one answer: whatever is found in it, good or bad, is the final result.
Spec: OpenID4VP 1.0 §8.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Conflict, Malformed, Refused, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.jwe import ENCRYPTIONS, decrypt
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import read_message
from portadoc.schemas.openid4vp import AuthorizationResponse, DirectPost
from portadoc.storage.installation import digest
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.presentations import judge_answer
from portadoc.verifier.requests import VerificationRequest
from portadoc.verifier.results import Result, refused
from portadoc.verifier.status.status_lists import StatusLists
from portadoc.verifier.store import request_store

_ERROR_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Received:
    """What the wallet is told: where to send the holder on, or why the answer is refused."""

    result: Result
    redirect_uri: str | None


def receive_response(
    deployment: Deployment, status_lists: StatusLists, slug: str, request_id: str, form: Mapping[str, str]
) -> Received:
    """Judge the answer to a request and store its result, once.

    ``form`` is the unverified body. Raises Refused[request_unknown], Conflict[request_answered],
    Conflict[request_expired], Malformed[message_invalid], Refused[response_not_encrypted],
    Untrusted[encryption_invalid], Malformed[json_malformed], Malformed[limit_exceeded], Untrusted[state_mismatch]:
    then the request stays as it was. Spec: OpenID4VP 1.0 §8.2, §8.3.
    """
    now = deployment.clock.now()
    # 1. the request, which takes an answer while it is open
    request = find_request(deployment, slug, request_id)
    key = request.require_open(now)
    # 2. what was posted: an encrypted response, or an error in clear
    posted = read_message(DirectPost, form)
    if posted.vp_token is not None:
        raise Refused("response_not_encrypted", spec="OpenID4VP 1.0 §8.3")
    # 3. opened with the key of this request
    payload: JsonObject = {"error": posted.error, "state": posted.state}
    if posted.response is not None:
        limit = deployment.settings.max_response_bytes
        opened = decrypt(posted.response, key, allowed_enc=frozenset(ENCRYPTIONS), max_plaintext=limit)
        payload = strict_json.loads_object(opened, what="response", max_bytes=limit)
    # 4. bound to this session
    if payload.get("state") != request.state:
        raise Untrusted("state_mismatch", spec="OpenID4VP 1.0 §8.1")
    # 5. judged, and stored as the one result
    result = _judge(deployment, status_lists, request, payload, now)
    return _store_once(deployment, request, result, now)


def find_request(deployment: Deployment, slug: str, request_id: str) -> VerificationRequest:
    """Return a request of an institution. Raises Refused[not_found], Refused[request_unknown]."""
    deployment.institution(slug)
    with deployment.database.read() as connection:
        request = request_store.find_request(connection, slug, request_id)
    if request is None:
        raise Refused("request_unknown")
    return request


def _judge(
    deployment: Deployment, status_lists: StatusLists, request: VerificationRequest, payload: JsonObject, now: int
) -> Result:
    try:
        answer = read_message(AuthorizationResponse, payload)
    except Malformed as error:
        return refused(error)
    if answer.vp_token is None:
        return Result(wallet_error=_error_name(answer.error))
    return judge_answer(deployment, status_lists, request, answer.vp_token, now=now)


def _store_once(deployment: Deployment, request: VerificationRequest, result: Result, now: int) -> Received:
    """Close the request and keep its result in one transaction; only the first answer gets that far."""
    redirect_uri, code_digest = _return_way(deployment, request, result)
    with deployment.database.transaction() as connection:
        if not request_store.close_answered(connection, request, response_code_digest=code_digest, now=now):
            raise Conflict("request_answered", spec="OpenID4VP 1.0 §14.1")
        request_store.insert_result(connection, request, body=result.to_text(), now=now)
        deployment.tell(
            connection,
            EventKind.PRESENTATION_VERIFIED if result.accepted else EventKind.PRESENTATION_RECEIVED,
            request.institution,
            request.request_id,
            preset=request.terms.preset.id,
            accepted=result.accepted,
            code=result.problem.full_code if result.problem else None,
        )
    return Received(result, redirect_uri)


def _return_way(
    deployment: Deployment, request: VerificationRequest, result: Result
) -> tuple[str | None, str | None]:
    """Return where the wallet sends the holder on, and the digest of the code that proves the way back.

    A refused answer has no way back. Spec: OpenID4VP 1.0 §8.2, §13.3, §14.2.
    """
    if request.return_uri is None or not result.accepted:
        return None, None
    code = deployment.new_secret()
    mark = "&" if "?" in request.return_uri else "?"
    return f"{request.return_uri}{mark}response_code={code}", digest(code)


def _error_name(error: str | None) -> str:
    """Return an error name fit to be stored and shown. Spec: OpenID4VP 1.0 §8.5, RFC 6749 §4.1.2.1."""
    return error if error is not None and _ERROR_NAME.fullmatch(error) else "unreadable_error"
