"""Our refusals in the words of the protocols: the one place where their error names stand.

A code that no table names is told as the plainest error of its endpoint. ``error_description`` is our own code.
Faults of ours are no protocol errors: they go on to the outer edge. Spec: RFC 6749 §5.2, RFC 6750 §3.1,
RFC 9396 §5, OpenID4VCI 1.0 §6.3, §8.3.1, §11.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from fastapi.routing import APIRoute

from portadoc.errors import Error, Unavailable
from portadoc.schemas.openid4vci import ErrorResponse
from portadoc.web.answers import NO_STORE, json_answer, refusing_route
from portadoc.web.language import preferred_language
from portadoc.web.problem import problem

_NOT_HERE: Final = frozenset(
    {
        "not_found",
        "offer_unknown",
        "record_unknown",
        "status_list_unknown",
        "vct_unknown",
        "withdrawal_subject_unknown",
    }
)
_UNAUTHENTICATED: Final = frozenset({"access_token_missing", "access_token_invalid"})


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """The protocol's word for each of our codes at one endpoint; ``otherwise`` is its plainest word."""

    otherwise: str
    names: Mapping[str, str]


TOKEN_ERRORS: Final = ErrorTable(
    otherwise="invalid_request",
    names={
        "grant_type_unsupported": "unsupported_grant_type",
        "code_unusable": "invalid_grant",
        "tx_code_wrong": "invalid_grant",
        "client_authentication_unsupported": "invalid_client",
        "authorization_details_invalid": "invalid_authorization_details",
    },
)
NONCE_ERRORS: Final = ErrorTable(otherwise="invalid_request", names={})
CREDENTIAL_ERRORS: Final = ErrorTable(
    otherwise="invalid_credential_request",
    names={
        "access_token_missing": "invalid_token",
        "access_token_invalid": "invalid_token",
        "access_token_in_query": "invalid_request",
        "credential_configuration_unknown": "unknown_credential_configuration",
        "credential_identifier_unknown": "unknown_credential_identifier",
        "encryption_unsupported": "invalid_encryption_parameters",
        "proof_missing": "invalid_proof",
        "proof_type_unsupported": "invalid_proof",
        "proof_count": "invalid_proof",
        "proof_keys_repeated": "invalid_proof",
        "proof_invalid": "invalid_proof",
        "nonce_unknown": "invalid_nonce",
        "nonce_expired": "invalid_nonce",
        "nonce_used": "invalid_nonce",
        "configuration_not_granted": "credential_request_denied",
        "copies_used_up": "credential_request_denied",
        "record_withdrawn": "credential_request_denied",
        "record_expired": "credential_request_denied",
        "record_unknown": "credential_request_denied",
        "projection_kind_differs": "credential_request_denied",
        "projection_cannot_carry": "credential_request_denied",
    },
)
NOTIFICATION_ERRORS: Final = ErrorTable(
    otherwise="invalid_notification_request",
    names={
        "access_token_missing": "invalid_token",
        "access_token_invalid": "invalid_token",
        "access_token_in_query": "invalid_request",
        "notification_unknown": "invalid_notification_id",
    },
)


def protocol_route(table: ErrorTable) -> type[APIRoute]:
    """Return a kind of route whose refusals are told by ``table``."""
    return refusing_route(lambda error, request: refusal(error, table, request))


def document_route() -> type[APIRoute]:
    """Return a kind of route whose refusals are problem documents."""
    return refusing_route(refused_document)


def refusal(error: Error, table: ErrorTable, request: Request) -> Response:
    """Return the protocol's answer to one of our refusals. Spec: RFC 6749 §5.2."""
    if error.code == "not_found":
        return refused_document(error, request)
    if isinstance(error, Unavailable):
        headers = {"Retry-After": str(error.retry_after_s)}
        return _answer("temporarily_unavailable", error.code, status=503, headers=headers)
    name = table.names.get(error.code, table.otherwise)
    if error.code in _UNAUTHENTICATED:
        return _answer(name, error.code, status=401, headers={"WWW-Authenticate": _challenge(error, name)})
    if name == "invalid_client":
        # The scheme that such a client has used; a token endpoint knows no Bearer. Spec: RFC 6749 §5.2
        return _answer(name, error.code, status=401, headers={"WWW-Authenticate": 'Basic realm="token"'})
    return _answer(name, error.code, status=413 if error.code == "limit_exceeded" else 400, headers={})


def refused_document(error: Error, request: Request) -> Response:
    """Return a problem document; 404 for what is not, is no longer, or never was under its name."""
    language = preferred_language(request.headers.get("accept-language"))
    return problem(error, language, status=404 if error.code in _NOT_HERE else None)


def _challenge(error: Error, name: str) -> str:
    """A request without any token learns only that one is needed. Spec: RFC 6750 §3.1."""
    if error.code == "access_token_missing":
        return "Bearer"
    return f'Bearer error="{name}", error_description="{error.code}"'


def _answer(name: str, code: str, *, status: int, headers: Mapping[str, str]) -> Response:
    content = ErrorResponse(error=name, error_description=code).to_json()
    return json_answer(content, status=status, headers={**NO_STORE, **headers})
