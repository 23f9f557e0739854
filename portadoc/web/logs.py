"""Logs for the operator: one line an entry, no header, body, query string or foreign exception text in it."""

import logging
import re
import sys
import time
import traceback
from types import TracebackType
from typing import Final, TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portadoc.errors import Error

_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\u00a0-\u024f]")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_REFUSAL: Final = "portadoc.refusal"
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_access = logging.getLogger("portadoc.access")


class OneLineFormatter(logging.Formatter):
    """Write one line an entry: control and direction characters are escaped, so no value can forge a line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return escape(super().format(record))

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802  the standard library's name
        """Tell class and places. The text only of our own errors: a foreign one may hold what the request held."""
        kind, raised, trace = ei
        places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(traceback.extract_tb(trace)))
        text = f" {raised}" if isinstance(raised, Error) else ""
        return f"{'' if kind is None else kind.__qualname__}{text} at {places}"

    def formatStack(self, stack_info: str) -> str:  # noqa: N802  the standard library's name
        return ""


class Channel(logging.StreamHandler[TextIO]):
    """Lose an entry that cannot be written: the usual report of such a failure repeats the entry's arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the standard library's name
        return


def escape(text: str) -> str:
    r"""Return the text with everything that is not plainly printable as ``\xNN`` or ``\uNNNN``."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def set_up_logging(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send every log of the process to ``stream`` (standard error) through the one-line formatter."""
    channel = Channel(stream or sys.stderr)
    channel.setFormatter(OneLineFormatter())
    logging.basicConfig(level=level, handlers=[channel], force=True)
    logging.captureWarnings(True)


class AccessLog:
    """Log method, path template, status and milliseconds of each request, and the code of a refusal.

    The template (``/issuer/{slug}/offers/{offer_id}``) stands for the path because paths carry identifiers that
    open something; a request that matched no route is logged as ``-``, and so is a method that HTTP does not know:
    whoever sends it may write anything there. Codes are words of ours (``docs/reference-codes.md``).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        began = time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            spent_ms = (time.perf_counter() - began) * 1000
            method = scope["method"] if scope["method"] in _METHODS else "-"
            code = f" {scope[_REFUSAL]}" if _REFUSAL in scope else ""
            _access.info("%s %s %d %.1f ms%s", method, path_template(scope), status, spent_ms, code)


def note_refusal(scope: Scope, error: Error) -> None:
    """Let the access log tell the code of the error with which a request is answered, without its values."""
    scope[_REFUSAL] = error.code


def path_template(scope: Scope) -> str:
    """Return the template of the route that took the request: of the mount alone inside a mount without routes."""
    return scope.get("root_path", "") + getattr(scope.get("route"), "path", "") or "-"
