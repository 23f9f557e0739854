"""Requests that change something come from our own pages only."""

from fastapi import Request

from portadoc.errors import Refused


def require_same_origin(request: Request, *, origin: str) -> None:
    """Let through what the browser says our own page (``origin``: scheme, host, port) or the user started.

    Raises: Refused[cross_site_request], also when the browser says nothing.
    Spec: Fetch Metadata §2.1, RFC 6454 §7.
    """
    site = request.headers.get("sec-fetch-site")
    allowed = site in ("same-origin", "none") if site is not None else request.headers.get("origin") == origin
    if not allowed:
        raise Refused("cross_site_request")
