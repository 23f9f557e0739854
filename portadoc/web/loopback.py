"""Management from this machine only, until access rules exist."""

import ipaddress
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from portadoc.errors import Refused
from portadoc.fetch import is_loopback_host

_LOOPBACK_AUTHORITY: Final = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.ASCII)
_FORWARDING: Final = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"}
)

_OLD_HTTP: Final = frozenset({"1.0", "1"})
"""How servers call HTTP/1.0."""


_OWN_NETWORK: Final = "portadoc.own_network"


class OwnNetwork:
    """Mark every request as taken by a server that stands on the local network itself, with no proxy before it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, _OWN_NETWORK: True}, receive, send)


def stands_on_own_network(scope: Scope) -> bool:
    """Tell whether ``OwnNetwork`` took the request."""
    return scope.get(_OWN_NETWORK) is True


def loopback_only(origin: str) -> Callable[[Request], None]:
    """Return the guard of routes for this machine only; where the public ``origin`` is another, nobody gets in.

    There a proxy stands before us. When it runs on this machine, what it passes on can be free of any trace.
    A server on the local network (``OwnNetwork``) has none, and takes this machine's own requests on loopback.
    """
    return require_loopback if is_loopback_host(urlsplit(origin).hostname or "") else _require_no_proxy


def _require_no_proxy(request: Request) -> None:
    if not stands_on_own_network(request.scope):
        raise _refusal("origin")
    require_loopback(request)


def require_loopback(request: Request) -> None:
    """Let through a request that began on this machine, addressed to it by a loopback name.

    A proxy on this machine also connects from loopback, so a trace of forwarding refuses too; the Host header
    defeats a foreign name that was made to resolve to this machine, and the last check a foreign page open here.
    HTTP/1.0 is spoken by no tool of today but by some proxies.
    Raises: Refused[management_loopback_only] with a reason: peer, forwarded, host, cross_site.
    """
    if request.client is None or not _is_loopback(request.client.host):
        raise _refusal("peer")
    traces = (name in _FORWARDING or name.startswith("x-forwarded") for name in request.headers)
    if any(traces) or request.scope.get("http_version") in _OLD_HTTP:
        raise _refusal("forwarded")
    hosts = request.headers.getlist("host")
    if len(hosts) != 1 or not _LOOPBACK_AUTHORITY.fullmatch(hosts[0].lower()):
        raise _refusal("host")
    if not _started_here(request, hosts[0].lower()):
        raise _refusal("cross_site")


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _started_here(request: Request, host: str) -> bool:
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    return site in ("same-origin", "none") and origin in (None, f"http://{host}", f"https://{host}")


def _refusal(reason: str) -> Refused:
    return Refused("management_loopback_only", reason=reason)
