"""HTTP for those who will judge without a network: the signed trust pack, public and cacheable."""

from fastapi import APIRouter, Request, Response

from portadoc.formats.trust_pack import MEDIA_TYPE
from portadoc.verifier.service import Verifier


def trust_pack_router(verifier: Verifier) -> APIRouter:
    """Return the routes of the packs: each institution's own, and that of the first one at the root."""
    router = APIRouter()

    @router.get("/verifier/{institution}/trust/pack")
    def show_trust_pack(institution: str, request: Request) -> Response:
        """Return the trust pack of an institution that verifies here."""
        return _answer(verifier, institution, request)

    @router.get("/trust/pack")
    def show_first_trust_pack(request: Request) -> Response:
        """Return the trust pack of the operator: the first institution of the settings that verifies."""
        return _answer(verifier, verifier.operator, request)

    return router


def _answer(verifier: Verifier, slug: str, request: Request) -> Response:
    pack = verifier.trust_pack(slug)
    max_age_s = verifier.settings.trust_pack.renew_s
    etag = f'"{pack.sequence}"'
    headers = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={max_age_s}",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag",
    }
    if request.headers.get("if-none-match", "").strip() in (etag, f"W/{etag}", "*"):
        return Response(status_code=304, headers=headers)
    return Response(pack.pack, media_type=MEDIA_TYPE, headers=headers)
