"""HTTP for the browser that a wallet opened: who is it, what can they get, do they agree.

Server-rendered, without a script. A cookie of its own ties each authorization to the browser that began it; over
TLS no other host of the domain can set one. What changes something is taken from our own pages only.
Spec: RFC 6749 §4.1, RFC 9126 §4, RFC 9700 §4.7, RFC 6265bis §4.1.3.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Refused
from portadoc.issuer.identification.service import Identification
from portadoc.issuer.pages.authorize_page import Pages, see
from portadoc.web.answers import refusing_route
from portadoc.web.bodies import read_form
from portadoc.web.forms import parse_form
from portadoc.web.origin import require_same_origin

COOKIE: Final = "portadoc-authorize"
MOST_AT_ONCE: Final = 8
"""Authorizations that one browser has open: no page can let it begin so many that no server reads its cookies."""
_PREFIX: Final = "/issuer/{institution}/authorize"


def authorize_router(identification: Identification, pages: Pages) -> APIRouter:
    """Return the authorization endpoint and its pages, and their static files."""
    router = APIRouter(route_class=refusing_route(pages.stopped))
    router.include_router(_way_in(identification, pages))
    router.include_router(_ways_to_identify(identification, pages))
    router.include_router(_decision(identification, pages))
    return router


class Cookies:
    """The secrets of a browser, one for each authorization that it has begun."""

    def __init__(self, pages: Pages) -> None:
        self._over_tls = pages.site.startswith("https:")
        self._age_s = pages.longest_s

    def secret(self, request: Request, authorization_id: str) -> str:
        """Return the secret of an authorization; empty in a browser that did not begin it."""
        return request.cookies.get(self._name(authorization_id), "")

    def keep(
        self, request: Request, response: Response, institution: str, authorization_id: str, secret: str
    ) -> None:
        """Let the browser keep the secret of an authorization for as long as that can last.

        Of too many, it keeps this one.
        """
        held = [name for name in request.cookies if name.startswith(self._name(""))]
        for name in held if len(held) >= MOST_AT_ONCE else ():
            self._set(response, institution, name, "", age_s=0)
        self._set(response, institution, self._name(authorization_id), secret, age_s=self._age_s)

    def _set(self, response: Response, institution: str, name: str, value: str, *, age_s: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=age_s,
            path="/" if self._over_tls else f"/issuer/{institution}/authorize",
            httponly=True,
            samesite="lax",  # strict would leave out the cookie on the way back from the wallet or the provider
            secure=self._over_tls,
        )

    def _name(self, authorization_id: str) -> str:
        return f"{'__Host-' if self._over_tls else ''}{COOKIE}-{authorization_id}"


Form = Annotated[dict[str, str], Depends(read_form)]


def _way_in(identification: Identification, pages: Pages) -> APIRouter:
    router, cookies = APIRouter(route_class=refusing_route(pages.stopped)), Cookies(pages)

    @router.get(_PREFIX)
    def begin(institution: str, request: Request) -> Response:
        """Begin the authorization that a wallet has pushed, in this browser. Spec: RFC 9126 §4."""
        asked = parse_form(request.scope["query_string"])
        begun = identification.begin(
            institution, client_id=asked.get("client_id", ""), request_uri=asked.get("request_uri", "")
        )
        response = see(f"/issuer/{institution}/authorize/{begun.authorization.authorization_id}")
        cookies.keep(request, response, institution, begun.authorization.authorization_id, begun.browser_secret)
        return response

    @router.get(f"{_PREFIX}/callback")
    def come_from_provider(institution: str, request: Request) -> Response:
        """Take the answer of an identity provider. Spec: OIDC Core 1.0 §3.1.2.5, RFC 9207."""
        answer = parse_form(request.scope["query_string"])
        found = identification.came_from_provider(
            institution, answer, browser_secret=lambda of: cookies.secret(request, of)
        )
        return see(f"/issuer/{institution}/authorize/{found.authorization_id}")

    @router.get(f"{_PREFIX}/{{authorization_id}}")
    def show(institution: str, authorization_id: str, request: Request) -> Response:
        """Return the page of an authorization: how to identify, or what the wallet will get."""
        standing = identification.standing(
            institution, authorization_id, browser_secret=cookies.secret(request, authorization_id)
        )
        if standing.certificates:
            return pages.certificates(request, standing)
        declined = request.query_params.get("shown") == "nothing"
        return pages.choose(request, standing, identification.ways(institution), declined=declined)

    return router


def _ways_to_identify(identification: Identification, pages: Pages) -> APIRouter:
    router = APIRouter(prefix=f"{_PREFIX}/{{authorization_id}}", route_class=refusing_route(pages.stopped))
    cookies = Cookies(pages)

    @router.post("/pid")
    def ask_wallet(institution: str, authorization_id: str, request: Request) -> Response:
        """Make a request for the PID of the wallet on this device."""
        require_same_origin(request, origin=pages.site)
        asked = identification.ask_wallet(
            institution, authorization_id, browser_secret=cookies.secret(request, authorization_id)
        )
        return see(f"/issuer/{institution}/authorize/{authorization_id}/pid/{asked.attempt_id}")

    @router.get("/pid/{attempt_id}")
    def show_link(institution: str, authorization_id: str, attempt_id: str, request: Request) -> Response:
        """Return the page with the link that opens the wallet on this device; there is no way across devices."""
        link = identification.asked(
            institution, authorization_id, attempt_id, browser_secret=cookies.secret(request, authorization_id)
        )
        standing = identification.standing(
            institution, authorization_id, browser_secret=cookies.secret(request, authorization_id)
        )
        return pages.open_wallet(request, standing, link)

    @router.get("/return")
    def come_from_wallet(institution: str, authorization_id: str, request: Request) -> Response:
        """Take what the wallet has shown, in the browser that began only. Spec: OpenID4VP 1.0 §13.3."""
        code = parse_form(request.scope["query_string"]).get("response_code", "")
        shown = identification.came_from_wallet(
            institution, authorization_id, code, browser_secret=cookies.secret(request, authorization_id)
        )
        place = f"/issuer/{institution}/authorize/{authorization_id}"
        return see(place if shown else f"{place}?shown=nothing")

    @router.get("/provider/{provider_id}")
    def go_to_provider(institution: str, authorization_id: str, provider_id: str, request: Request) -> Response:
        """Send the browser to an identity provider, by the link of our page. Spec: OIDC Core 1.0 §3.1.2.1."""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Refused("cross_site_request")
        return see(
            identification.go_to_provider(
                institution,
                authorization_id,
                provider_id,
                browser_secret=cookies.secret(request, authorization_id),
            )
        )

    return router


def _decision(identification: Identification, pages: Pages) -> APIRouter:
    router = APIRouter(prefix=f"{_PREFIX}/{{authorization_id}}", route_class=refusing_route(pages.stopped))
    cookies = Cookies(pages)

    @router.post("/approve")
    def approve(institution: str, authorization_id: str, request: Request, form: Form) -> Response:
        """Send the browser to the wallet with a code, or show the page anew that has changed since it was read.

        Spec: RFC 6749 §4.1.2, RFC 9207.
        """
        require_same_origin(request, origin=pages.site)
        code = identification.approve(
            institution,
            authorization_id,
            seen=form.get("seen", ""),
            browser_secret=cookies.secret(request, authorization_id),
        )
        return see(code or f"/issuer/{institution}/authorize/{authorization_id}")

    @router.post("/refuse")
    def refuse(institution: str, authorization_id: str, request: Request) -> Response:
        """Send the browser to the wallet with ``access_denied``. Spec: RFC 6749 §4.1.2.1."""
        require_same_origin(request, origin=pages.site)
        return see(
            identification.refuse(
                institution, authorization_id, browser_secret=cookies.secret(request, authorization_id)
            )
        )

    return router
