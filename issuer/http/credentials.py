"""HTTP for wallets that ask for credentials: now, later, and what became of them. Spec: OpenID4VCI 1.0 §8 to §11.

``granted`` is the dependency that gives the ``Grant`` of the access token, before the body is looked at. No error
is ever encrypted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.issuer.protocol_errors import (
    CREDENTIAL_ERRORS,
    DEFERRED_ERRORS,
    NOTIFICATION_ERRORS,
    protocol_route,
)
from portadoc.issuer.service import Issuer
from portadoc.issuer.store.token_store import Grant
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import (
    CredentialRequest,
    CredentialResponse,
    CredentialResponseEncryption,
    DeferredCredentialRequest,
    NotificationRequest,
    read_message,
)
from portadoc.web.answers import NO_STORE, json_answer
from portadoc.web.bodies import JSON, read_json_object, require_content_type

JWT_TYPE: Final = "application/jwt"
Granted = Callable[..., Grant]
Body = Annotated[JsonObject, Depends(read_json_object)]


@dataclass(frozen=True, slots=True)
class ReceivedBody:
    """A body as it came, unverified: JSON in clear, or a JWT that is encrypted to us."""

    content: bytes
    encrypted: bool


async def received_body(request: Request) -> ReceivedBody:
    """Return the body of a request that may be encrypted. Raises Malformed[content_type_unsupported]."""
    media_type = require_content_type(request, frozenset({JSON, JWT_TYPE}))
    return ReceivedBody(await request.body(), encrypted=media_type == JWT_TYPE)


Received = Annotated[ReceivedBody, Depends(received_body)]


def credential_router(issuer: Issuer, granted: Granted) -> APIRouter:
    """Return the credential endpoint. Spec: OpenID4VCI 1.0 §8."""
    router = APIRouter(route_class=protocol_route(CREDENTIAL_ERRORS))

    @router.post("/issuer/{institution}/credential")
    def issue_credential(grant: Annotated[Grant, Depends(granted)], body: Received) -> Response:
        """Return one signed copy for each key proven, or a transaction to ask for. Spec: OpenID4VCI 1.0 §8."""
        content = issuer.encryption.opened(grant.institution, body.content, encrypted=body.encrypted)
        asked = read_message(CredentialRequest, content)
        issuer.encryption.require_sealable(asked.credential_response_encryption, encrypted=body.encrypted)
        return _answer(issuer, issuer.issuance.issue(grant, asked), asked.credential_response_encryption)

    return router


def deferred_router(issuer: Issuer, granted: Granted) -> APIRouter:
    """Return the deferred credential endpoint. Spec: OpenID4VCI 1.0 §9."""
    router = APIRouter(route_class=protocol_route(DEFERRED_ERRORS))

    @router.post("/issuer/{institution}/deferred")
    def deliver_credential(grant: Annotated[Grant, Depends(granted)], body: Received) -> Response:
        """Return the copies that a transaction waits for, or the transaction again. Spec: OpenID4VCI 1.0 §9."""
        content = issuer.encryption.opened(grant.institution, body.content, encrypted=body.encrypted)
        asked = read_message(DeferredCredentialRequest, content)
        issuer.encryption.require_sealable(asked.credential_response_encryption, encrypted=body.encrypted)
        return _answer(issuer, issuer.issuance.deliver(grant, asked), asked.credential_response_encryption)

    return router


def notification_router(issuer: Issuer, granted: Granted) -> APIRouter:
    """Return the notification endpoint. Spec: OpenID4VCI 1.0 §11."""
    router = APIRouter(route_class=protocol_route(NOTIFICATION_ERRORS))

    @router.post("/issuer/{institution}/notification")
    def take_notification(grant: Annotated[Grant, Depends(granted)], body: Body) -> Response:
        """Keep what the wallet reports of the credentials it received. Spec: OpenID4VCI 1.0 §11."""
        issuer.issuance.notify(grant, read_message(NotificationRequest, body))
        return Response(status_code=204, headers=NO_STORE)

    return router


def _answer(issuer: Issuer, response: CredentialResponse, asked: CredentialResponseEncryption | None) -> Response:
    """Answer in the form that was asked for; nobody keeps it. Spec: OpenID4VCI 1.0 §8.3, §9.2, §10."""
    if asked is None:
        return json_answer(response.to_json(), status=response.status)
    sealed = issuer.encryption.sealed(response, asked)
    return Response(sealed, status_code=response.status, headers=NO_STORE, media_type=JWT_TYPE)
