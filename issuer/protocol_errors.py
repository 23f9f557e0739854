"""Our refusals in the words of the protocols: the one place where their error names stand.

A code that no table names is told as the plainest error of its endpoint. ``error_description`` is our own code.
Faults of ours are no protocol errors: they go on to the outer edge. Spec: RFC 6749 §5.2, RFC 6750 §3.1,
RFC 9126 §2.3, RFC 9396 §5, RFC 9449 §5, §7.1, OpenID4VCI 1.0 §6.3, §8.3.1, §11.3; Attestation-Based Client
Authentication (draft 10).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from fastapi.routing import APIRoute

from portadoc.errors import Error, Unavailable
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.schemas.openid4vci import ATTESTATION_CHALLENGE_HEADER, DPOP_NONCE_HEADER, ErrorResponse
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
CLIENT_ATTESTATION_HEADER: Final = "OAuth-Client-Attestation"
CLIENT_ATTESTATION_POP_HEADER: Final = "OAuth-Client-Attestation-PoP"
_TOO_MANY_REQUESTS: Final = 429
_BY_TOKEN: Final = {
    "access_token_missing": "invalid_token",
    "access_token_invalid": "invalid_token",
    "token_proof_invalid": "invalid_dpop_proof",
    "token_nonce_required": "use_dpop_nonce",
}
"""Refusals of who asks with a token: the same at every endpoint. Spec: RFC 6750 §3.1, RFC 9449 §7.1, §9"""
_BY_CLIENT: Final = {
    "client_authentication_unsupported": "invalid_client",
    "client_authentication_missing": "invalid_client",
    "client_attestation_invalid": "invalid_client",
    "attestation_challenge_required": "use_attestation_challenge",
    "dpop_proof_missing": "invalid_dpop_proof",
    "dpop_proof_invalid": "invalid_dpop_proof",
    "dpop_nonce_required": "use_dpop_nonce",
}
"""Refusals of who asks the authorization server."""


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
        "refresh_token_unusable": "invalid_grant",
        "pkce_mismatch": "invalid_grant",
        "redirect_uri_differs": "invalid_grant",
        "dpop_key_differs": "invalid_grant",
        "configuration_not_granted": "invalid_grant",
        "resource_unknown": "invalid_target",
        "scope_unknown": "invalid_scope",
        "authorization_details_invalid": "invalid_authorization_details",
        **_BY_CLIENT,
    },
)
PUSHED_REQUEST_ERRORS: Final = ErrorTable(
    otherwise="invalid_request",
    names={
        "grant_type_unsupported": "unauthorized_client",
        "response_type_unsupported": "unsupported_response_type",
        "resource_unknown": "invalid_target",
        "scope_unknown": "invalid_scope",
        "authorization_details_invalid": "invalid_authorization_details",
        "dpop_key_differs": "invalid_dpop_proof",
        **_BY_CLIENT,
    },
)
NONCE_ERRORS: Final = ErrorTable(otherwise="invalid_request", names={})
CREDENTIAL_ERRORS: Final = ErrorTable(
    otherwise="invalid_credential_request",
    names={
        "access_token_in_query": "invalid_request",
        "credential_configuration_unknown": "unknown_credential_configuration",
        "credential_identifier_unknown": "unknown_credential_identifier",
        "encryption_required": "invalid_encryption_parameters",
        "encryption_invalid": "invalid_encryption_parameters",
        "response_key_in_clear": "invalid_encryption_parameters",
        "key_attestation_invalid": "invalid_proof",
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
        "deferral_unreachable": "credential_request_denied",
        "record_withdrawn": "credential_request_denied",
        "record_expired": "credential_request_denied",
        "record_unknown": "credential_request_denied",
        "record_refused": "credential_request_denied",
        "record_of_other_institution": "credential_request_denied",
        "legislation_of_other_state": "credential_request_denied",
        "projection_kind_differs": "credential_request_denied",
        "projection_cannot_carry": "credential_request_denied",
    },
)
DEFERRED_ERRORS: Final = ErrorTable(
    otherwise=CREDENTIAL_ERRORS.otherwise,
    names={**CREDENTIAL_ERRORS.names, "transaction_unknown": "invalid_transaction_id"},
)
NOTIFICATION_ERRORS: Final = ErrorTable(
    otherwise="invalid_notification_request",
    names={
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
        status = _TOO_MANY_REQUESTS if error.code == "too_many_tries" else 503
        return _answer("temporarily_unavailable", error.code, status=status, headers=headers)
    if error.code in _BY_TOKEN:
        headers = {"WWW-Authenticate": _challenge(error), **_fresh(error)}
        return _answer(_BY_TOKEN[error.code], error.code, status=401, headers=headers)
    name = table.names.get(error.code, table.otherwise)
    if name == "invalid_client":
        # The scheme that such a client has used; a token endpoint knows no Bearer. Spec: RFC 6749 §5.2
        return _answer(name, error.code, status=401, headers={"WWW-Authenticate": 'Basic realm="token"'})
    return _answer(name, error.code, status=413 if error.code == "limit_exceeded" else 400, headers=_fresh(error))


def refused_document(error: Error, request: Request) -> Response:
    """Return a problem document; 404 for what is not, is no longer, or never was under its name."""
    language = preferred_language(request.headers.get("accept-language"))
    return problem(error, language, status=404 if error.code in _NOT_HERE else None)


def _challenge(error: Error) -> str:
    """Return a challenge for each scheme that could do, DPoP's with its algorithms.

    A request without any token learns only that one is needed. Spec: RFC 6750 §3.1, RFC 9449 §7.1.
    """
    algs = f'algs="{" ".join(sorted(ALL_ALGORITHMS))}"'
    told = [f'error="{_BY_TOKEN[error.code]}"', f'error_description="{error.code}"']
    if error.code == "access_token_missing":
        told = []
    schemes = str(error.params.get("scheme", "DPoP")).split(" ")
    challenges = (f"{each} {', '.join([*told, algs] if each == 'DPoP' else told)}".strip() for each in schemes)
    return ", ".join(challenges)


def _fresh(error: Error) -> dict[str, str]:
    """Return the header with the challenge that a refused proof has lacked. Spec: RFC 9449 §8, draft -10."""
    names = {"nonce": DPOP_NONCE_HEADER, "challenge": ATTESTATION_CHALLENGE_HEADER}
    return {header: str(error.params[name]) for name, header in names.items() if name in error.params}


def _answer(name: str, code: str, *, status: int, headers: Mapping[str, str]) -> Response:
    content = ErrorResponse(error=name, error_description=code).to_json()
    return json_answer(content, status=status, headers={**NO_STORE, **headers})
