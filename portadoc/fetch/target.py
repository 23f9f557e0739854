"""The address of something to fetch: taken apart once, in one strict reading."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from portadoc.errors import Refused

_MAX_CHARACTERS: Final = 4096
_PRINTABLE: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+")  # printable ASCII without space " < > \ ^ ` { | }
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes (``scheme``, ``host``, ``port``) and what it asks for there (``path`` with query)."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the Host header: without the port when it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        return self.origin + self.path


def parse_target(url: str, *, schemes: frozenset[str] = frozenset({"https"})) -> Target:
    """Return the target of an absolute URL; a fragment is dropped.

    Input is unverified. Raises: Refused[fetch_blocked] with a reason: url, scheme, userinfo, host, port.
    Spec: RFC 3986 §3, RFC 9110 §4.2.
    """
    if len(url) > _MAX_CHARACTERS or not _PRINTABLE.fullmatch(url):
        raise blocked("url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise blocked("url") from exc
    if parts.scheme not in schemes:
        raise blocked("scheme")
    if "@" in parts.netloc:
        raise blocked("userinfo")
    if port == 0 or parts.netloc.endswith(":"):
        raise blocked("port")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _host(parts), port or _DEFAULT_PORTS[parts.scheme], path)


def follow(target: Target, location: str, *, schemes: frozenset[str] = frozenset({"https"})) -> Target:
    """Return where a redirect leads. Raises: Refused[fetch_blocked] as ``parse_target`` does."""
    try:
        return parse_target(urljoin(target.url, location), schemes=schemes)
    except ValueError as exc:
        raise blocked("url") from exc


def blocked(reason: str) -> Refused:
    """Return the refusal of an address that this process must not call."""
    return Refused("fetch_blocked", reason=reason)


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if "[" in parts.netloc:
        try:
            return str(ipaddress.IPv6Address(host.replace("%", "/")))  # no zone: it means this machine's links
        except ValueError as exc:
            raise blocked("host") from exc
    if not _NAME.fullmatch(host):
        raise blocked("host")
    return host
