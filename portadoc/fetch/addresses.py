"""Which network addresses this process may call: those of the public Internet that lead nowhere else."""

import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Final

from portadoc.errors import Unavailable
from portadoc.fetch.deadline import Deadline
from portadoc.fetch.target import blocked

Resolver = Callable[[str, int], list[str]]
"""Return every address of a host (texts); may block, may raise OSError."""

# IANA special-purpose registries, written out: the standard library's view of them moves with its version.
_CLOSED_IPV4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Outside 2000::/3 nothing is global unicast: loopback, link-local, unique local, multicast, IPv4-mapped
# (::ffff:0:0/96) and the NAT64 prefixes (64:ff9b::/96, 64:ff9b:1::/48) all lie there.
_OPEN_IPV6: Final = ipaddress.IPv6Network("2000::/3")
_CLOSED_IPV6: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address of anybody's choice
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the machine's own resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[4][0]) for address in found]


def is_public(address: str) -> bool:
    """Tell whether an address (text) is reachable on the public Internet and stands for itself only."""
    if "%" in address:  # a zone means a link of this machine
        return False
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not any(ip in network for network in _CLOSED_IPV4)
    return ip in _OPEN_IPV6 and ip.is_global and not any(ip in network for network in _CLOSED_IPV6)


def is_loopback(address: str) -> bool:
    """Tell whether an address (text) is 127.0.0.0/8 or ::1 and nothing else."""
    try:
        return "%" not in address and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_loopback_host(host: str) -> bool:
    """Tell whether the host of a URL is this very machine: ``localhost`` or a loopback address."""
    return host == "localhost" or is_loopback(host)


def resolve(host: str, port: int, *, resolver: Resolver, deadline: Deadline) -> tuple[str, ...]:
    """Return the addresses of a host, asked for once, in the resolver's order without repetition.

    The caller connects to these very addresses: a second question could be answered differently.
    Raises: Unavailable[fetch_failed](reason dns or timeout).
    """
    answers: list[tuple[str, ...]] = []

    def ask() -> None:
        try:
            answers.append(tuple(dict.fromkeys(resolver(host, port))))
        except (OSError, UnicodeError):
            answers.append(())

    # The resolver of the C library knows no deadline, so it is left behind in its thread when time is up.
    thread = threading.Thread(target=ask, daemon=True, name="portadoc-resolve")
    thread.start()
    thread.join(deadline.remaining())
    if not answers:
        raise Unavailable("fetch_failed", reason="timeout")
    if not answers[0]:
        raise Unavailable("fetch_failed", reason="dns")
    return answers[0]


def require_public(addresses: tuple[str, ...]) -> None:
    """Refuse a host when any one of its addresses is not public. Raises: Refused[fetch_blocked]."""
    if not all(is_public(address) for address in addresses):
        raise blocked("address")
