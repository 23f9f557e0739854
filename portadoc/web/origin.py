"""Where a request comes from: what changes something from our own pages only, and from which network."""

import ipaddress
from typing import Final

from fastapi import Request

from portadoc.errors import Refused

_IPV6_SITE_BITS: Final = 64
"""What one subscriber has: who holds such a network would otherwise have as many tries as it has addresses."""


def require_same_origin(request: Request, *, origin: str) -> None:
    """Let through what the browser says our own page (``origin``: scheme, host, port) or the user started.

    Raises: Refused[cross_site_request], also when the browser says nothing.
    Spec: Fetch Metadata §2.1, RFC 6454 §7.
    """
    site = request.headers.get("sec-fetch-site")
    allowed = site in ("same-origin", "none") if site is not None else request.headers.get("origin") == origin
    if not allowed:
        raise Refused("cross_site_request")


def source_of(request: Request, header: str) -> str:
    """Return the network that asks: an IPv4 address, the first half of an IPv6 one, or empty."""
    peer = request.client.host if request.client is not None else ""
    told = [part for value in request.headers.getlist(header) for part in value.split(",")] if header else []
    try:
        address = ipaddress.ip_address((told[-1] if told else peer).strip())
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address) >> _IPV6_SITE_BITS << _IPV6_SITE_BITS, _IPV6_SITE_BITS)))
