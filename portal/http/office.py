"""The office: the work list, cases, tasks, figures, and what an auditor sees."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from portadoc.access.actions import Action
from portadoc.access.resources import ResourceKind
from portadoc.portal.applications.application import Actor
from portadoc.portal.http.frame import Frame, Visit, form_of_request, member
from portadoc.portal.officers.auditing import AuditLine, Purpose
from portadoc.portal.officers.work import Shown, is_shown
from portadoc.portal.pages.office.case_file_view import case_content
from portadoc.portal.pages.office.figures_view import figures_content
from portadoc.portal.pages.office.work_view import filters, office_of, task_line, work_line
from portadoc.portal.pages.rendering import see
from portadoc.web.bodies import require_members

Form = Annotated[dict[str, str], Depends(form_of_request)]


def office_router(frame: Frame) -> APIRouter:
    """Return the pages of an office on which nothing is decided."""
    pages = OfficePages(frame)
    router = APIRouter(prefix="/portal/{institution}/office", route_class=frame.route, include_in_schema=False)
    router.add_api_route("/", pages.show_list, methods=["GET"])
    router.add_api_route("/tasks/{task}", pages.finish, methods=["POST"])
    router.add_api_route("/cases/{application}", pages.show_case, methods=["GET"])
    router.add_api_route("/figures", pages.show_figures, methods=["GET"])
    router.add_api_route("/audit", pages.show_audit, methods=["GET"])
    router.add_api_route("/audit", pages.audit, methods=["POST"])
    return router


def places(frame: Frame, visit: Visit, slug: str) -> dict[str, object]:
    """Return what every page of an office shows: the ways that this reader may go."""
    lists, counts, audits = (
        frame.may(visit, action, kind, slug)
        for action, kind in (
            (Action.VIEW_WORK_LIST, ResourceKind.OFFICE),
            (Action.VIEW_NUMBERS, ResourceKind.OFFICE),
            (Action.VIEW_HISTORY, ResourceKind.APPLICATION),
        )
    )
    ways = (("list", "/", lists), ("figures", "/figures", counts), ("audit", "/audit", audits and not lists))
    here, root = visit.request.url.path, office_of(slug)
    return {
        "office": root,
        "places": [
            {"key": f"office.nav.{name}", "address": root + path, "current": here == root + path}
            for name, path, allowed in ways
            if allowed
        ],
    }


class OfficePages:
    """The endpoints, run in the thread pool."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._portal = frame.portal

    def show_list(self, institution: str, request: Request) -> Response:
        """Return the work list, or the part of it that is asked for."""
        visit, office = self._frame.visit(request), self._portal.office
        if not self._frame.may(visit, Action.VIEW_WORK_LIST, ResourceKind.OFFICE, institution) and self._frame.may(
            visit, Action.VIEW_HISTORY, ResourceKind.APPLICATION, institution
        ):
            return see(f"{office_of(institution)}/audit")
        shown = member(Shown, request.query_params.get("show", Shown.ALL.value))
        items = (
            *office.work_list(visit.subject, institution),
            *office.unconfirmed(visit.subject, institution),
        )
        items = tuple({each.application.application_id: each for each in items}.values())
        tasks, today = office.task_items(visit.subject, institution), self._portal.deployment.today()
        content = {
            **places(self._frame, visit, institution),
            "filters": filters(institution, items, len(tasks), shown=shown, reader=visit.reader),
            "shown": shown.value,
            "lines": [
                work_line(each, visit.reader, today=today, subject=visit.subject)
                for each in items
                if is_shown(each, shown)
            ],
            "tasks": [task_line(each, visit.reader) for each in tasks],
        }
        return self._frame.page("office_list", visit, content, slug=institution)

    def finish(self, institution: str, task: str, request: Request, form: Form) -> Response:
        """Note that a task is done."""
        visit = self._frame.visit(request)
        require_members(form, ())
        self._portal.office.finish(visit.subject, institution, task)
        return see(f"{office_of(institution)}/?show={Shown.TASKS.value}")

    def show_case(self, institution: str, application: str, request: Request) -> Response:
        """Return a case: what the rules found beside the facts, and what can be done."""
        visit = self._frame.visit(request)
        case = self._portal.office.case_file(visit.subject, institution, application)
        own_state = self._portal.deployment.institution(institution).country
        content = {
            **places(self._frame, visit, institution),
            **case_content(case, visit.reader, subject=visit.subject, own_state=own_state),
        }
        return self._frame.page("office_case", visit, content, slug=institution)

    def show_figures(self, institution: str, request: Request) -> Response:
        """Return the figures."""
        visit = self._frame.visit(request)
        figures = self._portal.figures.figures(visit.subject, institution)
        content = {**places(self._frame, visit, institution), **figures_content(figures, visit.reader)}
        return self._frame.page("office_figures", visit, content, slug=institution)

    def show_audit(self, institution: str, request: Request) -> Response:
        """Return the form in which an auditor says which case and why."""
        visit = self._frame.visit(request)
        self._portal.audit.admit(visit.subject, institution)
        return self._audit_page(visit, institution, "", Purpose.COMPLAINT.value, None)

    def audit(self, institution: str, request: Request, form: Form) -> Response:
        """Return what happened in a case, without anything about a person."""
        visit = self._frame.visit(request)
        require_members(form, ("case", "purpose"))
        purpose, number = member(Purpose, form.get("purpose", "")), form.get("case", "")
        found = self._portal.audit.history(visit.subject, institution, number, purpose)
        return self._audit_page(visit, institution, number, purpose.value, found)

    def _audit_page(
        self, visit: Visit, slug: str, number: str, purpose: str, found: tuple[AuditLine, ...] | None
    ) -> Response:
        reader = visit.reader
        content = {
            **places(self._frame, visit, slug),
            "number": number,
            "purpose": purpose,
            "purposes": [each.value for each in Purpose],
            "lines": None
            if found is None
            else [
                {
                    "at": reader.moment(each.at),
                    "what": reader.say(f"history.{each.what}"),
                    "by": reader.say("office.audit.officer", letter=each.officer)
                    if each.actor is Actor.OFFICER
                    else reader.say(f"office.audit.actor.{each.actor.value}"),
                    "state": each.state,
                }
                for each in found
            ],
        }
        return self._frame.page("office_audit", visit, content, slug=slug, shareable=found is None)
