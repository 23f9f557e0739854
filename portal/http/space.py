"""The first page, and everybody's own space: requests, certificates, and the desk to hand them over."""

from fastapi import APIRouter, Request, Response

from portadoc.access.actions import Action
from portadoc.access.resources import ResourceKind
from portadoc.access.subjects import STAFF, Role, Subject
from portadoc.portal.applications.application import Application, Capacity, CertificateKind
from portadoc.portal.http.frame import Frame, Visit
from portadoc.portal.login.service import Login
from portadoc.portal.pages.case_view import CaseView, acts_for, case_view, is_certificate
from portadoc.portal.pages.rendering import FILES, STATIC_PATH, page, reader_of
from portadoc.portal.questions.flows import FLOWS
from portadoc.schemas.profiles import Mode

_CAPACITIES = {
    Role.EMPLOYER_AGENT: Capacity.EMPLOYER,
    Role.SELF_EMPLOYED: Capacity.SELF_EMPLOYED,
    Role.WORKER: Capacity.WORKER,
}


def capacities_of(subject: Subject) -> tuple[Capacity, ...]:
    """Return in which capacities somebody can ask, the likeliest first."""
    return tuple(capacity for role, capacity in _CAPACITIES.items() if role in subject.roles)


def space_router(frame: Frame, login: Login) -> APIRouter:
    """Return the first page, the files of pages, and own spaces."""
    pages = SpacePages(frame, login)
    router = APIRouter(prefix="/portal", route_class=frame.route, include_in_schema=False)
    router.add_api_route(f"{STATIC_PATH.removeprefix('/portal')}/{{name}}", FILES.static_file, methods=["GET"])
    router.add_api_route("/", pages.show_start, methods=["GET"])
    router.add_api_route("/{institution}/", pages.show_space, methods=["GET"])
    router.add_api_route("/{institution}/hand-over", pages.show_desk, methods=["GET"])
    return router


class SpacePages:
    """The endpoints, run in the thread pool."""

    def __init__(self, frame: Frame, login: Login) -> None:
        self._frame = frame
        self._portal = frame.portal
        self._login = login

    def show_start(self, request: Request) -> Response:
        """Return the three doors; to who is signed in, the institutions."""
        subject, reader, here = self._frame.entrance.visitor(request), reader_of(request), self._portal.deployment
        content: dict[str, object] = {
            "test": here.settings.mode == Mode.DEVELOPMENT,
            "signed_out": "signed-out" in request.query_params,
        }
        if subject is None:
            content["doors"] = [
                {
                    "name": name,
                    "offers": [
                        {"name": each.name, "address": each.address + suffix} for each in self._login.offers()
                    ],
                }
                for name, suffix in (("employer", ""), ("worker", ""), ("staff", "&for=office"))
            ]
        else:
            content["signed_in"] = subject.name or subject.id
            content["offices"] = [
                self._doors(Visit(subject, reader, request), slug) for slug in here.settings.by_slug
            ]
        content["institutions"] = [
            {
                "name": here.name(slug),
                "kinds": ", ".join(reader.say(f"kind.{each}") for each in settings.certificates),
            }
            for slug, settings in here.settings.by_slug.items()
        ]
        return page("start", reader, content, here=request.url.path)

    def _doors(self, visit: Visit, slug: str) -> dict[str, object]:
        """Return where somebody who is signed in can go in an institution, by what it does."""
        roles, may, here = visit.subject.roles, self._frame.may, self._portal.deployment
        issued = here.institution(slug).certificates
        lists = may(visit, Action.VIEW_WORK_LIST, ResourceKind.OFFICE, slug)
        audits = not lists and may(visit, Action.VIEW_HISTORY, ResourceKind.APPLICATION, slug)
        return {
            "slug": slug,
            "name": here.name(slug),
            "kinds": ", ".join(visit.reader.say(f"kind.{each}") for each in issued),
            "own": bool(roles - STAFF) or not (lists or audits),
            "mine": Role.WORKER in roles,
            "health": CertificateKind.EHIC.value in issued and Role.WORKER in roles,
            "replacing": CertificateKind.PRC.value in issued and Role.CARE_PROVIDER in roles,
            "staff": lists,
            "audit": audits,
        }

    def show_space(self, institution: str, request: Request) -> Response:
        """Return the requests and certificates of whoever is signed in."""
        visit = self._frame.visit(request)
        found = self._portal.applications(visit.subject, institution)
        offered = set(self._portal.deployment.institution(institution).certificates)
        content = {
            "requests": [self._line(visit, each) for each in found],
            "certificates": [self._line(visit, each) for each in found if is_certificate(each)],
            "may_start": bool(capacities_of(visit.subject)) and bool(FLOWS.keys() & offered),
            "health": CertificateKind.EHIC.value in offered and Role.WORKER in visit.subject.roles,
            "replacing": CertificateKind.PRC.value in offered and Role.CARE_PROVIDER in visit.subject.roles,
            "notices": self._notices(visit, institution, found),
            "own_data": visit.subject.pin is not None,
            "mine": visit.subject.pin is not None,
        }
        return self._frame.page("space", visit, content, slug=institution)

    def show_desk(self, institution: str, request: Request) -> Response:
        """Return, for every certificate, whether it was collected."""
        visit = self._frame.visit(request)
        held = [each for each in self._portal.applications(visit.subject, institution) if is_certificate(each)]
        rows = [self._line(visit, each, wallet=self._wallet(visit, each)) for each in held]
        return self._frame.page("desk", visit, {"rows": rows}, slug=institution)

    def _notices(self, visit: Visit, slug: str, found: tuple[Application, ...]) -> list[str]:
        """Return what nears, and to an employer what its workers asked for in its place."""
        reader = visit.reader
        told = [
            reader.say("notice.worker_asked", name=name, case=case_number)
            for name, case_number in self._portal.notices.of_workers(visit.subject, slug)
        ]
        for each in found:
            for reminder in self._portal.following.reminders(each):
                text = reader.say(f"reminder.{reminder.kind.value}", day=reader.day(reminder.on))
                told.append(reader.say("notice.sent", case=each.case_number, text=text))
        return told + [each.text(reader) for each in self._portal.news.shown(visit.subject, slug)]

    def _wallet(self, visit: Visit, application: Application) -> str:
        desk = self._portal.hand_over.desk(visit.subject, application.institution, application.application_id)
        if desk.collected:
            return visit.reader.say("page.hand_over.copies", count=desk.collected)
        return visit.reader.say("page.hand_over.waiting" if desk.offers else "page.hand_over.none")

    def _line(self, visit: Visit, application: Application, *, wallet: str = "") -> CaseView:
        return case_view(
            application,
            self._portal.drafts.known(application),
            visit.reader,
            expired=application.expired(self._portal.deployment.today()),
            own=acts_for(visit.subject, application),
            wallet=wallet,
            address=_address(visit, application),
        )


def _address(visit: Visit, application: Application) -> str:
    """Return where a request is shown: to a care provider, the certificate that it asked for a patient."""
    own = acts_for(visit.subject, application)
    if application.certificate_kind is not CertificateKind.PRC or Role.CARE_PROVIDER not in visit.subject.roles:
        return ""
    return "" if own else f"/portal/{application.institution}/health/replacement/{application.application_id}"
