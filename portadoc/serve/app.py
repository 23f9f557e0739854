"""All roles behind one origin: their routes, the well-known documents at the root, trust, and the first page."""

import ssl
from collections.abc import Callable

from fastapi import APIRouter, FastAPI, Response

from portadoc import __version__
from portadoc.formats import strict_json
from portadoc.issuer.management import management_router as issuer_management
from portadoc.issuer.openid4vci import wallet_router as issuer_routes
from portadoc.keys.trust.trust_file import trust_to_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.serve.house import House
from portadoc.tour.pages import tour_router
from portadoc.verifier.http.browser_api import browser_api_router
from portadoc.verifier.http.management import management_router as verifier_management
from portadoc.verifier.http.openid4vp import wallet_router as verifier_routes
from portadoc.verifier.http.pages import page_router as verifier_pages
from portadoc.verifier.http.trust_pack import trust_pack_router
from portadoc.web.app import install_problems, protect

_MAX_AGE_S = 300


def create_app(house: House) -> FastAPI:
    """Return the application of a house: wallet-facing routes, management on loopback, pages."""
    app = FastAPI(title="Portadoc", version=__version__, openapi_url=None)
    for router in (
        issuer_routes(house.issuer),
        issuer_management(house.issuer),
        verifier_routes(house.verifier),
        verifier_management(house.verifier),
        verifier_pages(house.verifier),
        browser_api_router(house.verifier),
        trust_pack_router(house.verifier),
        trust_router(house.verifier.trust_lists.current),
        tour_router(house.issuer, house.verifier, house.wallet),
    ):
        app.include_router(router)
    install_problems(app)
    protect(app)
    return app


def trust_router(in_force: Callable[[], TrustStore]) -> APIRouter:
    """Return the routes that publish whom this installation trusts now; both documents are public."""
    router = APIRouter(prefix="/trust")

    @router.get("")
    def show_trust() -> Response:
        """Return whom this installation trusts, and for what."""
        return _cacheable(strict_json.dumps(trust_to_json(in_force())), "application/json")

    @router.get("/anchors.pem")
    def show_anchors() -> Response:
        """Return the trust anchors as PEM."""
        certificates = sorted({anchor.certificate for anchor in in_force().anchors})
        return _cacheable("".join(map(ssl.DER_cert_to_PEM_cert, certificates)).encode(), "application/x-pem-file")

    return router


def _cacheable(body: bytes, media_type: str) -> Response:
    headers = {"Cache-Control": f"public, max-age={_MAX_AGE_S}", "Access-Control-Allow-Origin": "*"}
    return Response(body, headers=headers, media_type=media_type)
