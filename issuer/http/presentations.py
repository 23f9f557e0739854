"""HTTP for wallets that show a PID before an authorization: OpenID4VP 1.0. No answer is a redirect."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Conflict, Error, Malformed, Refused, Unavailable
from portadoc.formats import strict_json
from portadoc.issuer.identification.service import Identification
from portadoc.schemas.openid4vci import read_message
from portadoc.schemas.openid4vp import DirectPostAnswer, RequestUriPost
from portadoc.web.answers import NO_STORE, json_answer, refusing_route
from portadoc.web.bodies import read_form
from portadoc.web.language import preferred_language
from portadoc.web.problem import problem, status_of

REQUEST_TYPE: Final = "application/oauth-authz-req+jwt"
MAX_WALLET_NONCE_CHARS: Final = 512
MAX_WALLET_METADATA_BYTES: Final = 32 * 1024
MAX_WALLET_METADATA_DEPTH: Final = 16
_GONE: Final = 410
_NOT_HERE: Final = frozenset({"not_found", "request_unknown"})
_OWN_STATUS: Final = frozenset({413, 415})

Form = Annotated[dict[str, str], Depends(read_form)]


def presentation_router(identification: Identification) -> APIRouter:
    """Return the request_uri and response_uri endpoints. Spec: OpenID4VP 1.0 §5.10, §8.2."""
    router = APIRouter(prefix="/issuer/{institution}/identification")
    router.include_router(_request_router(identification))
    router.include_router(_response_router(identification))
    return router


def _request_router(identification: Identification) -> APIRouter:
    router = APIRouter(prefix="/requests", route_class=refusing_route(_refused_document))

    @router.get("/{attempt_id}")
    def show_request(institution: str, attempt_id: str) -> Response:
        """Return the signed request, as often as it is asked for while it is open. Spec: OpenID4VP 1.0 §5."""
        return _jwt(identification.pid.request_object(institution, attempt_id, wallet_nonce=None))

    @router.post("/{attempt_id}")
    def show_request_to_nonce(institution: str, attempt_id: str, form: Form) -> Response:
        """Return the signed request with the wallet's nonce in it. Spec: OpenID4VP 1.0 §5.10."""
        nonce = _wallet_nonce(form)
        return _jwt(identification.pid.request_object(institution, attempt_id, wallet_nonce=nonce))

    return router


def _response_router(identification: Identification) -> APIRouter:
    router = APIRouter(prefix="/responses", route_class=refusing_route(_refused_response))

    @router.post("/{attempt_id}")
    def take_response(institution: str, attempt_id: str, form: Form) -> Response:
        """Take the one answer to a request, and say where the person's browser goes. Spec: OpenID4VP 1.0 §8.2."""
        redirect_uri = identification.pid.receive(institution, attempt_id, form)
        return json_answer(DirectPostAnswer(redirect_uri=redirect_uri).to_json())

    return router


def _wallet_nonce(form: dict[str, str]) -> str | None:
    """Return the nonce to echo. What the wallet says of itself has to be sound and changes nothing.

    Raises Malformed[wallet_nonce_invalid], [json_malformed], [limit_exceeded], [message_invalid].
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
    sound = nonce is None or (nonce.isascii() and nonce.isprintable() and len(nonce) <= MAX_WALLET_NONCE_CHARS)
    if not sound:
        raise Malformed("wallet_nonce_invalid", spec="OpenID4VP 1.0 §5.10", limit=MAX_WALLET_NONCE_CHARS)
    return nonce


def _refused_document(error: Error, request: Request) -> Response:
    """Return a problem document: 404 for what never was here, 410 for what has had its answer or its time."""
    language = preferred_language(request.headers.get("accept-language"))
    if isinstance(error, Refused) and error.code in _NOT_HERE:
        return problem(error, language, status=404)
    return problem(error, language, status=_GONE if isinstance(error, Conflict) else None)


def _refused_response(error: Error, _: Request) -> Response:
    """Return the protocol's error with our code as its description. Spec: OpenID4VP 1.0 §8.2, RFC 6749 §5.2."""
    if isinstance(error, Unavailable):
        headers = {**NO_STORE, "Retry-After": str(error.retry_after_s)}
        told = {"error": "temporarily_unavailable", "error_description": error.code}
        return json_answer(told, status=503, headers=headers)
    status = status_of(error)
    told = {"error": "invalid_request", "error_description": error.code}
    return json_answer(told, status=status if status in _OWN_STATUS else 400)


def _jwt(text: str) -> Response:
    return Response(text, headers=NO_STORE, media_type=REQUEST_TYPE)
