"""Pages of the office, for this machine only until access rules exist; and dossiers, for whoever has the link."""

from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from portadoc.errors import Refused
from portadoc.i18n import render
from portadoc.inspector.batch.verdicts import FileVerdict, judge_file, totals
from portadoc.inspector.http.access import Access
from portadoc.inspector.http.uploads import MAX_FILES, MAX_UPLOAD_BYTES, read_uploads
from portadoc.inspector.office.dossiers import Role
from portadoc.inspector.office.pdf import moment, paper
from portadoc.inspector.pages.rendering import FILES, STATIC_PATH, PageRoute, Reader, page, reader_of
from portadoc.inspector.service import Inspector
from portadoc.inspector.visits.photos import may_be_shown
from portadoc.schemas.profiles import Mode
from portadoc.verification.report import VerificationReport
from portadoc.web.answers import NO_STORE
from portadoc.web.loopback import loopback_only
from portadoc.web.pages.qr_codes import qr_code

_DAYS_A_YEAR: Final = 365


def office_router(inspector: Inspector) -> APIRouter:
    """Return the pages of the office and of site dossiers."""
    pages, access = OfficePages(inspector), Access(inspector)
    here = Depends(loopback_only(inspector.settings.base_url))
    ours = [here, Depends(access.same_origin)]
    router = APIRouter(prefix="/inspect", route_class=PageRoute, include_in_schema=False)
    router.add_api_route(f"{STATIC_PATH.removeprefix('/inspect')}/{{name}}", FILES.static_file, methods=["GET"])
    router.add_api_route("/dossiers/{secret}", pages.show_dossier, methods=["GET"])
    router.add_api_route("/office/", pages.show_visits, methods=["GET"], dependencies=[here])
    visit = "/office/{institution}/visits/{visit}"
    router.add_api_route(visit, pages.show_visit, methods=["GET"], dependencies=[here])
    router.add_api_route(f"{visit}/photos/{{photo}}", pages.show_photo, methods=["GET"], dependencies=[here])
    router.add_api_route(f"{visit}/export.json", pages.export_json, methods=["POST"], dependencies=ours)
    router.add_api_route(f"{visit}/export.pdf", pages.export_pdf, methods=["POST"], dependencies=ours)
    router.add_api_route(f"{visit}/dossier", pages.link_dossier, methods=["POST"], dependencies=ours)
    dossier = "/office/{institution}/dossiers/{dossier}/end"
    router.add_api_route(dossier, pages.end_dossier, methods=["POST"], dependencies=ours)
    router.add_api_route("/office/{institution}/batch", pages.show_batch, methods=["GET"], dependencies=[here])
    router.add_api_route("/office/{institution}/batch", pages.judge_batch, methods=["POST"], dependencies=ours)
    return router


class OfficePages:
    """The endpoints; those that are plain functions run in the thread pool."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._access = Access(inspector)

    def show_visits(self, request: Request) -> Response:
        """Return the list of visits of every institution."""
        here, reader = self._inspector, reader_of(request)
        offices = [
            {
                "slug": slug,
                "name": here.deployment.name(slug),
                "visits": here.visits.listed(slug),
                "links": here.dossiers.links(slug),
            }
            for slug in here.settings.by_slug
        ]
        kept = {"years": here.settings.visit_kept_days // _DAYS_A_YEAR, "days": here.settings.idle_scan_kept_days}
        now = here.deployment.clock.now()
        return self._page("visits", reader, {"offices": offices, "now": now, **kept}, request)

    def show_visit(self, institution: str, visit: str, request: Request) -> Response:
        """Return one visit."""
        here, reader = self._inspector, reader_of(request)
        opened, base = here.visits.opened(institution, visit), f"/inspect/office/{institution}/visits/{visit}"
        written = paper(
            opened,
            {each.photo: each.photo for each in opened.visit.photos if may_be_shown(each.data, each.media_type)},
            institution=here.deployment.name(institution),
            export_id="",
            at=here.deployment.clock.now(),
            language=reader.language,
        )
        photos = [
            {**each, "address": f"{base}/photos/{each['file']}" if each["file"] else ""}
            for each in written["photos"]["rows"]
        ]
        content = {
            "paper": written,
            "photos": photos,
            "base": base,
            "exports": here.exports.made(institution, visit),
        }
        return self._page("visit", reader, content, request, institution)

    def show_photo(self, institution: str, visit: str, photo: str) -> Response:
        """Return one photograph, as what it was taken in as and nothing else."""
        for each in self._inspector.visits.opened(institution, visit).visit.photos:
            if each.photo == photo and may_be_shown(each.data, each.media_type):
                return Response(each.data, headers=dict(NO_STORE), media_type=each.media_type)
        raise Refused("not_found")

    def export_json(self, institution: str, visit: str) -> Response:
        """Return the signed JSON of a visit as a file."""
        made = self._inspector.exports.as_json(institution, visit)
        return _file(made, f"visit-{visit}.json", "application/jose+json")

    def export_pdf(self, institution: str, visit: str, request: Request) -> Response:
        """Return the signed PDF of a visit as a file."""
        made = self._inspector.exports.as_pdf(institution, visit, language=reader_of(request).language)
        return _file(made, f"visit-{visit}.pdf", "application/pdf")

    def link_dossier(self, institution: str, visit: str, request: Request) -> Response:
        """Make a link to the dossier of the site and return it as a sheet; it is shown this once."""
        here, reader = self._inspector, reader_of(request)
        site = here.visits.opened(institution, visit).visit.site.text
        made = here.dossiers.link(institution, site)
        content = {
            "site": made.link.title,
            "address": made.address,
            "qr": qr_code(made.address, reader.say("dossier.print")),
            "until": moment(made.link.expires_at),
        }
        return self._page("sheet", reader, content, None, institution)

    def end_dossier(self, institution: str, dossier: str, request: Request) -> Response:
        """End a link and go back to the list."""
        self._inspector.dossiers.unlink(institution, dossier)
        return Response(status_code=303, headers={"Location": f"/inspect/office/{reader_of(request).query}"})

    def show_dossier(self, secret: str, request: Request) -> Response:
        """Return the dossier of a site, as far as whoever opens it may see it."""
        reader = reader_of(request)
        found = self._inspector.dossiers.opened(secret, self._access.known_device(request))
        inspects = found.role is Role.INSPECTOR
        content = {
            "site": found.link.title,
            "rows": found.rows,
            "role": reader.say("dossier.inspector" if inspects else "dossier.contractor"),
            "minimised": not inspects,
            "until": moment(found.link.expires_at),
        }
        return self._page("dossier", reader, content, request, found.link.institution)

    def show_batch(self, institution: str, request: Request) -> Response:
        """Return the page that takes many files."""
        return self._batch(institution, request, None)

    async def judge_batch(self, institution: str, request: Request) -> Response:
        """Return one verdict a file; nothing is kept, and no more than one file is held at a time."""
        here, now = self._inspector.deployment, self._inspector.deployment.clock.now()
        here.institution(institution)

        def judge(text: str) -> VerificationReport:
            day = datetime.fromtimestamp(now, UTC).date()
            return here.judges.judge(institution, text, at=now, on_date=day)

        uploads = read_uploads(request)
        verdicts = [await run_in_threadpool(judge_file, each.name, each.content, judge) async for each in uploads]
        return await run_in_threadpool(self._batch, institution, request, verdicts)

    def _batch(self, institution: str, request: Request, verdicts: list[FileVerdict] | None) -> Response:
        reader = reader_of(request)
        self._inspector.deployment.institution(institution)
        content = {
            "action": f"/inspect/office/{institution}/batch{reader.query}",
            "most_files": MAX_FILES,
            "megabytes": MAX_UPLOAD_BYTES // 1024**2,
            "verdicts": None if verdicts is None else [_shown(each, reader) for each in verdicts],
            "totals": totals(verdicts or ()),
        }
        return self._page("batch", reader, content, request, institution)

    def _page(
        self,
        template: str,
        reader: Reader,
        content: dict[str, Any],
        request: Request | None,
        institution: str | None = None,
    ) -> Response:
        here = self._inspector
        name = "" if institution is None else here.deployment.name(institution)
        frame = {"institution": name, "test": here.settings.mode == Mode.DEVELOPMENT}
        return page(template, reader, {**frame, **content}, here=None if request is None else request.url.path)


def _shown(found: FileVerdict, reader: Reader) -> dict[str, str]:
    unread = not found.colour
    headline = "" if unread else reader.verdict(found.verdict)
    reason = render(found.code, {}, reader.language).text if unread else found.code
    return {"file": found.file, "colour": found.colour, "headline": headline, "reason": reason}


def _file(content: bytes, name: str, media_type: str) -> Response:
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=media_type)
