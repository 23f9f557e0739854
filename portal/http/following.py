"""Following: the decision with its reasons, where a request stands, its papers, and what one can do next."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Malformed
from portadoc.portal.applications.application import RequestKind
from portadoc.portal.drafts import capacity_to_follow
from portadoc.portal.http.frame import Frame, form_of_request
from portadoc.portal.pages.case_view import acts_for, address_of
from portadoc.portal.pages.rendering import see
from portadoc.portal.pages.status_view import ON_STATUS_PAGE, change_kinds, status_content
from portadoc.portal.store.handover_store import Document
from portadoc.web.answers import NO_STORE

Form = Annotated[dict[str, str], Depends(form_of_request)]
_CHANGES: Final = {
    "extension": RequestKind.EXTENSION,
    "report": RequestKind.CHANGE,
    "correction": RequestKind.CORRECTION,
    "withdrawal": RequestKind.WITHDRAWAL,
}


def following_router(frame: Frame) -> APIRouter:
    """Return the pages of a request that was sent."""
    pages = FollowingPages(frame)
    router = APIRouter(
        prefix="/portal/{institution}/requests/{application}", route_class=frame.route, include_in_schema=False
    )
    router.add_api_route("", pages.show, methods=["GET"])
    router.add_api_route("/contest", pages.contest, methods=["POST"])
    router.add_api_route("/exception", pages.wish_exception, methods=["POST"])
    router.add_api_route("/withdraw", pages.withdraw, methods=["POST"])
    router.add_api_route("/change", pages.show_changes, methods=["GET"])
    router.add_api_route("/change", pages.begin_change, methods=["POST"])
    router.add_api_route("/paper.pdf", pages.paper, methods=["GET"])
    router.add_api_route("/proof.pdf", pages.proof, methods=["GET"])
    return router


class FollowingPages:
    """The endpoints, run in the thread pool."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._portal = frame.portal

    def show(self, institution: str, application: str, request: Request) -> Response:
        """Return where a request stands, with the decision and its reasons."""
        visit = self._frame.visit(request)
        view = self._portal.view(visit.subject, institution, application)
        known = self._portal.drafts.known(view.application)
        own = acts_for(visit.subject, view.application)
        may = self._frame.permitted(visit, view.application, ON_STATUS_PAGE)
        content = status_content(view, known, visit.reader, own=own, may=may)
        content["offers_seen"] = self._portal.hand_over.seen(view.application) if content["hand_over"] else ""
        return self._frame.page("status", visit, content, slug=institution)

    def contest(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Let a person look at the decision."""
        visit = self._frame.visit(request)
        said = form.get("said", "")
        return see(address_of(self._portal.contest(visit.subject, institution, application, said=said)))

    def wish_exception(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Say whether both states shall be asked for an exception."""
        visit = self._frame.visit(request)
        wish = form.get("wish")
        if wish not in ("yes", "no"):
            raise Malformed("choice_unknown")
        wanted = wish == "yes"
        return see(address_of(self._portal.wish_exception(visit.subject, institution, application, wanted=wanted)))

    def withdraw(self, institution: str, application: str, request: Request) -> Response:
        """Take a request back."""
        visit = self._frame.visit(request)
        return see(address_of(self._portal.withdraw(visit.subject, institution, application)))

    def show_changes(self, institution: str, application: str, request: Request) -> Response:
        """Return what can have changed, each with the way to say it."""
        visit = self._frame.visit(request)
        found = self._portal.application(visit.subject, institution, application)
        as_worker = capacity_to_follow(visit.subject, found, RequestKind.CHANGE) is not found.applicant.capacity
        content = {"base": address_of(found), "kinds": change_kinds(found, as_worker=as_worker)}
        return self._frame.page("change", visit, content, slug=institution)

    def begin_change(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Begin an extension, a correction, a change or a withdrawal, with what was told before."""
        visit = self._frame.visit(request)
        kind = _CHANGES.get(form.get("kind", ""))
        if kind is None:
            raise Malformed("choice_unknown")
        made = self._portal.follow_up(visit.subject, institution, application, kind)
        return see(f"{address_of(made)}/questions")

    def paper(self, institution: str, application: str, request: Request) -> Response:
        """Return the sealed certificate."""
        visit = self._frame.visit(request)
        language = visit.reader.language
        return _pdf(self._portal.paper(visit.subject, institution, application, language=language), "certificate")

    def proof(self, institution: str, application: str, request: Request) -> Response:
        """Return the proof that something was applied for and is not decided."""
        visit = self._frame.visit(request)
        language = visit.reader.language
        return _pdf(self._portal.proof(visit.subject, institution, application, language=language), "application")


def _pdf(document: Document, name: str) -> Response:
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return Response(document.pdf, headers=headers, media_type="application/pdf")
