"""HTTP for the browser that a wallet opened: who is it, what can they get, do they agree.

Server-rendered, without a script. A cookie, made anew for each authorization, ties it to the browser that began;
what changes something is taken from our own pages only. Spec: RFC 6749 §4.1, RFC 9126 §4, RFC 9700 §4.7.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.issuer.identification.service import Identification
from portadoc.issuer.pages.authorize_page import Pages, see
from portadoc.web.answers import refusing_route
from portadoc.web.forms import parse_form
from portadoc.web.origin import require_same_origin

COOKIE: Final = "portadoc-authorize"
_PREFIX: Final = "/issuer/{institution}/authorize"


def authorize_router(identification: Identification, pages: Pages) -> APIRouter:
    """Return the authorization endpoint and its pages, and their static files."""
    router = APIRouter(route_class=refusing_route(pages.stopped))
    router.include_router(_way_in(identification, pages))
    router.include_router(_ways_to_identify(identification, pages))
    router.include_router(_decision(identification, pages))
    return router


def _secret(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


Secret = Annotated[str, Depends(_secret)]


def _way_in(identification: Identification, pages: Pages) -> APIRouter:
    router = APIRouter(route_class=refusing_route(pages.stopped))

    @router.get(_PREFIX)
    def begin(institution: str, request: Request) -> Response:
        """Begin the authorization that a wallet has pushed, in this browser. Spec: RFC 9126 §4."""
        asked = parse_form(request.scope["query_string"])
        begun = identification.begin(
            institution, client_id=asked.get("client_id", ""), request_uri=asked.get("request_uri", "")
        )
        response = see(f"/issuer/{institution}/authorize/{begun.authorization.authorization_id}")
        response.set_cookie(
            COOKIE,
            begun.browser_secret,
            path=f"/issuer/{institution}/authorize",
            httponly=True,
            samesite="lax",  # strict would leave out the cookie on the way back from the wallet or the provider
            secure=pages.site.startswith("https:"),
        )
        return response

    @router.get(f"{_PREFIX}/callback")
    def come_from_provider(institution: str, request: Request, secret: Secret) -> Response:
        """Take the answer of an identity provider. Spec: OIDC Core 1.0 §3.1.2.5, RFC 9207."""
        answer = parse_form(request.scope["query_string"])
        found = identification.came_from_provider(institution, answer, browser_secret=secret)
        return see(f"/issuer/{institution}/authorize/{found.authorization_id}")

    @router.get(f"{_PREFIX}/{{authorization_id}}")
    def show(institution: str, authorization_id: str, request: Request, secret: Secret) -> Response:
        """Return the page of an authorization: how to identify, or what the wallet will get."""
        standing = identification.standing(institution, authorization_id, browser_secret=secret)
        if standing.certificates:
            return pages.certificates(request, standing)
        declined = request.query_params.get("shown") == "nothing"
        return pages.choose(request, standing, identification.ways(institution), declined=declined)

    return router


def _ways_to_identify(identification: Identification, pages: Pages) -> APIRouter:
    router = APIRouter(prefix=f"{_PREFIX}/{{authorization_id}}", route_class=refusing_route(pages.stopped))

    @router.post("/pid")
    def ask_wallet(institution: str, authorization_id: str, request: Request, secret: Secret) -> Response:
        """Make a request for the PID of the wallet on this device."""
        require_same_origin(request, origin=pages.site)
        asked = identification.ask_wallet(institution, authorization_id, browser_secret=secret)
        return see(f"/issuer/{institution}/authorize/{authorization_id}/pid/{asked.attempt_id}")

    @router.get("/pid/{attempt_id}")
    def show_link(
        institution: str, authorization_id: str, attempt_id: str, request: Request, secret: Secret
    ) -> Response:
        """Return the page with the link that opens the wallet on this device; there is no way across devices."""
        link = identification.asked(institution, authorization_id, attempt_id, browser_secret=secret)
        standing = identification.standing(institution, authorization_id, browser_secret=secret)
        return pages.open_wallet(request, standing, link)

    @router.get("/return")
    def come_from_wallet(institution: str, authorization_id: str, request: Request, secret: Secret) -> Response:
        """Take what the wallet has shown, in the browser that began only. Spec: OpenID4VP 1.0 §13.3."""
        code = parse_form(request.scope["query_string"]).get("response_code", "")
        shown = identification.came_from_wallet(institution, authorization_id, code, browser_secret=secret)
        place = f"/issuer/{institution}/authorize/{authorization_id}"
        return see(place if shown else f"{place}?shown=nothing")

    @router.get("/provider/{provider_id}")
    def go_to_provider(institution: str, authorization_id: str, provider_id: str, secret: Secret) -> Response:
        """Send the browser to an identity provider. Spec: OIDC Core 1.0 §3.1.2.1."""
        return see(
            identification.go_to_provider(institution, authorization_id, provider_id, browser_secret=secret)
        )

    return router


def _decision(identification: Identification, pages: Pages) -> APIRouter:
    router = APIRouter(prefix=f"{_PREFIX}/{{authorization_id}}", route_class=refusing_route(pages.stopped))

    @router.post("/approve")
    def approve(institution: str, authorization_id: str, request: Request, secret: Secret) -> Response:
        """Send the browser to the wallet with a code. Spec: RFC 6749 §4.1.2, RFC 9207."""
        require_same_origin(request, origin=pages.site)
        return see(identification.approve(institution, authorization_id, browser_secret=secret))

    @router.post("/refuse")
    def refuse(institution: str, authorization_id: str, request: Request, secret: Secret) -> Response:
        """Send the browser to the wallet with ``access_denied``. Spec: RFC 6749 §4.1.2.1."""
        require_same_origin(request, origin=pages.site)
        return see(identification.refuse(institution, authorization_id, browser_secret=secret))

    return router
