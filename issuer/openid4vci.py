"""HTTP for wallets: OpenID4VCI 1.0 and the documents that go with it. Parses, calls one service method, answers.

Endpoints that touch the database are plain functions, so they run in the thread pool; bodies are read before.
"""

from typing import Final

from fastapi import APIRouter, Request, Response

from portadoc.errors import Refused
from portadoc.formats.status_list.claims import FORM_OF_MEDIA_TYPE, StatusListForm
from portadoc.formats.withdrawal_list import MEDIA_TYPE as WITHDRAWALS_TYPE
from portadoc.issuer.http.authorization import authorization_router
from portadoc.issuer.http.credentials import (
    JWT_TYPE,
    credential_router,
    deferred_router,
    notification_router,
)
from portadoc.issuer.http.granted import granted_request
from portadoc.issuer.protocol_errors import document_route
from portadoc.issuer.service import Issuer
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.type_metadata import card_template, type_metadata
from portadoc.web.answers import JSON_TYPE, NO_STORE, json_answer
from portadoc.web.language import preferred_media_type

SVG_TYPE: Final = "image/svg+xml"
PEM_TYPE: Final = "application/pem-certificate-chain"
PUBLIC: Final = {"Access-Control-Allow-Origin": "*"}
DOCUMENT_MAX_AGE_S: Final = 300
STATUS_MAX_AGE_S: Final = 60


def document_router(issuer: Issuer) -> APIRouter:
    """Return what is read with GET: offers, status lists, certificates. Nothing here signs or writes."""
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

    @router.get("/issuer/{institution}/certificates/{name}.pem")
    def show_certificates(institution: str, name: str) -> Response:
        """Return the chain of a certificate that signs credentials, by its thumbprint. Spec: RFC 7515 §4.1.5."""
        headers = {**PUBLIC, **_cacheable(DOCUMENT_MAX_AGE_S)}
        return Response(issuer.metadata.chain(institution, name), headers=headers, media_type=PEM_TYPE)

    return router


def type_router() -> APIRouter:
    """Return what is read of credential types: their documents and their cards."""
    router = APIRouter(route_class=document_route())

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
    router.include_router(authorization_router(issuer))
    granted = granted_request(issuer)
    for granted_part in (credential_router, deferred_router, notification_router):
        router.include_router(granted_part(issuer, granted))
    router.include_router(document_router(issuer))
    router.include_router(type_router())
    router.include_router(well_known_router(issuer))
    return router


def _is_known(etag: str, if_none_match: str) -> bool:
    """Tell whether a reader has the very bytes. Spec: RFC 9110 §13.1.2 (weak comparison)."""
    return if_none_match.strip() == "*" or etag in if_none_match


def _document(content: JsonObject) -> Response:
    return json_answer(content, headers={**PUBLIC, **_cacheable(DOCUMENT_MAX_AGE_S)})


def _cacheable(max_age_s: int) -> dict[str, str]:
    return {"Cache-Control": f"public, max-age={max_age_s}"}
