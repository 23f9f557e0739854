"""Refusals as pages: a browser gets the sentence and the advice, a program the problem document."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute

from portadoc.errors import Error, Misconfigured, Unavailable
from portadoc.i18n import render
from portadoc.tour.rendering import PAGES, page
from portadoc.tour.texts import reader_of
from portadoc.web.problem import problem, status_of

_START: Final = "/"


class PageRoute(APIRoute):
    """A route whose refusals are pages; a fault of the operator goes on to the incident boundary."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_or_refuse(request: Request) -> Response:
            try:
                return await answer(request)
            except Misconfigured:
                raise
            except Error as error:
                return refusal(error, request)

        return answer_or_refuse


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


def _back(request: Request) -> str:
    """Return the page from which an act was started, or the first page."""
    journey, _, name = request.url.path.rpartition("/")
    before = PAGES.index(name) - 1 if name in PAGES and request.method == "POST" else -1
    return f"{journey}/{PAGES[before]}" if before >= 0 else _START
