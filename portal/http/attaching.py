"""Attachments of a request: seen, added and downloaded by who may, under addresses that take larger bodies."""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from portadoc.access import Action, Context, Permit, decide, require
from portadoc.access.resources import ResourceKind
from portadoc.errors import Error, Malformed, Refused, Unavailable
from portadoc.portal.applications.application import Application
from portadoc.portal.attachments.attachments import MAX_FILE_BYTES, MAX_FILES_AT_ONCE, Attachments
from portadoc.portal.attachments.transfer import download, sent_files
from portadoc.portal.gate import resource_of
from portadoc.portal.http.frame import Frame, Visit
from portadoc.portal.login.routes import Entrance
from portadoc.portal.login.service import Login
from portadoc.portal.pages.case_view import ATTACHMENTS_PATH, address_of, attachments_of
from portadoc.portal.pages.office.work_view import case_of_office
from portadoc.portal.pages.rendering import see, wants_page
from portadoc.portal.service import Portal
from portadoc.web.pages.reader import Reader
from portadoc.web.problem import status_of

_MEGABYTE: Final = 1024**2
_FAULTS: Final = {
    "attachment_empty": "page.attachments.error.empty",
    "attachment_refused": "page.attachments.error.refused",
    "attachment_type_unsupported": "page.attachments.error.type",
    "scan_unavailable": "page.attachments.error.later",
    "storage_unavailable": "page.attachments.error.later",
}


def attaching_router(portal: Portal, login: Login, attachments: Attachments) -> APIRouter:
    """Return the pages of attachments."""
    pages = AttachingPages(Frame(portal, Entrance(login)), attachments)
    prefix = ATTACHMENTS_PATH + "{institution}/{application}"
    router = APIRouter(prefix=prefix, route_class=pages.frame.route, include_in_schema=False)
    router.add_api_route("", pages.show, methods=["GET"])
    router.add_api_route("", pages.add, methods=["POST"])
    router.add_api_route("/{attachment}", pages.give, methods=["GET"])
    return router


class AttachingPages:
    """The endpoints. Whether somebody may is asked before a byte of a file is read."""

    def __init__(self, frame: Frame, attachments: Attachments) -> None:
        self.frame = frame
        self._attachments = attachments

    def show(self, institution: str, application: str, request: Request) -> Response:
        """Return what is attached, and the form to attach more for who may."""
        visit, found = self._admitted(institution, application, request, Action.VIEW_ATTACHMENT)
        return self._page(visit, found)

    def _page(self, visit: Visit, found: Application, fault: Error | None = None) -> Response:
        institution, application = found.institution, found.application_id
        may_add = isinstance(decide(visit.subject, Action.ATTACH, resource_of(found), self._context()), Permit)
        content = {
            "base": case_of_office(institution, application)
            if self.frame.may(visit, Action.VIEW_WORK_LIST, ResourceKind.OFFICE, institution)
            else address_of(found),
            "address": attachments_of(found),
            "attachments": [
                {"id": each.attachment_id, "name": each.name, "added": visit.reader.moment(each.added_at)}
                for each in self._attachments.listed(institution, application)
            ],
            "may_add": may_add,
            "files": MAX_FILES_AT_ONCE,
            "megabytes": MAX_FILE_BYTES // _MEGABYTE,
            "error": "" if fault is None else _told(fault, visit.reader),
            "faulty": fault is not None,
        }
        status = 200 if fault is None else status_of(fault)
        return self.frame.page(
            "attachments", visit, content, slug=institution, status=status, shareable=fault is None
        )

    async def add(self, institution: str, application: str, request: Request) -> Response:
        """Take in the files of a form; what is wrong with them is said at the form."""
        visit, found = await run_in_threadpool(self._admitted, institution, application, request, Action.ATTACH)
        try:
            sent = await sent_files(request)
            added_by = visit.subject.id
            await run_in_threadpool(self._attachments.add, institution, application, sent, added_by=added_by)
        except (Malformed, Refused, Unavailable) as error:
            if not wants_page(request):
                raise
            return await run_in_threadpool(self._page, visit, found, error)
        return see(attachments_of(found))

    def give(self, institution: str, application: str, attachment: str, request: Request) -> Response:
        """Return a file as a download."""
        self._admitted(institution, application, request, Action.VIEW_ATTACHMENT)
        return download(*self._attachments.read(institution, application, attachment))

    def _admitted(
        self, institution: str, application: str, request: Request, action: Action
    ) -> tuple[Visit, Application]:
        visit = self.frame.visit(request)
        found = self.frame.portal.application(visit.subject, institution, application)
        require(visit.subject, action, resource_of(found), self._context())
        return visit, found

    def _context(self) -> Context:
        return Context(now=self.frame.portal.deployment.clock.now())


def _told(error: Error, reader: Reader) -> str:
    """Return what is wrong with files that were sent, with sizes as people read them."""
    limit = error.params.get("limit")
    if error.code == "limit_exceeded" and isinstance(limit, int):
        if limit < _MEGABYTE:
            return reader.say("page.attachments.error.count", count=limit)
        whole = "size" if error.params.get("what") == "attachment" else "total"
        return reader.say(f"page.attachments.error.{whole}", megabytes=limit // _MEGABYTE)
    return reader.say(_FAULTS.get(error.code, "page.attachments.error.other"))
