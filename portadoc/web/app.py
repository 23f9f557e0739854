"""Put the shared parts around a FastAPI application, each in its place."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portadoc.errors import Error, Malformed, Misconfigured
from portadoc.randomness import RandomBytes, system_random_bytes
from portadoc.web.headers import SecurityHeaders
from portadoc.web.limits import RequestLimits
from portadoc.web.logs import AccessLog, note_refusal
from portadoc.web.problem import explain_problem, language_of, problem, refuse, refuse_http, refuse_invalid

_INCIDENT_BYTES: Final = 8
_incidents = logging.getLogger("portadoc.incident")


def install_problems(app: FastAPI, *, random_bytes: RandomBytes = system_random_bytes) -> None:
    """Make ``app``, mounted or not, answer every error with a problem document."""
    app.add_exception_handler(Error, refuse)
    app.add_exception_handler(RequestValidationError, refuse_invalid)
    app.add_exception_handler(HTTPException, refuse_http)
    app.add_middleware(IncidentBoundary, random_bytes=random_bytes)


def protect(app: FastAPI, *, body_bytes_by_path: Mapping[str, int] | None = None) -> None:
    """Give the outermost application its limits, headers and access log, and the pages that explain the codes.

    Call it last: what is added later lies outside of what is added before.
    """
    app.router.redirect_slashes = False  # such a redirect would repeat the Host header of the request
    app.add_api_route("/problems/{code}", explain_problem, include_in_schema=False)
    app.add_middleware(RequestLimits, body_bytes_by_path=body_bytes_by_path)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(AccessLog)
    app.add_middleware(HeadAsGet)


@contextmanager
def incidents_noted(*, random_bytes: RandomBytes = system_random_bytes) -> Iterator[None]:
    """Log an exception that nobody foresaw and go on: for work in the background, which no request waits for."""
    try:
        yield
    except Exception as exc:  # noqa: BLE001  the outer edge: otherwise the work would end here, for good and unseen
        _note(exc, random_bytes)


def _note(exc: Exception, random_bytes: RandomBytes) -> str:
    incident = random_bytes(_INCIDENT_BYTES).hex()
    _incidents.error("incident %s", incident, exc_info=exc)
    return incident


class IncidentBoundary:
    """Turn an exception that nobody foresaw, or a fault of the operator, into a 500 that tells only a number.

    The log gets the same number and the name of the class: the text of a foreign exception may hold personal data.
    """

    def __init__(self, app: ASGIApp, *, random_bytes: RandomBytes) -> None:
        self._app = app
        self._random_bytes = random_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except ClientDisconnect:
            if not started:  # somebody may still listen: a server also calls a body in broken chunks a disconnect
                incomplete = Malformed("request_incomplete")
                note_refusal(scope, incomplete)
                await problem(incomplete, language_of(scope))(scope, receive, send)
        except Exception as exc:  # noqa: BLE001  the outer edge: the server would log the text of the exception
            incident = _note(exc, self._random_bytes)
            if not started:
                error = Misconfigured("internal_error", incident=incident)
                note_refusal(scope, error)
                await problem(error, language_of(scope))(scope, receive, send)


class HeadAsGet:
    """Let the application answer a GET in place of a HEAD, and send all of it but the body; logs then say GET.

    The framework's routes know no other methods than they name. Spec: RFC 9110 §9.1, §9.3.2.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)
