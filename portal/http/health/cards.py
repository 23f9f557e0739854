"""What insured persons see: their cards and their children's, consents, and who asked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from portadoc.access.actions import Action
from portadoc.access.decision import require
from portadoc.access.resources import Resource, ResourceKind
from portadoc.errors import Refused
from portadoc.portal.applications.application import CertificateKind
from portadoc.portal.health.cards import Member
from portadoc.portal.health.insurance import CardCause
from portadoc.portal.http.frame import Frame, Visit, form_of_request
from portadoc.portal.http.health.forms import read_need
from portadoc.portal.pages.case_view import address_of
from portadoc.portal.pages.health_view import asked_view, consent_view, member_view, need_fields
from portadoc.portal.pages.rendering import see

Form = Annotated[dict[str, str], Depends(form_of_request)]
PREFIX = "/portal/{institution}/health"


def cards_router(frame: Frame) -> APIRouter:
    """Return the pages of insured persons."""
    pages = CardPages(frame)
    router = APIRouter(prefix=PREFIX, route_class=frame.route, include_in_schema=False)
    router.add_api_route("/", pages.show, methods=["GET"])
    router.add_api_route("/people/{person}/card/{cause}", pages.check, methods=["GET"])
    router.add_api_route("/people/{person}/card/{cause}", pages.ask, methods=["POST"])
    router.add_api_route("/people/{person}/replacement", pages.show_replacement, methods=["GET"])
    router.add_api_route("/people/{person}/replacement", pages.ask_replacement, methods=["POST"])
    router.add_api_route("/people/{person}/code", pages.make_code, methods=["POST"])
    router.add_api_route("/consents/{consent}/withdraw", pages.withdraw, methods=["POST"])
    router.add_api_route("/consents/{consent}/approve", pages.approve, methods=["POST"])
    return router


class CardPages:
    """The endpoints, run in the thread pool."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._health = frame.portal.health

    def show(self, institution: str, request: Request) -> Response:
        """Return the cards of a household, its consents, and who asked."""
        visit = self._visit(institution, request)
        cards, consents, reader = self._health.cards, self._health.consents, visit.reader
        household = cards.household(visit.subject, institution)
        names = {each.pin: each.name for each in household}
        mine = self._frame.portal.applications(visit.subject, institution)
        cases = {each.application_id: each for each in mine}
        content = {
            "people": [member_view(each, cards.causes(each), reader, slug=institution) for each in household],
            "consents": [
                consent_view(each, names, reader, slug=institution)
                for each in consents.listed(visit.subject, institution)
            ],
            "asked": [
                asked_view(each, names, cases, reader) for each in consents.who_asked(visit.subject, institution)
            ],
        }
        return self._frame.page("health", visit, content, slug=institution)

    def check(self, institution: str, person: str, cause: str, request: Request) -> Response:
        """Return what will happen, before it does."""
        visit = self._visit(institution, request)
        member = self._health.cards.member(visit.subject, institution, person)
        if cause not in {each.value for each in self._health.cards.causes(member)}:
            raise Refused("not_found")
        content = {"name": member.name, "cause": cause, "action": visit.request.url.path}
        return self._frame.page("health_card", visit, content, slug=institution)

    def ask(self, institution: str, person: str, cause: str, request: Request) -> Response:
        """Ask for a card and lead to the decision."""
        visit = self._visit(institution, request)
        member = self._health.cards.member(visit.subject, institution, person)
        if cause not in {each.value for each in CardCause}:
            raise Refused("not_found")
        language = visit.reader.language
        made = self._health.cards.ask(visit.subject, institution, member.pin, CardCause(cause), language=language)
        return see(address_of(made))

    def show_replacement(self, institution: str, person: str, request: Request) -> Response:
        """Return the form for a replacement certificate."""
        visit = self._visit(institution, request)
        member = self._health.cards.member(visit.subject, institution, person)
        return self._replacement(visit, institution, member, typed={}, faults={})

    def ask_replacement(self, institution: str, person: str, request: Request, form: Form) -> Response:
        """Give a replacement certificate and lead to it."""
        visit = self._visit(institution, request)
        member, replacements = (
            self._health.cards.member(visit.subject, institution, person),
            self._health.replacements,
        )
        typed = read_need(form, replacements, visit.reader)
        if typed.need is None:
            return self._replacement(visit, institution, member, typed=form, faults=dict(typed.faults), status=422)
        return see(address_of(replacements.for_self(visit.subject, institution, member.pin, typed.need)))

    def make_code(self, institution: str, person: str, request: Request) -> Response:
        """Make a consent code and show it this once."""
        visit = self._visit(institution, request)
        member = self._health.cards.member(visit.subject, institution, person)
        made = self._health.consents.make_code(visit.subject, institution, member.pin)
        content = {"code": made.code, "until": visit.reader.moment(made.expires_at), "name": member.name}
        return self._frame.page("health_code", visit, content, slug=institution, shareable=False)

    def withdraw(self, institution: str, consent: str, request: Request) -> Response:
        """Take back a consent, or decline what is asked."""
        visit = self._visit(institution, request)
        self._health.consents.withdraw(visit.subject, institution, consent)
        return see(f"/portal/{institution}/health/")

    def approve(self, institution: str, consent: str, request: Request) -> Response:
        """Let a care provider have the certificate for which it asks."""
        visit = self._visit(institution, request)
        self._health.replacements.approve(visit.subject, institution, consent)
        return see(f"/portal/{institution}/health/")

    def _visit(self, institution: str, request: Request) -> Visit:
        visit, here = self._frame.visit(request), self._frame.portal.deployment
        if CertificateKind.EHIC.value not in here.institution(institution).certificates:
            raise Refused("not_found")
        resource = Resource(ResourceKind.HEALTH, institution)
        require(visit.subject, Action.LIST, resource, self._frame.portal.gate.context())
        return visit

    def _replacement(
        self,
        visit: Visit,
        institution: str,
        member: Member,
        *,
        typed: dict[str, str],
        faults: dict[str, str],
        status: int = 200,
    ) -> Response:
        fields = need_fields(typed, faults, visit.reader)
        content = {
            "name": member.name,
            "action": visit.request.url.path,
            "fields": fields,
            "faulty": bool(faults),
            "errors": [each for each in fields if each.error],
        }
        return self._frame.page(
            "health_need", visit, content, slug=institution, status=status, shareable=not faults
        )
