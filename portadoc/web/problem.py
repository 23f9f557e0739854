"""Problem documents: every refusal over HTTP has one form, one code and one piece of advice.

A document carries what the error tree carries: code, clause and params. Nothing of the request is repeated in it.
Spec: RFC 9457.
"""

from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import Scope

from portadoc.errors import Conflict, Error, Malformed, Misconfigured, Refused, Unavailable, Untrusted
from portadoc.i18n import catalogue, render
from portadoc.web.language import preferred_language
from portadoc.web.logs import note_refusal

MEDIA_TYPE: Final = "application/problem+json"
_MAX_FAULTS: Final = 20
_MAX_POINTER_PART: Final = 64

_STATUS_AND_TITLE: Final[tuple[tuple[type[Error], int, str], ...]] = (
    (Malformed, 400, "problem_malformed"),
    (Untrusted, 400, "problem_untrusted"),
    (Refused, 403, "problem_refused"),
    (Conflict, 409, "problem_conflict"),
    (Unavailable, 503, "problem_unavailable"),
    (Misconfigured, 500, "problem_misconfigured"),
)
_STATUS_BY_CODE: Final = {
    "not_found": 404,
    "method_not_allowed": 405,
    "limit_exceeded": 413,
    "content_type_unsupported": 415,
    "request_invalid": 422,
    "headers_too_large": 431,
    "device_unknown": 401,
    "dossier_unknown": 404,
    "device_throttled": 429,
    "pairing_throttled": 429,
    "status_history_unsupported": 501,
    "login_refused": 401,
    "session_missing": 401,
    "portal_token_refused": 401,
    "identifiers_throttled": 429,
    "requests_throttled": 429,
    "attachment_type_unsupported": 415,
    "attachment_refused": 422,
}
_CODE_BY_STATUS: Final = {404: "not_found", 405: "method_not_allowed"}


def status_of(error: Error) -> int:
    """Return the HTTP status of an error: by its code where HTTP has a word for it, else by its family."""
    by_family, _ = _status_and_title(error)
    return _STATUS_BY_CODE.get(error.code, by_family)


def problem(error: Error, language: str, *, status: int | None = None, **members: Any) -> Response:
    """Return the problem document of an error; ``members`` are added to it."""
    status = status or status_of(error)
    _, title = _status_and_title(error)
    message = render(error.code, error.params, language)
    document: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": render(title, {}, language).text,
        "status": status,
        "detail": message.text,
        "action": message.action,
        "code": error.code,
        "params": dict(error.params),
        **members,
    }
    if error.spec:
        document["clause"] = error.spec
    headers = {"Content-Language": language}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after_s)
    return JSONResponse(document, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def explain_problem(code: str, request: Request) -> Response:
    """Answer the address in ``type`` with the sentence and the advice for a code, in plain text."""
    language = language_of(request.scope)
    if code not in catalogue(language):
        return problem(Refused("not_found"), language)
    message = render(code, {}, language)
    text = f"{code}\n\n{message.text}\n{message.action}\n"
    return PlainTextResponse(text, headers={"Content-Language": language})


def refuse(request: Request, error: Exception) -> Response:
    """Answer an error of our own tree. A fault of the operator goes on to the incident boundary instead."""
    assert isinstance(error, Error)
    if isinstance(error, Misconfigured):
        raise error
    return _refused(request, error)


def refuse_invalid(request: Request, error: Exception) -> Response:
    """Answer a request that does not fit its model: where and which rule, never what stood there."""
    assert isinstance(error, RequestValidationError)
    faults = [{"pointer": _pointer(fault["loc"]), "rule": fault["type"]} for fault in error.errors()[:_MAX_FAULTS]]
    return _refused(request, Malformed("request_invalid"), faults=faults)


def refuse_http(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses by itself: no such path, method not allowed."""
    assert isinstance(error, HTTPException)
    code = _CODE_BY_STATUS.get(error.status_code)
    refusal = Refused("http_refused", status=error.status_code) if code is None else Refused(code)
    response = _refused(request, refusal, status=error.status_code)
    response.headers.update(error.headers or {})
    return response


def _refused(request: Request, error: Error, **members: Any) -> Response:
    note_refusal(request.scope, error)
    return problem(error, language_of(request.scope), **members)


def language_of(scope: Scope) -> str:
    """Return the language that the request asks for."""
    wishes = (value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language")
    return preferred_language(next(wishes, None))


def _status_and_title(error: Error) -> tuple[int, str]:
    return next((status, title) for family, status, title in _STATUS_AND_TITLE if isinstance(error, family))


def _pointer(location: tuple[str | int, ...]) -> str:
    """Return a JSON Pointer (RFC 6901); its first part says where: body, query, path, header."""
    escaped = (str(part)[:_MAX_POINTER_PART].replace("~", "~0").replace("/", "~1") for part in location)
    return "".join(f"/{part}" for part in escaped)
