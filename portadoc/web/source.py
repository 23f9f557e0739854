"""From which network a request comes, for whoever counts what somebody gets wrong."""

import ipaddress
from typing import Final

from fastapi import Request

_IPV6_SITE_BITS: Final = 64
"""What one subscriber has: who holds such a network would otherwise have as many tries as it has addresses."""


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
