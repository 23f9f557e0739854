"""Replacement certificates for the software of care providers: one request, one answer with the sealed PDF.

A machine comes with the access token that it got for its signed assertion (RFC 7523) and with an Idempotency-Key:
the same request under the same key is answered again and uses no second code.
"""

import base64
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.access.subjects import Subject
from portadoc.days import read_day
from portadoc.errors import Malformed
from portadoc.formats import strict_json
from portadoc.portal.applications.application import Application
from portadoc.portal.health.replacements import OnceKey
from portadoc.portal.http.health.replacing import pdf
from portadoc.portal.http.machines.schemas import REPLACEMENT, REPLACEMENT_PAPER, REPLACEMENTS
from portadoc.portal.login.routes import Entrance, tell_problem
from portadoc.portal.pages.rendering import reader_of
from portadoc.portal.service import Portal
from portadoc.web.answers import NO_STORE, json_answer
from portadoc.web.bodies import JSON, optional_text_member, require_content_type, require_members, text_member

_MEMBERS: Final = ("code", "birth_date", "reason", "first_day")


async def raw_body(request: Request) -> bytes:
    """Return the bytes of a body, unread: whether somebody may ask at all comes first."""
    return await request.body()


Raw = Annotated[bytes, Depends(raw_body)]


def replacement_api_router(portal: Portal, entrance: Entrance) -> APIRouter:
    """Return the routes of the software of care providers."""
    api = ReplacementApi(portal, entrance)
    router = APIRouter(route_class=entrance.counting_route(tell_problem))
    router.add_api_route(REPLACEMENTS, api.give, methods=["POST"], status_code=201)
    router.add_api_route(REPLACEMENT, api.show, methods=["GET"])
    router.add_api_route(REPLACEMENT_PAPER, api.paper, methods=["GET"])
    return router


class ReplacementApi:
    """The endpoints, run in the thread pool."""

    def __init__(self, portal: Portal, entrance: Entrance) -> None:
        self._portal = portal
        self._entrance = entrance

    def give(self, institution: str, request: Request, raw: Raw) -> Response:
        """Give the certificate for which the machine has a person's code."""
        caller = self._caller(institution, request)
        require_content_type(request, frozenset({JSON}))
        body = strict_json.loads_object(raw, what="body")
        require_members(body, _MEMBERS)
        first_day = optional_text_member(body, "first_day")
        replacements = self._portal.health.replacements
        language = reader_of(request).language
        need = replacements.need(
            text_member(body, "reason"), None if first_day is None else _day(first_day, "first_day"), language
        )
        keys = request.headers.getlist("idempotency-key")
        made = replacements.by_code(
            caller,
            institution,
            text_member(body, "code"),
            _day(text_member(body, "birth_date"), "birth_date"),
            need,
            once=OnceKey(key=keys[0] if len(keys) == 1 else "", body=raw),
        )
        return self._answer(caller, institution, made, request, status=201)

    def show(self, institution: str, application: str, request: Request) -> Response:
        """Return a certificate that the machine got, or where its case stands."""
        caller = self._caller(institution, request)
        found = self._portal.application(caller, institution, application)
        return self._answer(caller, institution, found, request)

    def paper(self, institution: str, application: str, request: Request) -> Response:
        """Return the sealed PDF."""
        caller = self._caller(institution, request)
        return pdf(self._portal.paper(caller, institution, application, language=reader_of(request).language))

    def _caller(self, institution: str, request: Request) -> Subject:
        caller = self._entrance.calling_machine(request)
        self._portal.health.replacements.require_care_provider(caller, institution)
        return caller

    def _answer(
        self, caller: Subject, slug: str, found: Application, request: Request, *, status: int = 200
    ) -> Response:
        address = REPLACEMENT.format(institution=slug, application=found.application_id)
        content: dict[str, object] = {
            "id": found.application_id,
            "case_number": found.case_number,
            "state": found.state.value,
            "valid_from": None if found.valid_from is None else found.valid_from.isoformat(),
            "valid_to": None if found.valid_to is None else found.valid_to.isoformat(),
            "code": found.seal_code,
            "pdf": None,
        }
        if found.has_certificate:
            language = reader_of(request).language
            paper = self._portal.paper(caller, slug, found.application_id, language=language)
            content |= {"code": paper.code, "pdf": base64.b64encode(paper.pdf).decode("ascii")}
        return json_answer(content, status=status, headers={**NO_STORE, "Location": address})


def _day(text: str, member: str) -> date:
    try:
        return read_day(text)
    except ValueError as exc:
        raise Malformed("member_invalid", member=f"/{member}", expected="a day, such as 2026-11-22") from exc
