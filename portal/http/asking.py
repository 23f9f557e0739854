"""Asking: one question a page, then all answers to be checked, then the request is sent."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from portadoc.access.actions import Action
from portadoc.access.reasons import Reason
from portadoc.errors import Malformed, Refused
from portadoc.portal.applications.application import (
    Application,
    ApplicationState,
    Capacity,
    CertificateKind,
    RequestKind,
)
from portadoc.portal.applications.timers import is_urgent
from portadoc.portal.drafts import Wish
from portadoc.portal.http.frame import Frame, Visit, form_of_request, member
from portadoc.portal.http.space import capacities_of
from portadoc.portal.pages.case_view import address_of, parts_view
from portadoc.portal.pages.form_view import question_view, rows_typed
from portadoc.portal.pages.rendering import see
from portadoc.portal.pages.status_view import asked_in_words
from portadoc.portal.pages.words import Words
from portadoc.portal.questions.facts import period_of
from portadoc.portal.questions.flows import FLOWS, case_of, next_question, previous_question, question
from portadoc.portal.questions.posting import WITHDRAWAL
from portadoc.portal.questions.reading import faults_of, form_of

Form = Annotated[dict[str, str], Depends(form_of_request)]
_MORE = "more"
_QUESTIONS = frozenset(each.id for flow in (*FLOWS.values(), WITHDRAWAL) for each in flow)


def asking_router(frame: Frame) -> APIRouter:
    """Return the pages of a request that is not sent yet."""
    pages = AskingPages(frame)
    router = APIRouter(prefix="/portal/{institution}/requests", route_class=frame.route, include_in_schema=False)
    router.add_api_route("/new", pages.show_new, methods=["GET"])
    router.add_api_route("", pages.start, methods=["POST"])
    router.add_api_route("/{application}/questions", pages.go_on, methods=["GET"])
    router.add_api_route("/{application}/questions/{name}", pages.show, methods=["GET"])
    router.add_api_route("/{application}/questions/{name}", pages.answer, methods=["POST"])
    router.add_api_route("/{application}/check", pages.check, methods=["GET"])
    router.add_api_route("/{application}/check", pages.submit, methods=["POST"])
    return router


class AskingPages:
    """The endpoints, run in the thread pool."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._portal = frame.portal

    def show_new(self, institution: str, request: Request) -> Response:
        """Return what is needed, before anything is asked."""
        visit = self._frame.visit(request)
        self._portal.deployment.institution(institution)
        kind = request.query_params.get("kind", CertificateKind.A1.value)
        if kind not in {each.value for each in CertificateKind}:
            raise Refused("not_found")
        capacities = [each.value for each in capacities_of(visit.subject)]
        if not capacities:
            raise Refused("access_denied", reason=Reason.ROLE.value, action=Action.START.value)
        content = {"kind": kind, "capacities": capacities}
        return self._frame.page("new", visit, content, slug=institution)

    def start(self, institution: str, request: Request, form: Form) -> Response:
        """Begin a request and lead to its first question."""
        visit = self._frame.visit(request)
        wish = Wish(
            certificate_kind=member(CertificateKind, form.get("kind", "")),
            capacity=member(Capacity, form.get("capacity", "")),
            language=visit.reader.language,
        )
        made = self._portal.start(visit.subject, institution, wish)
        return see(f"{address_of(made)}/questions")

    def go_on(self, institution: str, application: str, request: Request) -> Response:
        """Lead to the first question that is open: one that a decision misses, or the next one."""
        visit = self._frame.visit(request)
        found = self._portal.application(visit.subject, institution, application)
        return see(self._next_address(found, left=self._portal.drafts.questions_left(found)))

    def show(self, institution: str, application: str, name: str, request: Request) -> Response:
        """Return a question, with the answer that was given before."""
        visit = self._frame.visit(request)
        found = self._portal.application(visit.subject, institution, application)
        asked = question(name, found.answers, self._portal.drafts.known(found))
        typed = form_of(asked, found.answers[name]) if name in found.answers else {}
        return self._question(visit, found, name, typed=typed, faults={})

    def answer(self, institution: str, application: str, name: str, request: Request, form: Form) -> Response:
        """Take an answer and lead on; what is wrong with it is said beside it, and nothing typed is lost."""
        visit = self._frame.visit(request)
        found = self._portal.application(visit.subject, institution, application)
        if not self._is_asked(found, name):
            return see(f"{self._next_address(found)}?moved=1")
        typed = {key: value for key, value in form.items() if key != _MORE}
        if _MORE in form:
            rows = int(form[_MORE]) if form[_MORE].isdecimal() and len(form[_MORE]) < 3 else 0
            return self._question(visit, found, name, typed=typed, faults={}, rows=rows)
        try:
            changed = self._portal.answer(visit.subject, institution, application, name, typed)
        except Malformed as error:
            if error.code != "answer_invalid":
                raise
            return self._question(visit, found, name, typed=typed, faults=faults_of(error), status=422)
        left = self._portal.drafts.questions_left(changed)
        after = left[left.index(name) + 1 :] if name in left else ()
        return see(self._next_address(changed, left=after))

    def check(self, institution: str, application: str, request: Request) -> Response:
        """Return all answers, to be checked and sent."""
        visit = self._frame.visit(request)
        found = self._portal.application(visit.subject, institution, application)
        known, base = self._portal.drafts.known(found), address_of(found)
        if next_question(found.answers, known) is not None:
            return see(f"{base}/questions")
        content = {
            "parts": parts_view(found.answers, known, visit.reader, change=f"{base}/questions"),
            "action": f"{base}/check",
            "back": f"/portal/{institution}/",
            "urgent": self._is_urgent(found),
            "asked": asked_in_words(found),
            "about": self._about(visit, found),
            "replaces": self._replaced(visit, found),
        }
        return self._frame.page("check", visit, content, slug=institution)

    def _about(self, visit: Visit, found: Application) -> dict[str, str] | None:
        """Return which certificate a request is about, and what it is, None for a new one."""
        if found.predecessor is None or found.request_kind is RequestKind.NEW:
            return None
        before = self._portal.application(visit.subject, found.institution, found.predecessor)
        text = visit.reader.say(f"page.check.about.{found.request_kind.value}", case=before.case_number)
        return {"address": address_of(before), "text": text}

    def _replaced(self, visit: Visit, found: Application) -> dict[str, str] | None:
        """Return the certificate in whose place that of this request would come, None where there is none."""
        old = self._portal.applying.replaced_by(visit.subject, found)
        if old is None:
            return None
        return {"address": address_of(old), "text": visit.reader.say("page.check.replaces", case=old.case_number)}

    def submit(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Send the request and lead to the decision."""
        visit = self._frame.visit(request)
        sent = self._portal.submit(visit.subject, institution, application, said=form.get("said", ""))
        return see(address_of(sent))

    def _is_asked(self, found: Application, name: str) -> bool:
        """Tell whether a question can be answered now; False for one that another answer has made needless.

        Raises Refused[not_found] for what is no question.
        """
        try:
            question(name, found.answers, self._portal.drafts.known(found))
        except Refused:
            if name not in _QUESTIONS:
                raise
            return False
        return True

    def _is_urgent(self, found: Application) -> bool:
        """Tell whether the work is to start so soon that the request will be first in line."""
        here = self._portal.deployment
        start = period_of(case_of(found.answers, self._portal.drafts.known(found)))[0]
        departure = None if start is None else date.fromisoformat(start)
        return is_urgent(departure, now=here.clock.now(), within_hours=here.settings.urgent_hours)

    def _next_address(self, found: Application, *, left: tuple[str, ...] = ()) -> str:
        base = address_of(found)
        if found.state not in (ApplicationState.DRAFT, ApplicationState.WAITING_FOR_ANSWERS):
            return base
        asked = next_question(found.answers, self._portal.drafts.known(found))
        name = left[0] if left else "" if asked is None else asked.id
        return f"{base}/questions/{name}" if name else f"{base}/check"

    def _question(
        self,
        visit: Visit,
        found: Application,
        name: str,
        *,
        typed: dict[str, str],
        faults: dict[str, str],
        rows: int = 0,
        status: int = 200,
    ) -> Response:
        known, base = self._portal.drafts.known(found), address_of(found)
        asked = question(name, found.answers, known)
        words = Words(visit.reader, case_of(found.answers, known))
        view = question_view(asked, words, typed=typed, faults=faults, rows=max(rows, rows_typed(typed)))
        before = previous_question(name, found.answers, known)
        content = {
            "view": view,
            "faulty": bool(faults),
            "action": f"{base}/questions/{name}",
            "back": f"/portal/{found.institution}/" if before is None else f"{base}/questions/{before.id}",
            "leave": f"/portal/{found.institution}/",
        }
        return self._frame.page("question", visit, content, slug=found.institution, status=status)
