"""The endpoints that wallets present to, alike wherever a role asks for a presentation. Spec: OpenID4VP 1.0."""

from typing import Final

from fastapi import Request, Response

from portadoc.errors import Conflict, Error, Malformed, Refused, Unavailable
from portadoc.formats import strict_json
from portadoc.schemas.openid4vci import read_message
from portadoc.schemas.openid4vp import RequestUriPost
from portadoc.web.answers import NO_STORE, json_answer
from portadoc.web.language import preferred_language
from portadoc.web.problem import problem, status_of

REQUEST_TYPE: Final = "application/oauth-authz-req+jwt"
MAX_WALLET_NONCE_CHARS: Final = 512
MAX_WALLET_METADATA_BYTES: Final = 32 * 1024
MAX_WALLET_METADATA_DEPTH: Final = 16
_GONE: Final = 410
_NOT_HERE: Final = frozenset({"not_found", "request_unknown"})
_OWN_STATUS: Final = frozenset({413, 415})


def wallet_nonce(form: dict[str, str]) -> str | None:
    """Return the nonce to echo. What the wallet says of itself has to be sound and changes nothing.

    Raises Malformed[wallet_nonce_invalid], [json_malformed], [limit_exceeded], [message_invalid].
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
    sound = nonce is None or (nonce.isascii() and nonce.isprintable() and len(nonce) <= MAX_WALLET_NONCE_CHARS)
    if not sound:
        raise Malformed("wallet_nonce_invalid", spec="OpenID4VP 1.0 §5.10", limit=MAX_WALLET_NONCE_CHARS)
    return nonce


def request_answer(request_object: str) -> Response:
    """Return a signed request object. Spec: OpenID4VP 1.0 §5.10, RFC 9101 §5.2.3."""
    return Response(request_object, headers=NO_STORE, media_type=REQUEST_TYPE)


def request_refusal(error: Error, request: Request) -> Response:
    """Return a problem document: 404 for what never was here, 410 for what has had its answer or its time."""
    language = preferred_language(request.headers.get("accept-language"))
    if isinstance(error, Refused) and error.code in _NOT_HERE:
        return problem(error, language, status=404)
    return problem(error, language, status=_GONE if isinstance(error, Conflict) else None)


def response_refusal(error: Error, _: Request | None = None) -> Response:
    """Return the protocol's error with our code as its description. Spec: OpenID4VP 1.0 §8.2, RFC 6749 §5.2."""
    if isinstance(error, Unavailable):
        headers = {**NO_STORE, "Retry-After": str(error.retry_after_s)}
        return json_answer(_told("temporarily_unavailable", error.code), status=503, headers=headers)
    status = status_of(error)
    return invalid_request(error.code, status=status if status in _OWN_STATUS else 400)


def invalid_request(code: str, *, status: int = 400) -> Response:
    """Return ``invalid_request`` with one of our codes. Spec: OpenID4VP 1.0 §8.5."""
    return json_answer(_told("invalid_request", code), status=status)


def _told(word: str, code: str) -> dict[str, str]:
    return {"error": word, "error_description": code}
