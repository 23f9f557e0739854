"""What is refused before or behind the portal's own routes, as a page: too large, not there, our fault.

The parts around every role answer with problem documents. A browser at the portal gets the same as a page.
"""

from typing import Any, Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portadoc.formats import strict_json
from portadoc.portal.pages.case_view import ATTACHMENTS_PATH
from portadoc.portal.pages.rendering import reader_of, stopped, wants_page
from portadoc.web.problem import MEDIA_TYPE

_PORTAL: Final = "/portal/"
_APART: Final = ("/portal/api/", "/portal/token")
_KEPT: Final = (b"connection", b"retry-after", b"allow")
_MAX_BYTES: Final = 64 * 1024


class RefusalsAsPages:
    """Turn a problem document into a page where a browser asked the portal; everything else passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_for_pages(scope):
            await self._app(scope, receive, send)
            return
        held: list[Message] = []
        body = bytearray()

        async def send_as_page(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_problem(message):
                held.append(message)
                return
            if not held:
                await send(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                await _page(scope, held[0], bytes(body), receive, send)

        await self._app(scope, receive, send_as_page)


def _is_for_pages(scope: Scope) -> bool:
    path = scope["path"]
    return path.startswith(_PORTAL) and not path.startswith(_APART) and wants_page(Request(scope))


def _is_problem(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(MEDIA_TYPE.encode())
        for name, value in message["headers"]
    )


async def _page(scope: Scope, start: Message, body: bytes, receive: Receive, send: Send) -> None:
    problem: dict[str, Any] = strict_json.loads_object(body, what="problem", max_bytes=_MAX_BYTES)
    path = scope["path"]
    back = path if scope["method"] == "POST" and path.startswith(ATTACHMENTS_PATH) else ""
    reader = reader_of(Request(scope))
    response = stopped(problem["code"], problem["params"], reader, status=start["status"], back=back)
    for name, value in start["headers"]:
        if name.lower() in _KEPT:
            response.headers[name.decode("latin-1")] = value.decode("latin-1")
    await response(scope, receive, send)
