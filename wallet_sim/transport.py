"""How the wallet speaks HTTP: one seam, spoken either inside this process (ASGI) or over the network.

A transport never follows redirects and never retries; both are decisions of the protocol step that calls it.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlencode, urlsplit

from portadoc.errors import Malformed, Refused, Unavailable
from portadoc.fetch import PinnedFetch, UnsafeLoopbackFetch

MAX_RESPONSE_BYTES: Final = 1_000_000
TIMEOUT_S: Final = 10.0
FORM_TYPE: Final = "application/x-www-form-urlencoded"

AsgiMessage = MutableMapping[str, Any]
AsgiApp = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[AsgiMessage]], Callable[[AsgiMessage], Awaitable[None]]],
    Awaitable[None],
]


@dataclass(frozen=True, slots=True)
class TransportResponse:
    """What came back, unverified: ``headers`` has lower-case names, repeated ones joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type in lower case without its parameters, or an empty text."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as UTF-8 text, broken sequences replaced: whoever parses it refuses those."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON, read leniently: for tests. The wallet itself reads with formats.strict_json."""
        return json.loads(self.body)


class Transport(Protocol):
    """Carry one HTTP request and return its response, whatever its status.

    ``loopback_origins`` are the plain-HTTP origins on this machine that it admits; all else has to be HTTPS.
    """

    @property
    def loopback_origins(self) -> frozenset[str]: ...

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_bytes: int = MAX_RESPONSE_BYTES,
    ) -> TransportResponse: ...

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> TransportResponse:
        """GET ``url``."""
        return self.request("GET", url, headers=headers)

    def post_form(
        self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> TransportResponse:
        """POST ``form`` as application/x-www-form-urlencoded."""
        sent = {"content-type": FORM_TYPE, **(headers or {})}
        return self.request("POST", url, headers=sent, body=urlencode(form).encode())

    def post_json(self, url: str, value: object, *, headers: Mapping[str, str] | None = None) -> TransportResponse:
        """POST ``value`` as application/json."""
        sent = {"content-type": "application/json", **(headers or {})}
        return self.request("POST", url, headers=sent, body=json.dumps(value).encode())


class AsgiTransport(Transport):
    """Call an ASGI application inside this process: no socket, no thread of its own, one event loop per call.

    ``base_url`` is the one origin it answers for; a URL that is only a path is taken under it. ``client_host`` is
    the peer address that the application sees. An exception of the application comes out of the call unchanged.
    """

    def __init__(self, app: AsgiApp, base_url: str, *, client_host: str = "127.0.0.1") -> None:
        self._app = app
        self._base_url = base_url.rstrip("/")
        self._client_host = client_host

    @property
    def loopback_origins(self) -> frozenset[str]:
        return frozenset({self._base_url})

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_bytes: int = MAX_RESPONSE_BYTES,
    ) -> TransportResponse:
        """Return the application's response. Raises Refused[fetch_blocked], Malformed[limit_exceeded]."""
        scope = self._scope(method, f"{self._base_url}{url}" if url.startswith("/") else url, headers or {}, body)
        return asyncio.run(_call(self._app, scope, body, max_bytes))

    def _scope(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        target, own = urlsplit(url), urlsplit(self._base_url)
        if (target.scheme, target.netloc) != (own.scheme, own.netloc):
            raise Refused("fetch_blocked", reason="origin")
        sent = {"host": target.netloc, "accept": "*/*", **{name.lower(): value for name, value in headers.items()}}
        if body or method not in ("GET", "HEAD"):
            sent.setdefault("content-length", str(len(body)))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": target.scheme,
            "path": unquote(target.path or "/"),
            "raw_path": (target.path or "/").encode(),
            "query_string": target.query.encode(),
            "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()],
            "client": (self._client_host, 49152),
            "server": (own.hostname, own.port or (443 if own.scheme == "https" else 80)),
        }


class NetworkTransport(Transport):
    """Speak over the network through ``fetch``: HTTPS to public addresses with ``SafeFetch``."""

    def __init__(self, fetch: PinnedFetch, *, timeout_s: float = TIMEOUT_S) -> None:
        self._fetch = fetch
        self._timeout_s = timeout_s

    @property
    def loopback_origins(self) -> frozenset[str]:
        return frozenset()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_bytes: int = MAX_RESPONSE_BYTES,
    ) -> TransportResponse:
        """Return the peer's answer of any status; a redirect is not followed.

        Raises as ``PinnedFetch.send``, naming the address.
        """
        sent = body if body or method not in ("GET", "HEAD") else None
        with naming(url):
            answer = self._fetch.send(
                method, url, headers=headers, body=sent, max_bytes=max_bytes, timeout_s=self._timeout_s
            )
        return TransportResponse(
            answer.status, {**answer.headers, "content-type": answer.content_type}, answer.body
        )


class UnsafeLoopbackTransport(NetworkTransport):
    """Speak real HTTP to the named origins on this machine and to nothing else; ``UnsafeLoopbackFetch`` warns."""

    def __init__(
        self,
        origins: frozenset[str],
        *,
        own_addresses: frozenset[str] = frozenset(),
        ca_file: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        fetch = UnsafeLoopbackFetch(origins, own_addresses=own_addresses, ca_file=ca_file)
        super().__init__(fetch, timeout_s=timeout_s)
        self._origins = frozenset(origin for origin in origins if origin.startswith("http://"))

    @property
    def loopback_origins(self) -> frozenset[str]:
        return self._origins


@contextmanager
def naming(url: str) -> Iterator[None]:
    """Let a fetch that is refused or fails say which origin it was about: params ``address``."""
    try:
        yield
    except (Refused, Unavailable) as exc:
        exc.params = {**exc.params, "address": _origin(url)}
        raise


def _origin(url: str) -> str:
    """Return scheme, host and port of a URL, which may be none, without the credentials that it may hold."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0].rpartition('@')[2]}"


async def _call(app: AsgiApp, scope: dict[str, Any], body: bytes, max_bytes: int) -> TransportResponse:
    """Run one request through ``app``: its body in one piece, then a disconnect once the response is complete."""
    to_send: list[AsgiMessage] = [{"type": "http.request", "body": body, "more_body": False}]
    complete = asyncio.Event()
    start: AsgiMessage = {}
    pieces = bytearray()

    async def receive() -> AsgiMessage:
        if to_send:
            return to_send.pop()
        await complete.wait()
        return {"type": "http.disconnect"}

    async def send(message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        pieces.extend(message.get("body", b""))
        if len(pieces) > max_bytes:
            raise Malformed("limit_exceeded", what="response", limit=max_bytes)
        if not message.get("more_body", False):
            complete.set()

    await app(scope, receive, send)
    return TransportResponse(start["status"], _header_map(start.get("headers", ())), bytes(pieces))


def _header_map(pairs: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
