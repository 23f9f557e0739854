"""HTTP for wallets: OpenID4VP 1.0. Parses, calls one service method, answers.

Endpoints are plain functions, so they run in the thread pool; bodies are read before. No answer is a redirect.
"""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Conflict, Error, Malformed, Misconfigured, Refused, Unavailable
from portadoc.formats import strict_json
from portadoc.schemas.openid4vci import read_message
from portadoc.schemas.openid4vp import DirectPostAnswer, RequestUriPost
from portadoc.verifier.responses import Received
from portadoc.verifier.service import Verifier
from portadoc.web.answers import NO_STORE, json_answer
from portadoc.web.bodies import FORM, require_content_type
from portadoc.web.forms import parse_form
from portadoc.web.language import preferred_language
from portadoc.web.problem import problem, status_of

REQUEST_TYPE: Final = "application/oauth-authz-req+jwt"
MAX_WALLET_NONCE_CHARS: Final = 512
MAX_WALLET_METADATA_BYTES: Final = 32 * 1024
MAX_WALLET_METADATA_DEPTH: Final = 16
_GONE: Final = 410
_NOT_HERE: Final = frozenset({"not_found", "request_unknown"})
_OWN_STATUS: Final = frozenset({413, 415})


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
            lambda: _jwt(verifier.request_object(institution, request_id)),
            lambda error: _refused_document(error, request),
        )

    @router.post("/{request_id}")
    def show_request_to_nonce(institution: str, request_id: str, request: Request, body: Body) -> Response:
        """Return the signed request with the wallet's nonce in it. Spec: OpenID4VP 1.0 §5.10."""

        def act() -> Response:
            nonce = _wallet_nonce(_form(request, body))
            return _jwt(verifier.request_object(institution, request_id, wallet_nonce=nonce))

        return _answered(act, lambda error: _refused_document(error, request))

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
            return _error("invalid_request", problem_found.code, status=400)
        return json_answer(DirectPostAnswer(redirect_uri=received.redirect_uri).to_json(), status=200)

    return _answered(act, _refused_response)


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


def _wallet_nonce(form: dict[str, str]) -> str | None:
    """Return the nonce to echo. What the wallet says of itself has to be sound and changes nothing.

    Raises Malformed[wallet_nonce_invalid], Malformed[json_malformed], Malformed[limit_exceeded].
    Spec: OpenID4VP 1.0 §5.10.
    """
    posted = read_message(RequestUriPost, form)
    if posted.wallet_metadata is not None:
        strict_json.loads_object(
            posted.wallet_metadata,
            what="wallet_metadata",
            max_bytes=MAX_WALLET_METADATA_BYTES,
            max_depth=MAX_WALLET_METADATA_DEPTH,
        )
    nonce = posted.wallet_nonce
    if nonce is not None and not (
        nonce.isascii() and nonce.isprintable() and len(nonce) <= MAX_WALLET_NONCE_CHARS
    ):
        raise Malformed("wallet_nonce_invalid", spec="OpenID4VP 1.0 §5.10", limit=MAX_WALLET_NONCE_CHARS)
    return nonce


def _refused_document(error: Error, request: Request) -> Response:
    """Return a problem document: 404 for what never was here, 410 for what has had its answer or its time."""
    language = preferred_language(request.headers.get("accept-language"))
    if isinstance(error, Refused) and error.code in _NOT_HERE:
        return problem(error, language, status=404)
    return problem(error, language, status=_GONE if isinstance(error, Conflict) else None)


def _refused_response(error: Error) -> Response:
    """Return the protocol's error with our code as its description. Spec: OpenID4VP 1.0 §8.2, RFC 6749 §5.2."""
    if isinstance(error, Unavailable):
        response = _error("temporarily_unavailable", error.code, status=503)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    status = status_of(error)
    return _error("invalid_request", error.code, status=status if status in _OWN_STATUS else 400)


def _error(name: str, code: str, *, status: int) -> Response:
    return json_answer({"error": name, "error_description": code}, status=status)


def _jwt(text: str) -> Response:
    return Response(text, headers=NO_STORE, media_type=REQUEST_TYPE)
