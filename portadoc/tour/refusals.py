"""Refusals as pages: a browser gets the sentence and the advice, a program the problem document."""

from typing import Final

from fastapi import Request, Response

from portadoc.errors import Error, Unavailable
from portadoc.i18n import render
from portadoc.tour.rendering import PAGES, page
from portadoc.tour.texts import reader_of
from portadoc.web.answers import refusing_route
from portadoc.web.problem import problem, status_of

_START: Final = "/"


def refusal(error: Error, request: Request) -> Response:
    """Return why a request is refused, in the form that its sender reads."""
    reader = reader_of(request)
    if "text/html" not in request.headers.get("accept", ""):
        return problem(error, reader.language)
    message = render(error.code, error.params, reader.language)
    response = page(
        "stopped",
        reader,
        {"message": message, "code": error.code, "clause": error.spec or "", "back": _back(request)},
        here=request.url.path if request.method == "GET" else _START,
        status=status_of(error),
    )
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


PageRoute: Final = refusing_route(refusal)
"""A kind of route whose refusals are pages."""


def _back(request: Request) -> str:
    """Return the page from which an act was started, or the first page."""
    journey, _, name = request.url.path.rpartition("/")
    before = PAGES.index(name) - 1 if name in PAGES and request.method == "POST" else -1
    return f"{journey}/{PAGES[before]}" if before >= 0 else _START
