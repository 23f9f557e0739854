"""HTTP for people who were given the address of an offer: its page. Wallets fetch the offer itself elsewhere."""

from fastapi import APIRouter, Request, Response

from portadoc.errors import Error, Refused
from portadoc.issuer.pages.offer_page import no_offer_page, offer_page
from portadoc.issuer.service import Issuer
from portadoc.web.answers import refusing_route
from portadoc.web.problem import language_of, problem


def offer_page_router(issuer: Issuer) -> APIRouter:
    """Return the route of offer pages. Their addresses hold a secret of 256 bits: a guess finds nothing."""
    router = APIRouter(route_class=refusing_route(_told), include_in_schema=False)

    @router.get("/issuer/{institution}/offers/{reference}/page")
    def show(institution: str, reference: str, request: Request) -> Response:
        """Return the page of an offer, whatever became of it."""
        shown = issuer.shown_offers.show(institution, reference)
        return offer_page(request, shown, names=issuer.settings.by_slug[institution].names)

    return router


def _told(error: Error, request: Request) -> Response:
    if isinstance(error, Refused) and error.code == "not_found":
        return no_offer_page(request)
    return problem(error, language_of(request.scope))
