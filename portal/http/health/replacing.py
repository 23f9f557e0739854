"""What care providers see: a code of the insured person gives the certificate at once, or the person is asked."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Error
from portadoc.portal.applications.application import Application
from portadoc.portal.http.frame import Frame, Visit, form_of_request
from portadoc.portal.http.health.cards import PREFIX
from portadoc.portal.http.health.forms import read_need, told
from portadoc.portal.pages.case_view import state_of
from portadoc.portal.pages.health_view import field_view, health_reasons, need_fields
from portadoc.portal.pages.rendering import see
from portadoc.portal.store.handover_store import Document
from portadoc.portal.store.health_store import Consent, ConsentState
from portadoc.web.answers import NO_STORE
from portadoc.web.problem import status_of

Form = Annotated[dict[str, str], Depends(form_of_request)]
_TOLD_IN_PLACE: Final = frozenset({"consent_unusable", "consent_tries_throttled"})
_BY_CODE: Final = ("code", "birth_date")
_BY_PERSON: Final = ("pin", "birth_date")


def replacing_router(frame: Frame) -> APIRouter:
    """Return the pages of care providers."""
    pages = ReplacingPages(frame)
    router = APIRouter(prefix=f"{PREFIX}/replacement", route_class=frame.route, include_in_schema=False)
    router.add_api_route("", pages.show, methods=["GET"])
    router.add_api_route("", pages.redeem, methods=["POST"])
    router.add_api_route("/request", pages.show_request, methods=["GET"])
    router.add_api_route("/request", pages.request, methods=["POST"])
    router.add_api_route("/requests/{consent}", pages.requested, methods=["GET"])
    router.add_api_route("/{application}", pages.given, methods=["GET"])
    router.add_api_route("/{application}/paper.pdf", pages.paper, methods=["GET"])
    return router


class ReplacingPages:
    """The endpoints, run in the thread pool."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._portal = frame.portal
        self._replacements = frame.portal.health.replacements

    def show(self, institution: str, request: Request) -> Response:
        """Return the form for a code."""
        visit = self._visit(institution, request)
        return self._form(visit, institution, _BY_CODE, typed={}, faults={})

    def redeem(self, institution: str, request: Request, form: Form) -> Response:
        """Take a code and lead to the certificate."""
        visit = self._visit(institution, request)
        typed = read_need(form, self._replacements, visit.reader, fields=_BY_CODE)
        if typed.faults or typed.need is None or typed.birth_date is None:
            return self._form(visit, institution, _BY_CODE, typed=form, faults=dict(typed.faults), status=422)
        try:
            made = self._replacements.by_code(visit.subject, institution, typed.code, typed.birth_date, typed.need)
        except Error as error:
            return self._again(visit, institution, _BY_CODE, form, error, field="code")
        return see(f"/portal/{institution}/health/replacement/{made.application_id}")

    def show_request(self, institution: str, request: Request) -> Response:
        """Return the form to ask a person for consent."""
        visit = self._visit(institution, request)
        return self._form(visit, institution, _BY_PERSON, typed={}, faults={})

    def request(self, institution: str, request: Request, form: Form) -> Response:
        """Ask a person for consent and lead to where the answer will be."""
        visit = self._visit(institution, request)
        typed = read_need(form, self._replacements, visit.reader, fields=_BY_PERSON)
        if typed.faults or typed.need is None or typed.birth_date is None:
            return self._form(visit, institution, _BY_PERSON, typed=form, faults=dict(typed.faults), status=422)
        try:
            made = self._replacements.request(visit.subject, institution, typed.pin, typed.birth_date, typed.need)
        except Error as error:
            return self._again(visit, institution, _BY_PERSON, form, error, field="pin")
        return see(f"/portal/{institution}/health/replacement/requests/{made.consent_id}")

    def requested(self, institution: str, consent: str, request: Request) -> Response:
        """Return whether the person has answered; lead to the certificate when the answer was yes."""
        visit = self._visit(institution, request)
        found = self._replacements.requested(visit.subject, institution, consent)
        if found.application_id is not None:
            return see(f"/portal/{institution}/health/replacement/{found.application_id}")
        content = {"state": self._state(found), "until": visit.reader.moment(found.expires_at)}
        return self._frame.page("health_requested", visit, content, slug=institution)

    def given(self, institution: str, application: str, request: Request) -> Response:
        """Return a certificate: its code, its days, and the way to the PDF."""
        visit = self._visit(institution, request)
        found = self._portal.application(visit.subject, institution, application)
        reader = visit.reader
        content = {
            "state": state_of(found, expired=found.expired(self._portal.deployment.today())),
            "code": found.seal_code or "",
            "days": _days(found, visit),
            "paper": f"/portal/{institution}/health/replacement/{application}/paper.pdf",
            "reasons": health_reasons(found, reader) if found.decision else (),
            "case_number": found.case_number,
            "has_paper": found.has_certificate,
        }
        return self._frame.page("health_given", visit, content, slug=institution)

    def paper(self, institution: str, application: str, request: Request) -> Response:
        """Return the sealed certificate."""
        visit = self._visit(institution, request)
        document = self._portal.paper(visit.subject, institution, application, language=visit.reader.language)
        return pdf(document)

    def _visit(self, institution: str, request: Request) -> Visit:
        visit = self._frame.visit(request)
        self._replacements.require_care_provider(visit.subject, institution)
        return visit

    def _state(self, consent: Consent) -> str:
        over = consent.expires_at <= self._portal.deployment.clock.now()
        return "over" if over and consent.state is ConsentState.ASKED else consent.state.value

    def _again(
        self,
        visit: Visit,
        institution: str,
        names: tuple[str, ...],
        form: dict[str, str],
        error: Error,
        *,
        field: str,
    ) -> Response:
        if error.code not in _TOLD_IN_PLACE:
            raise error
        faults = {field: told(error, visit.reader)}
        return self._form(visit, institution, names, typed=form, faults=faults, status=status_of(error))

    def _form(
        self,
        visit: Visit,
        institution: str,
        names: tuple[str, ...],
        *,
        typed: dict[str, str],
        faults: dict[str, str],
        status: int = 200,
    ) -> Response:
        controls = {"birth_date": "date"}
        fields = (
            *(field_view(each, controls.get(each, "text"), typed, faults, visit.reader) for each in names),
            *need_fields(typed, faults, visit.reader),
        )
        content = {
            "by_code": names == _BY_CODE,
            "fields": fields,
            "faulty": bool(faults),
            "errors": [each for each in fields if each.error],
            "action": visit.request.url.path,
        }
        return self._frame.page(
            "health_replacement", visit, content, slug=institution, status=status, shareable=not faults
        )


def pdf(document: Document) -> Response:
    """Return a certificate as a file that no cache keeps."""
    headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="replacement-certificate.pdf"'}
    return Response(document.pdf, headers=headers, media_type="application/pdf")


def _days(found: Application, visit: Visit) -> str:
    if found.valid_from is None or found.valid_to is None:
        return ""
    reader = visit.reader
    return reader.say("date.period", start=reader.day(found.valid_from), end=reader.day(found.valid_to))
