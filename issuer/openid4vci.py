"""HTTP for wallets: OpenID4VCI 1.0 and the documents that go with it. Parses, calls one service method, answers.

Endpoints that touch the database are plain functions, so they run in the thread pool; bodies are read before.
A DPoP proof is tolerated and not looked at: access tokens are bearer tokens of five minutes until sender
constraint comes, and the metadata promises nothing else.
"""

import re
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Malformed, Refused
from portadoc.formats.status_list.claims import FORM_OF_MEDIA_TYPE, StatusListForm
from portadoc.formats.withdrawal_list import MEDIA_TYPE as WITHDRAWALS_TYPE
from portadoc.issuer.protocol_errors import (
    CREDENTIAL_ERRORS,
    NONCE_ERRORS,
    NOTIFICATION_ERRORS,
    TOKEN_ERRORS,
    document_route,
    protocol_route,
)
from portadoc.issuer.service import Issuer
from portadoc.issuer.store.token_store import Grant
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import (
    CredentialRequest,
    NonceResponse,
    NotificationRequest,
    TokenRequest,
    read_message,
)
from portadoc.schemas.type_metadata import card_template, type_metadata
from portadoc.web.answers import JSON_TYPE, NO_STORE, json_answer
from portadoc.web.bodies import read_form, read_json_object
from portadoc.web.language import preferred_media_type

JWT_TYPE: Final = "application/jwt"
SVG_TYPE: Final = "image/svg+xml"
PUBLIC: Final = {"Access-Control-Allow-Origin": "*"}
DOCUMENT_MAX_AGE_S: Final = 300
STATUS_MAX_AGE_S: Final = 60
_CLIENT_SECRETS: Final = frozenset({"client_secret", "client_assertion"})
_AUTHORIZATION: Final = re.compile(r"(?i:bearer|dpop) +([A-Za-z0-9\-._~+/]{1,512}=*)")

Form = Annotated[dict[str, str], Depends(read_form)]
Body = Annotated[JsonObject, Depends(read_json_object)]


async def access_token(request: Request) -> str:
    """Return the access token of the one Authorization header, scheme Bearer or DPoP; unverified.

    Raises: Malformed[access_token_in_query], Refused[access_token_missing], Refused[access_token_invalid].
    Spec: RFC 6750 §2.1, §3.1; RFC 9449 §7.1.
    """
    if "access_token" in request.query_params:
        raise Malformed("access_token_in_query", spec="RFC 6750 §2")
    values = request.headers.getlist("authorization")
    if not values:
        raise Refused("access_token_missing", spec="RFC 6750 §3")
    found = _AUTHORIZATION.fullmatch(values[0])
    if len(values) != 1 or found is None:
        raise Refused("access_token_invalid", spec="RFC 6750 §2.1")
    return found[1]


def _granted(issuer: Issuer) -> Callable[..., Grant]:
    """Return a dependency that comes before the body: who may not ask learns nothing about the question."""

    def grant_of(institution: str, token: Annotated[str, Depends(access_token)]) -> Grant:
        return issuer.grant_of(institution, token)

    return grant_of


def token_router(issuer: Issuer) -> APIRouter:
    """Return the token endpoint. Spec: OpenID4VCI 1.0 §6."""
    router = APIRouter(route_class=protocol_route(TOKEN_ERRORS))

    @router.post("/issuer/{institution}/token")
    def redeem_code(institution: str, form: Form, request: Request) -> Response:
        """Exchange a pre-authorised code (and transaction code) for an access token. Spec: OpenID4VCI 1.0 §6."""
        if "authorization" in request.headers or not form.keys().isdisjoint(_CLIENT_SECRETS):
            raise Malformed("client_authentication_unsupported", spec="RFC 6749 §5.2")
        granted = issuer.redeem(institution, read_message(TokenRequest, form))
        return json_answer(granted.to_json(), headers={**NO_STORE, "Pragma": "no-cache"})  # both: RFC 6749 §5.1

    return router


def nonce_router(issuer: Issuer) -> APIRouter:
    """Return the nonce endpoint, open to anyone. Spec: OpenID4VCI 1.0 §7."""
    router = APIRouter(route_class=protocol_route(NONCE_ERRORS))

    @router.post("/issuer/{institution}/nonce")
    def make_nonce(institution: str) -> Response:
        """Return a fresh challenge for key proofs. Spec: OpenID4VCI 1.0 §7."""
        return json_answer(NonceResponse(c_nonce=issuer.new_nonce(institution)).to_json())

    return router


def credential_router(issuer: Issuer) -> APIRouter:
    """Return the credential endpoint. Spec: OpenID4VCI 1.0 §8."""
    router = APIRouter(route_class=protocol_route(CREDENTIAL_ERRORS))

    @router.post("/issuer/{institution}/credential")
    def issue_credential(grant: Annotated[Grant, Depends(_granted(issuer))], body: Body) -> Response:
        """Return one signed copy for each key proven. Spec: OpenID4VCI 1.0 §8."""
        response = issuer.issuance.issue(grant, read_message(CredentialRequest, body))
        return json_answer(response.to_json())

    return router


def notification_router(issuer: Issuer) -> APIRouter:
    """Return the notification endpoint. Spec: OpenID4VCI 1.0 §11."""
    router = APIRouter(route_class=protocol_route(NOTIFICATION_ERRORS))

    @router.post("/issuer/{institution}/notification")
    def take_notification(grant: Annotated[Grant, Depends(_granted(issuer))], body: Body) -> Response:
        """Keep what the wallet reports of the credentials it received. Spec: OpenID4VCI 1.0 §11."""
        issuer.notify(grant, read_message(NotificationRequest, body))
        return Response(status_code=204, headers=NO_STORE)

    return router


def document_router(issuer: Issuer) -> APIRouter:
    """Return what is read with GET: offers by reference, status lists, types. Nothing here signs or writes."""
    router = APIRouter(route_class=document_route())

    @router.get("/issuer/{institution}/offers/{reference}")
    def show_offer(institution: str, reference: str) -> Response:
        """Return a credential offer by reference. Spec: OpenID4VCI 1.0 §4.1.3."""
        offer = issuer.offer_by_reference(institution, reference)
        return json_answer(offer.to_json(), headers={**NO_STORE, **PUBLIC})

    @router.get("/status/{list_id}")
    def show_status_list(list_id: str, request: Request) -> Response:
        """Return a status list token as it was published, with its ETag, as a JWT unless a CWT is preferred.

        Spec: Token Status List §8.1, §8.2.
        """
        if "time" in request.query_params:
            raise Refused("status_history_unsupported", spec="Token Status List §8.4")
        wanted = preferred_media_type(request.headers.get("accept"), tuple(FORM_OF_MEDIA_TYPE))
        form = FORM_OF_MEDIA_TYPE[wanted] if wanted else StatusListForm.JWT
        published = issuer.status_lists.published(list_id, form)
        max_age_s = min(STATUS_MAX_AGE_S, published.seconds_left)
        headers = {**PUBLIC, **_cacheable(max_age_s), "ETag": published.etag, "Vary": "Accept"}
        if _is_known(published.etag, request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(published.token, headers=headers, media_type=form.media_type)

    @router.get("/status/{list_id}/withdrawals")
    def show_withdrawals(list_id: str, request: Request) -> Response:
        """Return from when and why entries of a status list were withdrawn: the signed list, with its ETag."""
        published = issuer.status_lists.published_withdrawals(list_id)
        max_age_s = min(STATUS_MAX_AGE_S, published.seconds_left)
        headers = {**PUBLIC, **_cacheable(max_age_s), "ETag": published.etag}
        if _is_known(published.etag, request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(published.token, headers=headers, media_type=WITHDRAWALS_TYPE)

    @router.get("/issuer/{institution}/status-lists")
    def show_aggregation(institution: str) -> Response:
        """Return the addresses of the institution's status lists. Spec: Token Status List §9."""
        headers = {**PUBLIC, **_cacheable(STATUS_MAX_AGE_S)}
        return json_answer(issuer.status_lists.aggregation(institution), headers=headers)

    @router.get("/types/{vct}")
    def show_type(vct: str) -> Response:
        """Return the Type Metadata of a credential type. Spec: SD-JWT VC §4."""
        headers = {**PUBLIC, **_cacheable(DOCUMENT_MAX_AGE_S)}
        return Response(type_metadata(vct), headers=headers, media_type=JSON_TYPE)

    @router.get("/types/{vct}/cards/{language}.svg")
    def show_card(vct: str, language: str) -> Response:
        """Return the SVG template of a type's card in one language. Spec: SD-JWT VC, SVG Rendering."""
        headers = {**PUBLIC, **_cacheable(DOCUMENT_MAX_AGE_S)}
        return Response(card_template(vct, language), headers=headers, media_type=SVG_TYPE)

    return router


def well_known_router(issuer: Issuer) -> APIRouter:
    """Return the metadata documents, their well-known part between host and path. Spec: §12.2.2, RFC 8414 §3."""
    router = APIRouter(prefix="/.well-known", route_class=document_route())
    metadata = issuer.metadata

    @router.get("/openid-credential-issuer/issuer/{institution}")
    def show_issuer(institution: str, request: Request) -> Response:
        """Return the issuer metadata, signed when the wallet prefers it. Spec: OpenID4VCI 1.0 §12.2."""
        headers = {**PUBLIC, **_cacheable(DOCUMENT_MAX_AGE_S), "Vary": "Accept"}
        if preferred_media_type(request.headers.get("accept"), (JSON_TYPE, JWT_TYPE)) == JWT_TYPE:
            return Response(metadata.signed_issuer(institution), headers=headers, media_type=JWT_TYPE)
        return json_answer(metadata.issuer(institution).to_json(), headers=headers)

    @router.get("/oauth-authorization-server/issuer/{institution}")
    def show_authorization_server(institution: str) -> Response:
        """Return the authorisation server metadata. Spec: RFC 8414 §3."""
        return _document(metadata.authorization_server(institution).to_json())

    @router.get("/jwt-vc-issuer/issuer/{institution}")
    def show_jwt_vc_issuer(institution: str) -> Response:
        """Return the keys that sign credentials. Spec: SD-JWT VC §3."""
        return _document(metadata.jwt_vc_issuer(institution))

    return router


def wallet_router(issuer: Issuer) -> APIRouter:
    """Return every wallet-facing route, with paths from the root of the origin."""
    router = APIRouter()
    for part in (token_router, nonce_router, credential_router, notification_router, document_router):
        router.include_router(part(issuer))
    router.include_router(well_known_router(issuer))
    return router


def _is_known(etag: str, if_none_match: str) -> bool:
    """Tell whether a reader has the very bytes. Spec: RFC 9110 §13.1.2 (weak comparison)."""
    return if_none_match.strip() == "*" or etag in if_none_match


def _document(content: JsonObject) -> Response:
    return json_answer(content, headers={**PUBLIC, **_cacheable(DOCUMENT_MAX_AGE_S)})


def _cacheable(max_age_s: int) -> dict[str, str]:
    return {"Cache-Control": f"public, max-age={max_age_s}"}
