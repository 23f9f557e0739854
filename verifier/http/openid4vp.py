"""HTTP for wallets: OpenID4VP 1.0. Parses, calls one service method, answers.

Endpoints are plain functions, so they run in the thread pool; bodies are read before. No answer is a redirect.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Error, Misconfigured
from portadoc.schemas.openid4vp import DirectPostAnswer
from portadoc.verifier.responses import Received
from portadoc.verifier.service import Verifier
from portadoc.web.answers import json_answer
from portadoc.web.bodies import FORM, require_content_type
from portadoc.web.forms import parse_form
from portadoc.web.wallets.presentations import (
    invalid_request,
    request_answer,
    request_refusal,
    response_refusal,
    wallet_nonce,
)


async def _read_body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_read_body)]


def wallet_router(verifier: Verifier) -> APIRouter:
    """Return every wallet-facing route, with paths from the root of the origin."""
    router = APIRouter()
    router.include_router(request_router(verifier))
    router.include_router(response_router(verifier))
    return router


def request_router(verifier: Verifier) -> APIRouter:
    """Return the request_uri endpoint, for both methods. Spec: OpenID4VP 1.0 §5.10, RFC 9101 §5.2.3."""
    router = APIRouter(prefix="/verifier/{institution}/requests")

    @router.get("/{request_id}")
    def show_request(institution: str, request_id: str, request: Request) -> Response:
        """Return the signed request, as often as it is asked for while it is open. Spec: OpenID4VP 1.0 §5."""
        return _answered(
            lambda: request_answer(verifier.request_object(institution, request_id)),
            lambda error: request_refusal(error, request),
        )

    @router.post("/{request_id}")
    def show_request_to_nonce(institution: str, request_id: str, request: Request, body: Body) -> Response:
        """Return the signed request with the wallet's nonce in it. Spec: OpenID4VP 1.0 §5.10."""

        def act() -> Response:
            nonce = wallet_nonce(_form(request, body))
            return request_answer(verifier.request_object(institution, request_id, wallet_nonce=nonce))

        return _answered(act, lambda error: request_refusal(error, request))

    return router


def response_router(verifier: Verifier) -> APIRouter:
    """Return the response_uri endpoint. Spec: OpenID4VP 1.0 §8.2."""
    router = APIRouter(prefix="/verifier/{institution}/responses")

    @router.post("/{request_id}")
    def take_response(institution: str, request_id: str, request: Request, body: Body) -> Response:
        """Take the one answer to a request. Spec: OpenID4VP 1.0 §8.2."""

        return answered_response(lambda: verifier.receive_response(institution, request_id, _form(request, body)))

    return router


def answered_response(receive: Callable[[], Received]) -> Response:
    """Return what a wallet is told: where to send the holder on, or why its answer is refused.

    Spec: OpenID4VP 1.0 §8.2, §8.5.
    """

    def act() -> Response:
        received = receive()
        problem_found = received.result.problem
        if problem_found is not None and not received.result.kept and received.result.wallet_error is None:
            return invalid_request(problem_found.code)
        return json_answer(DirectPostAnswer(redirect_uri=received.redirect_uri).to_json(), status=200)

    return _answered(act, response_refusal)


def _answered(act: Callable[[], Response], refuse: Callable[[Error], Response]) -> Response:
    """Answer, or refuse in the words of the endpoint; a fault of ours goes on to the outer edge."""
    try:
        return act()
    except Misconfigured:
        raise
    except Error as error:
        return refuse(error)


def _form(request: Request, body: bytes) -> dict[str, str]:
    require_content_type(request, frozenset({FORM}))
    return parse_form(body)
