"""Fetching for a process that was told an address by somebody else: resolve once, judge, connect to just that.

``SafeFetch`` is the one for service. ``UnsafeLoopbackFetch`` exists for work on one machine, where the peers have
no public address; it knows its peers by name beforehand and calls nobody else.
"""

import ssl
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Final, Protocol

from portadoc.fetch.addresses import Resolver, is_loopback, require_public, resolve, system_resolver
from portadoc.fetch.deadline import Deadline
from portadoc.fetch.exchange import Fetched, Request, exchange, failed
from portadoc.fetch.target import Target, blocked, follow, parse_target

TOTAL_S: Final = 5.0
MAX_BYTES: Final = 1024 * 1024
MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Fetch(Protocol):
    """Get a document from an address that is not trusted."""

    def get(
        self,
        url: str,
        *,
        accept: tuple[str, ...],
        max_bytes: int = MAX_BYTES,
        timeout_s: float = TOTAL_S,
        redirects: int = MAX_REDIRECTS,
    ) -> Fetched:
        """Return the answer with status 200 and a media type out of ``accept``."""


class PinnedFetch(ABC):
    """Carry out requests to the addresses that ``_admit`` lets through."""

    _schemes: frozenset[str]
    _tls: ssl.SSLContext

    def get(
        self,
        url: str,
        *,
        accept: tuple[str, ...],
        max_bytes: int = MAX_BYTES,
        timeout_s: float = TOTAL_S,
        redirects: int = MAX_REDIRECTS,
    ) -> Fetched:
        """Return the answer with status 200 and a media type out of ``accept``, after at most ``redirects`` hops.

        ``accept`` is in order of preference.
        ``timeout_s`` bounds everything together: name, connection, TLS, redirects, body.
        Raises: Refused[fetch_blocked], also for a hop; Unavailable[fetch_failed] with a reason (dns, connect, tls,
        timeout, protocol, truncated, content_encoding, content_type, status); Malformed[limit_exceeded].
        """
        deadline = Deadline(timeout_s)
        target = parse_target(url, schemes=self._schemes)
        headers = {"Accept": _preferences(accept)}
        for hops_left in range(redirects, -1, -1):
            answer = self._send(Request("GET", target, headers), max_bytes, deadline)
            if answer.status not in _REDIRECTS:
                return _wanted(answer, accept)
            if not hops_left:
                break
            target = follow(target, answer.headers.get("location", ""), schemes=self._schemes)
        raise blocked("redirects")

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        max_bytes: int = MAX_BYTES,
        timeout_s: float = TOTAL_S,
    ) -> Fetched:
        """Return the answer to one request whatever its status; a redirect is not followed.

        Raises: as ``get`` does, but for the reasons redirects, status and content_type.
        """
        target = parse_target(url, schemes=self._schemes)
        return self._send(Request(method, target, headers or {}, body), max_bytes, Deadline(timeout_s))

    def _send(self, request: Request, max_bytes: int, deadline: Deadline) -> Fetched:
        addresses = self._admit(request.target, deadline)
        tls = self._tls if request.target.scheme == "https" else None
        return exchange(request, addresses=addresses, tls=tls, max_bytes=max_bytes, deadline=deadline)

    @abstractmethod
    def _admit(self, target: Target, deadline: Deadline) -> tuple[str, ...]:
        """Return the addresses that may be called for ``target``. Raises: Refused[fetch_blocked]."""


class SafeFetch(PinnedFetch):
    """HTTPS to public addresses, certificate and host name verified; proxies and credentials are unknown here."""

    def __init__(self, *, ca_file: str | None = None, resolver: Resolver = system_resolver) -> None:
        self._schemes = frozenset({"https"})
        self._tls = tls_context(ca_file)
        self._resolver = resolver

    def _admit(self, target: Target, deadline: Deadline) -> tuple[str, ...]:
        if target.port != 443 and target.port < 1024:  # where another protocol listens
            raise blocked("port")
        addresses = resolve(target.host, target.port, resolver=self._resolver, deadline=deadline)
        require_public(addresses)
        return addresses


class UnsafeLoopbackFetch(PinnedFetch):
    """HTTP and HTTPS to the listed loopback origins (``http://127.0.0.1:8700``) and to nothing else; warns.

    ``own_addresses`` are further addresses of this machine itself, such as its own on the local network.
    """

    def __init__(
        self,
        origins: frozenset[str],
        *,
        own_addresses: frozenset[str] = frozenset(),
        ca_file: str | None = None,
        resolver: Resolver = system_resolver,
    ) -> None:
        warnings.warn("UnsafeLoopbackFetch calls services on this machine", UserWarning, stacklevel=2)
        self._schemes = frozenset({"http", "https"})
        self._tls = tls_context(ca_file)
        self._resolver = resolver
        self._origins = frozenset(parse_target(origin, schemes=self._schemes).origin for origin in origins)
        self._own_addresses = own_addresses

    def _admit(self, target: Target, deadline: Deadline) -> tuple[str, ...]:
        if target.origin not in self._origins:
            raise blocked("origin")
        addresses = resolve(target.host, target.port, resolver=self._resolver, deadline=deadline)
        if not all(is_loopback(address) or address in self._own_addresses for address in addresses):
            raise blocked("address")
        return addresses


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a client context that demands a certificate under ``ca_file``, else under the system's roots.

    The roots are read once in the life of a process; nobody may change the context that comes of them.
    """
    return _under_the_roots() if ca_file is None else _verifying(ca_file)


@cache
def _under_the_roots() -> ssl.SSLContext:
    return _verifying(None)


def _verifying(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and host name by itself
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(ca_file)
    return context


def _preferences(accept: tuple[str, ...]) -> str:
    """Return the Accept header that wants the first type most. Spec: RFC 9110 §12.5.1."""
    first, *others = accept
    return ", ".join([first, *(f"{each};q=0.{9 - place}" for place, each in enumerate(others[:9]))])


def _wanted(answer: Fetched, accept: tuple[str, ...]) -> Fetched:
    if answer.status != 200:
        raise failed("status", status=answer.status)
    if answer.content_type not in accept:
        raise failed("content_type")
    return answer
