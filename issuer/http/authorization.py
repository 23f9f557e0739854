"""HTTP of the authorization server: pushed requests, tokens, and the challenges for what wallets prove.

Spec: OpenID4VCI 1.0 §5 to §7, RFC 9126, RFC 9449; Attestation-Based Client Authentication (draft 10).
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Malformed
from portadoc.issuer.authorization.requesters import RequestHead
from portadoc.issuer.protocol_errors import (
    CLIENT_ATTESTATION_HEADER,
    CLIENT_ATTESTATION_POP_HEADER,
    NONCE_ERRORS,
    PUSHED_REQUEST_ERRORS,
    TOKEN_ERRORS,
    protocol_route,
)
from portadoc.issuer.service import Issuer
from portadoc.schemas.openid4vci import (
    ATTESTATION_CHALLENGE_HEADER,
    DPOP_NONCE_HEADER,
    AttestationChallengeResponse,
    NonceResponse,
    PushedAuthorizationRequest,
    TokenRequest,
    read_message,
)
from portadoc.web.answers import NO_STORE, json_answer
from portadoc.web.bodies import read_form
from portadoc.web.origin import source_of

_CLIENT_SECRETS: Final = frozenset({"client_secret", "client_assertion"})

Form = Annotated[dict[str, str], Depends(read_form)]


def authorization_router(issuer: Issuer) -> APIRouter:
    """Return every endpoint of the authorization server that a wallet calls by itself."""
    router = APIRouter()
    for part in (token_router, pushed_request_router, nonce_router):
        router.include_router(part(issuer))
    return router


def token_router(issuer: Issuer) -> APIRouter:
    """Return the token endpoint. Spec: OpenID4VCI 1.0 §6."""
    router = APIRouter(route_class=protocol_route(TOKEN_ERRORS))

    @router.post("/issuer/{institution}/token")
    def redeem_code(institution: str, form: Form, request: Request) -> Response:
        """Exchange a code or a refresh token for an access token. Spec: OpenID4VCI 1.0 §6."""
        _require_no_secret(request, form)
        asked = read_message(TokenRequest, form)
        granted = issuer.redeem(institution, asked, head=_head(issuer, request))
        headers = {**NO_STORE, "Pragma": "no-cache", **_next(issuer, institution, request)}  # RFC 6749 §5.1
        return json_answer(granted.to_json(), headers=headers)

    return router


def pushed_request_router(issuer: Issuer) -> APIRouter:
    """Return the pushed authorization request endpoint. Spec: RFC 9126 §2."""
    router = APIRouter(route_class=protocol_route(PUSHED_REQUEST_ERRORS))

    @router.post("/issuer/{institution}/par")
    def push_request(institution: str, form: Form, request: Request) -> Response:
        """Keep an authorization request for the browser that brings it. Spec: RFC 9126 §2.1, §2.2."""
        _require_no_secret(request, form)
        asked = read_message(PushedAuthorizationRequest, form)
        kept = issuer.push(institution, asked, head=_head(issuer, request))
        headers = {**NO_STORE, **_next(issuer, institution, request)}
        return json_answer(kept.to_json(), status=201, headers=headers)

    return router


def nonce_router(issuer: Issuer) -> APIRouter:
    """Return the endpoints of challenges, open to anyone. Spec: OpenID4VCI 1.0 §7."""
    router = APIRouter(route_class=protocol_route(NONCE_ERRORS))

    @router.post("/issuer/{institution}/nonce")
    def make_nonce(institution: str) -> Response:
        """Return a fresh challenge for key proofs, and one for DPoP proofs beside it. Spec: OpenID4VCI 1.0 §7."""
        content = NonceResponse(c_nonce=issuer.new_nonce(institution)).to_json()
        headers = {**NO_STORE, DPOP_NONCE_HEADER: issuer.new_dpop_nonce(institution)}
        return json_answer(content, headers=headers)

    @router.post("/issuer/{institution}/challenge")
    def make_challenge(institution: str) -> Response:
        """Return a fresh challenge for the proof of a client attestation. Spec: draft -10, Challenge Endpoint."""
        fresh = issuer.new_attestation_challenge(institution)
        return json_answer(AttestationChallengeResponse(attestation_challenge=fresh).to_json())

    return router


def _head(issuer: Issuer, request: Request) -> RequestHead:
    return RequestHead(
        method=request.method,
        path=request.url.path,
        dpop_proofs=tuple(request.headers.getlist("dpop")),
        attestations=tuple(request.headers.getlist(CLIENT_ATTESTATION_HEADER)),
        attestation_pops=tuple(request.headers.getlist(CLIENT_ATTESTATION_POP_HEADER)),
        source=source_of(request, issuer.settings.code_address_header),
    )


def _next(issuer: Issuer, institution: str, request: Request) -> dict[str, str]:
    """Return the challenges for the proofs of the next request, of the kinds that came with this one."""
    headers = {}
    if "dpop" in request.headers:
        headers[DPOP_NONCE_HEADER] = issuer.new_dpop_nonce(institution)
    if CLIENT_ATTESTATION_HEADER in request.headers:
        headers[ATTESTATION_CHALLENGE_HEADER] = issuer.new_attestation_challenge(institution)
    return headers


def _require_no_secret(request: Request, form: dict[str, str]) -> None:
    """Refuse ways of client authentication that nobody here has. Spec: RFC 6749 §5.2."""
    if "authorization" in request.headers or not form.keys().isdisjoint(_CLIENT_SECRETS):
        raise Malformed("client_authentication_unsupported", spec="RFC 6749 §5.2")
