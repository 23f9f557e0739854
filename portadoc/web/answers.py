"""What adapters answer with: JSON that nobody keeps, and refusals in the words of each endpoint."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from portadoc.errors import Error, Misconfigured
from portadoc.formats import strict_json
from portadoc.web.logs import note_refusal

JSON_TYPE: Final = "application/json"
NO_STORE: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}


def json_answer(
    content: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] = NO_STORE
) -> Response:
    """Return a JSON object as an answer; unless ``headers`` say otherwise, no cache keeps it."""
    return Response(
        strict_json.dumps(dict(content)), status_code=status, headers=dict(headers), media_type=JSON_TYPE
    )


def refusing_route(
    tell: Callable[[Error, Request], Response], *, note: Callable[[Error, Request], None] | None = None
) -> type[APIRoute]:
    """Return a kind of route whose refusals ``tell`` answers; a fault of ours goes on to the outer edge.

    ``note`` hears of every refusal first, in the thread pool.
    """

    class RefusingRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def answer_or_refuse(request: Request) -> Response:
                try:
                    return await answer(request)
                except Misconfigured:
                    raise
                except Error as error:
                    note_refusal(request.scope, error)
                    if note is not None:
                        await run_in_threadpool(note, error, request)
                    return tell(error, request)

            return answer_or_refuse

    return RefusingRoute
