"""All roles behind one origin: their routes, the well-known documents at the root, trust, and the first page."""

import ssl
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI, Response

from portadoc import __version__, catalogue, i18n
from portadoc.formats import strict_json
from portadoc.inspector.http.app_api import device_router
from portadoc.inspector.http.app_files import app_router, packaged_app
from portadoc.inspector.http.office_pages import office_router
from portadoc.inspector.http.uploads import MAX_UPLOAD_BYTES
from portadoc.issuer.http.authentic_source import authentic_source_router
from portadoc.issuer.http.authorize import authorize_router
from portadoc.issuer.http.offers import offer_page_router
from portadoc.issuer.http.presentations import presentation_router
from portadoc.issuer.http.seals import seal_router
from portadoc.issuer.management import management_router as issuer_management
from portadoc.issuer.openid4vci import wallet_router as issuer_routes
from portadoc.issuer.pages.authorize_page import Pages
from portadoc.keys.trust.trust_file import trust_to_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.portal.attachments.attachments import MAX_REQUEST_BYTES
from portadoc.portal.http.attaching import attaching_router
from portadoc.portal.http.machines.machine_api import machine_api_router
from portadoc.portal.http.portal_pages import portal_router
from portadoc.portal.http.refusals import RefusalsAsPages
from portadoc.portal.login.routes import machine_router
from portadoc.portal.pages.case_view import ATTACHMENTS_PATH
from portadoc.schemas.profiles import Mode
from portadoc.serve.development.login import DevelopmentLogin, development_login_router
from portadoc.serve.house import House
from portadoc.serve.own_anchors import OwnAnchors, own_anchors_router
from portadoc.tour.pages import tour_router
from portadoc.verifier.http.browser_api import browser_api_router
from portadoc.verifier.http.management import management_router as verifier_management
from portadoc.verifier.http.openid4vp import wallet_router as verifier_routes
from portadoc.verifier.http.pages import page_router as verifier_pages
from portadoc.verifier.http.trust_pack import trust_pack_router
from portadoc.wallet_sim.nearby.pages import nearby_router
from portadoc.web.app import install_problems, protect
from portadoc.web.pages.page_files import load_templates

_MAX_AGE_S = 300
_WITH_PAGES = (
    "portadoc.inspector.pages",
    "portadoc.issuer.pages",
    "portadoc.portal.pages",
    "portadoc.tour",
    "portadoc.verifier.pages",
    "portadoc.wallet_sim.nearby",
)
_MESSAGE_HEAD_BYTES = 16 * 1024


def create_app(house: House, *, lan_authority: Path | None = None) -> FastAPI:
    """Return the application of a house: wallet-facing routes, management on loopback, pages.

    ``lan_authority`` is the certificate (PEM) that phones install where the house serves a local network.
    """
    app = FastAPI(title="Portadoc", version=__version__, openapi_url=None)
    for router in (
        issuer_routes(house.issuer),
        issuer_management(house.issuer),
        seal_router(house.issuer),
        offer_page_router(house.issuer),
        authorize_router(house.identification, Pages(house.issuer.settings)),
        presentation_router(house.identification),
        authentic_source_router(house.issuer),
        verifier_routes(house.verifier),
        verifier_management(house.verifier),
        verifier_pages(house.verifier),
        browser_api_router(house.verifier),
        trust_pack_router(house.verifier),
        trust_router(house.verifier.trust_lists.current),
        own_anchors_router(OwnAnchors(house.settings, house.key_ring, house.trust, house.clock)),
        tour_router(house.issuer, house.verifier, house.wallet),
        nearby_router(house.wallet, base_url=house.settings.base_url),
        device_router(house.inspector),
        office_router(house.inspector),
        portal_router(house.portal.portal, house.portal.login),
        machine_router(house.portal.login),
        machine_api_router(house.portal.portal, house.portal.login),
        attaching_router(house.portal.portal, house.portal.login, house.portal.attachments),
        *development_routers(house),
        *([] if lan_authority is None else [lan_router(lan_authority)]),
        app_router(packaged_app()),
    ):
        app.include_router(router)
    install_problems(app)
    protect(app, body_bytes_by_path=_body_bytes(house))
    app.add_middleware(RefusalsAsPages)
    load_words()
    return app


def load_words() -> None:
    """Read every text and template of the house now: files that change later do not trouble what runs."""
    catalogue.load_all()
    i18n.load_all()
    for package in _WITH_PAGES:
        load_templates(package)


def _body_bytes(house: House) -> dict[str, int]:
    """Return how much the body of a request may hold where it is not the usual: photographs, attachments."""
    entry_bytes = house.inspector.settings.max_entry_bytes * 4 // 3 + _MESSAGE_HEAD_BYTES
    return {
        "/inspect/api/entries/": entry_bytes,
        "/inspect/office/": MAX_UPLOAD_BYTES,
        ATTACHMENTS_PATH: MAX_REQUEST_BYTES + _MESSAGE_HEAD_BYTES,
    }


def development_routers(house: House) -> tuple[APIRouter, ...]:
    """Return the sign-in of the example people, which is there in development only."""
    settings = house.settings
    if settings.mode != Mode.DEVELOPMENT:
        return ()
    provider = DevelopmentLogin(
        settings.base_url,
        mode=settings.mode,
        data_dir=settings.data_dir.resolve(),
        clock=house.clock,
        random_bytes=house.random_bytes,
    )
    return (development_login_router(provider),)


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


def lan_router(authority: Path) -> APIRouter:
    """Return the route by which a phone gets the certificate authority of the local network."""
    router = APIRouter(prefix="/inspect")

    @router.get("/lan-ca.pem")
    def show_authority() -> Response:
        """Return the certificate; whoever installs it compares its SHA-256 with the one on the terminal."""
        headers = {"Content-Disposition": 'attachment; filename="portadoc-lan-ca.pem"'}
        return Response(authority.read_bytes(), headers=headers, media_type="application/x-x509-ca-cert")

    return router


def _cacheable(body: bytes, media_type: str) -> Response:
    headers = {"Cache-Control": f"public, max-age={_MAX_AGE_S}", "Access-Control-Allow-Origin": "*"}
    return Response(body, headers=headers, media_type=media_type)
