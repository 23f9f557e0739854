"""Bounds on what a request may bring, enforced before any of it is read into a document."""

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portadoc.errors import Malformed
from portadoc.web.language import preferred_language
from portadoc.web.logs import note_refusal
from portadoc.web.problem import problem

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_HEAD_BYTES: Final = 16 * 1024


class RequestLimits:
    """Answer 413 to a body and 431 to a head beyond their bounds, whether or not the length was announced.

    ``body_bytes_by_path`` maps the beginning of a path to another bound; the longest one that fits counts.
    """

    def __init__(self, app: ASGIApp, *, body_bytes_by_path: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._by_path = dict(body_bytes_by_path or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._body_limit(scope["path"])
        if _head_bytes(scope) > MAX_HEAD_BYTES:
            await _refuse(Malformed("headers_too_large", limit=MAX_HEAD_BYTES), scope, receive, send)
        elif _announced_bytes(scope) > limit:
            await _refuse(_too_large(limit), scope, receive, send)
        else:
            await self._counted(scope, receive, send, limit)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        received = 0
        started = False

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        async def send_unless_exceeded(message: Message) -> None:
            nonlocal started
            if received <= limit or started:
                started = True
                await send(message)

        try:
            await self._app(scope, receive_counted, send_unless_exceeded)
        except Malformed:
            if received <= limit:
                raise
        # An application may have made something else of the refusal; the answer is this one all the same.
        if received > limit and not started:
            await _refuse(_too_large(limit), scope, receive, send)

    def _body_limit(self, path: str) -> int:
        fitting = [beginning for beginning in self._by_path if path.startswith(beginning)]
        return self._by_path[max(fitting, key=len)] if fitting else MAX_BODY_BYTES


def _too_large(limit: int) -> Malformed:
    return Malformed("limit_exceeded", what="body", limit=limit)


def _head_bytes(scope: Scope) -> int:
    target = len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"])
    return target + sum(len(name) + len(value) + 4 for name, value in scope["headers"])


def _announced_bytes(scope: Scope) -> int:
    """Return the greatest announced length; 0 when none is (the bytes are counted as they come)."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length" and value.isdigit()]
    return max((int(length[:19]) for length in lengths), default=0)


async def _refuse(error: Malformed, scope: Scope, receive: Receive, send: Send) -> None:
    note_refusal(scope, error)
    wishes = (value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language")
    response = problem(error, preferred_language(next(wishes, None)))
    response.headers["Connection"] = "close"  # what is left of the body must not be read as the next request
    await response(scope, receive, send)
