"""One HTTP request and its answer over one connection to a known address, within bounds of time and size.

``http.client`` speaks the protocol; the wire below it is ours, so that each wait ends at the deadline (a peer that
drips one byte a second gains nothing) and each byte counts against the bound.
"""

import io
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Final

from portadoc.errors import Malformed, Unavailable
from portadoc.fetch.deadline import Deadline
from portadoc.fetch.target import Target

CONNECT_S: Final = 3.0
HEAD_BYTES: Final = 64 * 1024
_KEPT_HEADERS: Final = (
    "cache-control",
    "content-language",
    "date",
    "dpop-nonce",
    "etag",
    "last-modified",
    "location",
    "oauth-client-attestation-challenge",
    "retry-after",
    "set-cookie",
    "www-authenticate",
)


@dataclass(frozen=True, slots=True)
class Request:
    """What to send; ``body`` None for a request without one."""

    method: str
    target: Target
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: ``content_type`` is the media type in lower case without parameters ("" when absent)."""

    url: str
    status: int
    content_type: str
    headers: Mapping[str, str]
    body: bytes


def exchange(
    request: Request,
    *,
    addresses: tuple[str, ...],
    tls: ssl.SSLContext | None,
    max_bytes: int,
    deadline: Deadline,
) -> Fetched:
    """Send the request to the first of ``addresses`` that takes the connection; return any answer, of any status.

    ``tls`` is required by the scheme https; the certificate is checked against the host of the URL.
    Raises: Unavailable[fetch_failed] with a reason: connect, tls, timeout, protocol, truncated, content_encoding;
    Malformed[limit_exceeded].
    """
    target = request.target
    assert (tls is not None) == (target.scheme == "https"), "the scheme decides on TLS"
    connected = _connect(target, addresses, tls, deadline)
    connection = HTTPConnection(target.host, target.port)
    connection.sock = _Wire(connected, deadline, max_bytes + HEAD_BYTES)
    try:
        connection.request(request.method, target.path, request.body, _headers(request))
        return _read(connection.getresponse(), target.url, max_bytes)
    except TimeoutError as exc:
        raise failed("timeout") from exc
    except (HTTPException, OSError, ValueError, OverflowError) as exc:
        raise failed("protocol") from exc
    finally:
        connected.close()


def failed(reason: str, *, status: int | None = None) -> Unavailable:
    """Return the refusal for a peer that gave no usable answer."""
    if status is None:
        return Unavailable("fetch_failed", reason=reason)
    return Unavailable("fetch_failed", reason=reason, status=status)


def _connect(
    target: Target, addresses: tuple[str, ...], tls: ssl.SSLContext | None, deadline: Deadline
) -> socket.socket:
    connect_deadline = Deadline(CONNECT_S)
    for address in addresses:
        patience = min(connect_deadline.remaining(), deadline.remaining())
        try:
            plain = socket.create_connection((address, target.port), timeout=patience)
        except OSError:
            continue
        return plain if tls is None else _secured(plain, target.host, tls, deadline)
    raise failed("connect")


def _secured(plain: socket.socket, host: str, tls: ssl.SSLContext, deadline: Deadline) -> socket.socket:
    try:
        plain.settimeout(deadline.remaining())
        return tls.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=False)
    except TimeoutError as exc:
        plain.close()
        raise failed("timeout") from exc
    except (OSError, ValueError) as exc:
        plain.close()
        raise failed("tls") from exc


def _headers(request: Request) -> dict[str, str]:
    return {
        "Host": request.target.authority,
        "User-Agent": "portadoc",
        "Accept-Encoding": "identity",  # a compressed body could be small on the wire and vast in memory
        "Connection": "close",
        **request.headers,
    }


def _read(response: HTTPResponse, url: str, max_bytes: int) -> Fetched:
    if response.getheader("content-encoding", "identity").strip().lower() != "identity":
        raise failed("content_encoding")
    if response.length is not None and response.length > max_bytes:
        raise _too_large(max_bytes)
    body = response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    if response.length:
        raise failed("truncated")
    content_type = response.getheader("content-type", "").partition(";")[0].strip().lower()
    kept = {name: value for name in _KEPT_HEADERS if (value := response.getheader(name)) is not None}
    return Fetched(url, response.status, content_type, kept, body)


def _too_large(limit: int) -> Malformed:
    return Malformed("limit_exceeded", what="response", limit=limit)


class _Wire:
    """The connection as ``http.client`` sees it. It calls ``close`` early, so closing is left to ``exchange``."""

    def __init__(self, connected: socket.socket, deadline: Deadline, budget: int) -> None:
        self._socket = connected
        self._deadline = deadline
        self._budget = budget

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._socket.settimeout(self._deadline.remaining())
            view = view[self._socket.send(view) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._socket, self._deadline, self._budget))

    def close(self) -> None:
        pass


class _Incoming(io.RawIOBase):
    """The bytes that come in: every wait ends at the deadline, every byte is counted."""

    def __init__(self, connected: socket.socket, deadline: Deadline, budget: int) -> None:
        self._socket = connected
        self._deadline = deadline
        self._budget = self._left = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.remaining())
        count = self._socket.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            raise _too_large(self._budget)
        return count
