"""Security headers on every answer, strict for an interface and just wide enough for a page."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portadoc.web.loopback import stands_on_own_network

API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": API_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
CAMERA_PERMISSIONS: Final = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"
"""For pages that read codes with the device's camera; every other page must not ask for it."""
PAGE_HEADERS: Final[Mapping[str, str]] = {"Content-Security-Policy": PAGE_POLICY}
TRANSPORT_SECURITY: Final = "max-age=31536000; includeSubDomains"


class SecurityHeaders:
    """Add what an answer does not say itself: a page sets ``PAGE_HEADERS``, a list its own Cache-Control."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                # RFC 6797 §7.2: never over plain HTTP; and no promise for localhost, which others use too
                if scope["scheme"] == "https" and not stands_on_own_network(scope):
                    headers.setdefault("Strict-Transport-Security", TRANSPORT_SECURITY)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
