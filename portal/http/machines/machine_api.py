"""Applications over JSON for machines: filed once for each Idempotency-Key, listed, followed, withdrawn.

A machine comes with the access token that ``POST /portal/token`` gave for its signed assertion; a cookie counts
for nothing. It sees the applications of employers whose mandate lists ``view``, and of nobody else.
Spec: RFC 6750, RFC 7523, RFC 9457; draft-ietf-httpapi-idempotency-key-header.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.access import Action, Permit, Subject, decide, reach
from portadoc.errors import Error
from portadoc.formats import strict_json
from portadoc.keys.purposes import KeyPurpose
from portadoc.portal.applications.application import Application, ApplicationState
from portadoc.portal.gate import resource_of
from portadoc.portal.http.machines.messages import read_asked, summary_of, whole_of
from portadoc.portal.http.machines.openapi import openapi_document
from portadoc.portal.http.machines.schemas import (
    API,
    APPLICATION,
    APPLICATIONS,
    LONGEST_PAGE,
    PAPER,
    WITHDRAWAL,
)
from portadoc.portal.login.routes import Entrance, tell_problem
from portadoc.portal.login.service import Login
from portadoc.portal.pages.rendering import reader_of
from portadoc.portal.service import Portal
from portadoc.portal.store import application_store
from portadoc.web.answers import NO_STORE, json_answer
from portadoc.web.bodies import JSON, require_content_type
from portadoc.web.machines.cursors import Cursors, page_size
from portadoc.web.problem import language_of, problem

_USUAL_PAGE: Final = 50
_CONTENT: Final = frozenset(
    {
        "member_unknown",
        "member_invalid",
        "answer_invalid",
        "answer_unexpected",
        "answers_missing",
        "certificate_not_offered",
        "predecessor_needed",
    }
)
"""What is wrong with a body that is JSON: answered with 422. Spec: RFC 9110 §15.5.21."""


async def raw_body(request: Request) -> bytes:
    """Return the bytes of a body, unread: whether somebody may ask at all comes first."""
    return await request.body()


Raw = Annotated[bytes, Depends(raw_body)]


def machine_api_router(portal: Portal, login: Login) -> APIRouter:
    """Return the routes of machines, with the document that describes them."""
    entrance = Entrance(login)
    api = MachineApi(portal, entrance)
    router = APIRouter(route_class=entrance.counting_route(_tell), dependencies=[Depends(raw_body)])
    router.add_api_route(f"{API}/openapi.json", api.describe, methods=["GET"])
    router.add_api_route(APPLICATIONS, api.file, methods=["POST"])
    router.add_api_route(APPLICATIONS, api.listed, methods=["GET"])
    router.add_api_route(APPLICATION, api.whole, methods=["GET"])
    router.add_api_route(PAPER, api.paper, methods=["GET"])
    router.add_api_route(WITHDRAWAL, api.withdraw, methods=["POST"])
    return router


class MachineApi:
    """The endpoints, run in the thread pool."""

    def __init__(self, portal: Portal, entrance: Entrance) -> None:
        self._portal, self._caller = portal, entrance.calling_machine

    def describe(self) -> Response:
        """Return the description of the interface for machines (OpenAPI 3.1)."""
        document = openapi_document(self._portal.settings)
        return json_answer(document, headers={"Cache-Control": "public, max-age=300"})

    def file(self, institution: str, request: Request, raw: Raw) -> Response:
        """File an application, once for each Idempotency-Key, and return what came of it."""
        caller = self._caller(request)
        require_content_type(request, frozenset({JSON}))
        several = len({each.employer for each in caller.mandates}) > 1
        asked = read_asked(strict_json.loads_object(raw, what="body"), several_employers=several)
        keys = request.headers.getlist("idempotency-key")
        key = keys[0] if len(keys) == 1 else ""
        filed = self._portal.apply(caller, institution, asked.wish, asked.answers, key=key, body=raw)
        address = f"{self._base(institution)}/{filed.application_id}"
        return self._answer(filed, caller, request, status=201, headers={**NO_STORE, "Location": address})

    def listed(self, institution: str, request: Request) -> Response:
        """Return the applications that the machine may see, the newest first, page by page."""
        caller, here = self._caller(request), self._portal.deployment
        here.institution(institution)
        size = page_size(request.query_params.get("limit"), usual=_USUAL_PAGE, longest=LONGEST_PAGE)
        key = here.key_ring.mac(institution, KeyPurpose.NONCE)
        cursors = Cursors(key, reader=f"portal cursor:{institution}:{caller.id}")
        unverified = request.query_params.get("cursor")
        before = None if unverified is None else cursors.place(unverified)
        theirs = reach(caller, now=here.clock.now())
        with here.database.read() as connection:
            found = application_store.page_of(
                connection,
                institution,
                subject_id=theirs.subject_id,
                employers=theirs.employers,
                before=before,
                limit=size + 1,
            )
        shown, last = found[:size], found[size - 1] if len(found) > size else None
        today, base = here.today(), self._base(institution)
        seen = [each for each in shown if self._may(caller, Action.VIEW, each)]
        return json_answer(
            {
                "applications": [summary_of(each, base=base, today=today) for each in seen],
                "next_cursor": None if last is None else cursors.cursor((last.created_at, last.application_id)),
            }
        )

    def whole(self, institution: str, application: str, request: Request) -> Response:
        """Return where an application stands, with the decision, its article and its reasons."""
        caller = self._caller(request)
        return self._answer(self._portal.application(caller, institution, application), caller, request)

    def paper(self, institution: str, application: str, request: Request) -> Response:
        """Return the sealed certificate, in the language that the request asks for."""
        caller, language = self._caller(request), reader_of(request).language
        document = self._portal.paper(caller, institution, application, language=language)
        return Response(document.pdf, headers=dict(NO_STORE), media_type="application/pdf")

    def withdraw(self, institution: str, application: str, request: Request, _unused: Raw) -> Response:
        """Take back an application that is not granted; again changes nothing."""
        caller = self._caller(request)
        found = self._portal.application(caller, institution, application)
        if found.state is not ApplicationState.WITHDRAWN:
            found = self._portal.withdraw(caller, institution, application)
        return self._answer(found, caller, request)

    def _may(self, caller: Subject, action: Action, application: Application) -> bool:
        decided = decide(caller, action, resource_of(application), self._portal.gate.context())
        return isinstance(decided, Permit)

    def _answer(
        self,
        found: Application,
        caller: Subject,
        request: Request,
        *,
        status: int = 200,
        headers: Mapping[str, str] = NO_STORE,
    ) -> Response:
        portal, slug = self._portal, found.institution
        view = portal.view(caller, slug, found.application_id)
        told_desk = view.application.has_certificate and self._may(caller, Action.HAND_OVER, view.application)
        content = whole_of(
            view,
            portal.desk(caller, slug, found.application_id) if told_desk else None,
            base=self._base(slug),
            today=portal.deployment.today(),
            language=reader_of(request).language,
        )
        return json_answer(content, status=status, headers=headers)

    def _base(self, slug: str) -> str:
        return f"{self._portal.settings.base_url}{APPLICATIONS.format(institution=slug)}"


def _tell(error: Error, request: Request) -> Response:
    if error.code in _CONTENT:
        return problem(error, language_of(request.scope), status=422)
    return tell_problem(error, request)
