"""Where a browser may be sent back to: the address that the wallet has pushed, letter by letter.

Spec: RFC 6749 §3.1.2, RFC 8252 §7, RFC 9126 §2.4, RFC 9700 §2.1, §4.1.
"""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from portadoc.errors import Malformed, Refused
from portadoc.fetch import is_loopback_host
from portadoc.schemas.profiles import Mode

_PLAIN: Final = re.compile(r"[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]{1,2048}")
_OURS: Final = frozenset({"code", "state", "iss", "error", "error_description", "error_uri", "response"})
"""Parameters of the answer; an address that brings one along would have two of it."""


def require_redirect_uri(
    unverified: str | None, *, authenticated: bool, registered: Collection[str], mode: Mode
) -> str:
    """Return an address that an authorization may answer to.

    A client that a wallet provider vouches for may name its own, any other one only one of ``registered``, letter
    by letter. Raises Malformed[redirect_uri_invalid], Refused[redirect_uri_unregistered]. Spec: RFC 9126 §2.4.
    """
    # 1. one that every reader reads alike
    if unverified is None or not _PLAIN.fullmatch(unverified):
        raise _invalid("form")
    parts = _parts(unverified)
    # 2. no user, no word of ours, and no plain http but to this very machine in development
    if "@" in parts.netloc:
        raise _invalid("userinfo")
    if any(name in _OURS for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise _invalid("parameter")
    if parts.scheme == "https" and not parts.hostname:
        raise _invalid("host")
    if parts.scheme == "http" and (mode is not Mode.DEVELOPMENT or not is_loopback_host(parts.hostname or "")):
        raise _invalid("scheme")
    # 3. an address of somebody whom we know
    if not authenticated and unverified not in registered:
        raise Refused("redirect_uri_unregistered", spec="RFC 9700 §2.1")
    return unverified


def _parts(uri: str) -> SplitResult:
    try:
        parts = urlsplit(uri)
        if parts.port == 0:
            raise _invalid("host")
    except ValueError as exc:  # a port that is none, or a broken IPv6 address
        raise _invalid("host") from exc
    if not parts.scheme:
        raise _invalid("scheme")
    return parts


def _invalid(reason: str) -> Malformed:
    return Malformed("redirect_uri_invalid", spec="RFC 6749 §3.1.2", reason=reason)
