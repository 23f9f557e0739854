"""The one way out: every request that this process makes to an address it was told goes through here."""

from portadoc.fetch.addresses import is_loopback_host
from portadoc.fetch.deadline import Deadline
from portadoc.fetch.exchange import Fetched, Request, exchange
from portadoc.fetch.pinned import Fetch, PinnedFetch, SafeFetch, UnsafeLoopbackFetch, tls_context
from portadoc.fetch.target import Target, parse_target

__all__ = [
    "Deadline",
    "Fetch",
    "Fetched",
    "PinnedFetch",
    "Request",
    "SafeFetch",
    "Target",
    "UnsafeLoopbackFetch",
    "exchange",
    "is_loopback_host",
    "parse_target",
    "tls_context",
]
