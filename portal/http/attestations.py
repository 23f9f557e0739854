"""A person's own attestations: what each is worth, where it was collected, and how to collect it."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.portal.attestations.attestation import Attestation
from portadoc.portal.handover.offering import HandOver
from portadoc.portal.http.frame import Frame, Visit, form_of_request
from portadoc.portal.pages.attestation_view import card_view, space_of, whole_view
from portadoc.portal.pages.rendering import see
from portadoc.web.answers import NO_STORE, json_answer

Form = Annotated[dict[str, str], Depends(form_of_request)]
PREFIX: Final = "/portal/{institution}/attestations"
_LOST: Final = {"lost": True, "have": False}


def attestations_router(frame: Frame) -> APIRouter:
    """Return the pages of a person's own attestations."""
    pages = AttestationPages(frame)
    router = APIRouter(prefix=PREFIX, route_class=frame.route, include_in_schema=False)
    router.add_api_route("", pages.show_all, methods=["GET"])
    router.add_api_route("/{attestation}", pages.show, methods=["GET"])
    router.add_api_route("/{attestation}/collect", pages.collect, methods=["POST"])
    router.add_api_route("/{attestation}/again", pages.show_again, methods=["GET"])
    router.add_api_route("/{attestation}/again", pages.collect_again, methods=["POST"])
    router.add_api_route("/{attestation}/receipt.json", pages.receipt, methods=["GET"])
    return router


class AttestationPages:
    """The endpoints, run in the thread pool."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._own = frame.portal.own

    def show_all(self, institution: str, request: Request) -> Response:
        """Return everything that is attested of who is signed in."""
        visit = self._frame.visit(request)
        found = self._own.attestations.listed(visit.subject, institution)
        cards = [
            card_view(
                each,
                visit.reader,
                slug=institution,
                collectable=self._collectable(institution, each),
                seen=self._own.collecting.seen(institution, each),
            )
            for each in found
        ]
        return self._frame.page("attestations", visit, {"cards": cards}, slug=institution)

    def show(self, institution: str, attestation: str, request: Request) -> Response:
        """Return one attestation with all that became of it."""
        visit = self._frame.visit(request)
        found = self._own.attestations.one(visit.subject, institution, attestation)
        others = self._own.attestations.listed(visit.subject, institution)
        content = whole_view(
            found,
            others,
            self._own.attestations.followers(found),
            visit.reader,
            slug=institution,
            collectable=self._collectable(institution, found),
            seen=self._own.collecting.seen(institution, found),
        )
        shown = {**content, "was_shown": "shown" in request.query_params}
        return self._frame.page("attestation", visit, shown, slug=institution)

    def collect(self, institution: str, attestation: str, request: Request, form: Form) -> Response:
        """Make an offer and lead to its page.

        A form that was sent before makes no other offer: each says which offers there were when it was made.
        """
        visit = self._frame.visit(request)
        found = self._own.attestations.one(visit.subject, institution, attestation)
        if form.get("seen") != self._own.collecting.seen(institution, found):
            return see(f"{space_of(institution)}/{attestation}?shown=1")
        language = visit.reader.language
        made = self._own.collecting.collect(visit.subject, institution, attestation, language=language)
        return self._onward(visit, institution, found, made)

    def show_again(self, institution: str, attestation: str, request: Request) -> Response:
        """Return the question what becomes of the old phone."""
        visit = self._frame.visit(request)
        found = self._own.attestations.one(visit.subject, institution, attestation)
        return self._asked(visit, institution, found)

    def collect_again(self, institution: str, attestation: str, request: Request, form: Form) -> Response:
        """Make an offer for another phone and lead to its page; what the old one holds ends."""
        visit = self._frame.visit(request)
        found = self._own.attestations.one(visit.subject, institution, attestation)
        seen, lost = form.get("seen", ""), _LOST.get(form.get("phone", ""))
        if lost is None:
            return self._asked(visit, institution, found, faulty=True)
        if seen != self._own.collecting.seen(institution, found):
            return see(f"{space_of(institution)}/{attestation}?shown=1")
        made = self._own.collecting.collect_again(
            visit.subject, institution, attestation, lost=lost, seen=seen, language=visit.reader.language
        )
        return self._onward(visit, institution, found, made)

    def receipt(self, institution: str, attestation: str, request: Request) -> Response:
        """Return what happened to an attestation, with what is signed of it."""
        visit = self._frame.visit(request)
        found = self._own.receipts.receipt(visit.subject, institution, attestation)
        headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="receipt.json"'}
        return json_answer(found, headers=headers)

    def _onward(self, visit: Visit, institution: str, found: Attestation, made: HandOver) -> Response:
        """Lead to the page of an offer; a code that could be sent nowhere is shown before, and apart from it."""
        if made.tx_code is None:
            return see(made.page)
        content = {"back": f"{space_of(institution)}/{found.attestation_id}", "offer": made}
        return self._frame.page("attestation_code", visit, content, slug=institution, shareable=False)

    def _asked(self, visit: Visit, institution: str, found: Attestation, *, faulty: bool = False) -> Response:
        content = {
            "back": f"{space_of(institution)}/{found.attestation_id}",
            "seen": self._own.collecting.seen(institution, found),
            "collectable": self._collectable(institution, found),
            "faulty": faulty,
        }
        status = 422 if faulty else 200
        return self._frame.page(
            "attestation_again", visit, content, slug=institution, status=status, shareable=not faulty
        )

    def _collectable(self, institution: str, found: Attestation) -> bool:
        return bool(self._own.collecting.layouts(institution, found))
