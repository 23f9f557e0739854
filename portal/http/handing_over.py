"""Handing over: a certificate is offered as a code to scan and a link; what opens it goes another way."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from portadoc.portal.handover.desk import Desk
from portadoc.portal.handover.offering import HandOver
from portadoc.portal.http.frame import Frame, Visit, form_of_request
from portadoc.portal.pages.case_view import acts_for, address_of, who
from portadoc.portal.pages.rendering import see
from portadoc.portal.questions.flows import case_of
from portadoc.portal.store.handover_store import ForWhom
from portadoc.web.pages.qr_codes import qr_code

Form = Annotated[dict[str, str], Depends(form_of_request)]


def handing_over_router(frame: Frame) -> APIRouter:
    """Return the page on which a certificate is handed over."""
    pages = HandingOverPages(frame)
    router = APIRouter(
        prefix="/portal/{institution}/requests/{application}", route_class=frame.route, include_in_schema=False
    )
    router.add_api_route("/hand-over", pages.show, methods=["GET"])
    router.add_api_route("/hand-over", pages.offer, methods=["POST"])
    return router


class HandingOverPages:
    """The endpoints, run in the thread pool."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._portal = frame.portal

    def show(self, institution: str, application: str, request: Request) -> Response:
        """Return how far the hand-over is."""
        visit = self._frame.visit(request)
        desk = self._portal.hand_over.desk(visit.subject, institution, application)
        return self._page(visit, desk, None, was_shown="shown" in request.query_params)

    def offer(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Make an offer and show it this once: nothing that is kept could show it again.

        A form that was sent before makes no other offer: each says which offers there were when it was made.
        """
        visit = self._frame.visit(request)
        before = self._portal.hand_over.desk(visit.subject, institution, application)
        if form.get("seen", before.seen) != before.seen:
            return see(f"{address_of(before.application)}/hand-over?shown=1")
        for_whom = ForWhom.EMPLOYER if form.get("copy") == "employer" else ForWhom.WORKER
        made = self._portal.hand_over.offer(visit.subject, institution, application, for_whom=for_whom)
        desk = self._portal.hand_over.desk(visit.subject, institution, application)
        return self._page(visit, desk, made)

    def _page(self, visit: Visit, desk: Desk, made: HandOver | None, *, was_shown: bool = False) -> Response:
        found, reader = desk.application, visit.reader
        case = case_of(found.answers, self._portal.drafts.known(found))
        own = acts_for(visit.subject, found)
        content = {
            "base": address_of(found),
            "who": who(case) or found.worker_pin,
            "is_own": own,
            "wallet": _wallet(visit, desk),
            "made": bool(desk.offers),
            "employer_copy": desk.employer_copy,
            "only_by_worker": desk.only_by_worker,
            "offer": made,
            "was_shown": was_shown and bool(desk.offers),
            "seen": desk.seen,
            "qr": "" if made is None else qr_code(made.link, reader.say("page.hand_over.qr")),
            "until": "" if made is None else reader.moment(made.expires_at),
        }
        return self._frame.page("hand_over", visit, content, slug=found.institution, shareable=made is None)


def _wallet(visit: Visit, desk: Desk) -> str:
    if desk.collected:
        return visit.reader.say("page.hand_over.copies", count=desk.collected)
    return visit.reader.say("page.hand_over.waiting" if desk.offers else "page.hand_over.none")
