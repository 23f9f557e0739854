"""What officers do with a case: take it, ask, decide, approve, send back, confirm, withdraw."""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.access.actions import Action
from portadoc.errors import Conflict, Error, Malformed
from portadoc.portal.applications.application import Application, ApplicationState, CertificateKind, RequestKind
from portadoc.portal.applications.course import objecting_states
from portadoc.portal.http.frame import Frame, Visit, form_of_request, typed_day
from portadoc.portal.http.office import places
from portadoc.portal.officers.departures import Departure
from portadoc.portal.officers.endings import CAUSES
from portadoc.portal.officers.office import CaseFile
from portadoc.portal.pages.office.case_file_view import case_content
from portadoc.portal.pages.office.verdict_form import (
    FIELDS,
    articles,
    countries,
    departure_lines,
    faults_of,
    outcomes_of,
    read_verdict,
    suggested,
)
from portadoc.portal.pages.office.work_view import case_of_office
from portadoc.portal.pages.rendering import see
from portadoc.portal.pages.words import Words
from portadoc.portal.questions.flows import case_of
from portadoc.web.bodies import require_members

Form = Annotated[dict[str, str], Depends(form_of_request)]
_QUESTION: Final = "q."


def deciding_router(frame: Frame) -> APIRouter:
    """Return the pages on which officers act."""
    pages = DecidingPages(frame)
    router = APIRouter(
        prefix="/portal/{institution}/office/cases/{application}", route_class=frame.route, include_in_schema=False
    )
    for path, show, act in (
        ("/ask", pages.show_ask, pages.ask),
        ("/decide", pages.show_decide, pages.decide),
        ("/confirm", pages.show_confirm, pages.confirm),
        ("/withdraw", pages.show_withdraw, pages.withdraw),
        ("/object", pages.show_object, pages.object_received),
        ("/settle", pages.show_settle, pages.settle),
    ):
        router.add_api_route(path, show, methods=["GET"])
        router.add_api_route(path, act, methods=["POST"])
    router.add_api_route("/assign", pages.assign, methods=["POST"])
    router.add_api_route("/approve", pages.approve, methods=["POST"])
    router.add_api_route("/send-back", pages.send_back, methods=["POST"])
    return router


class DecidingPages:
    """The endpoints, run in the thread pool. A form comes back with its faults, and nothing typed is lost."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._office = frame.portal.office

    def assign(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Take a case, or give it back."""
        visit = self._frame.visit(request)
        require_members(form, ("release",))
        to = "" if form.get("release") == "yes" else visit.subject.id
        return _back(self._office.assign(visit.subject, institution, application, to=to))

    def show_ask(self, institution: str, application: str, request: Request) -> Response:
        """Return the form in which the applicant is asked."""
        visit, case = self._opened(institution, application, request, Action.ASK_APPLICANT)
        return self._ask_page(visit, case, {}, {})

    def ask(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Ask the applicant."""
        visit, case = self._opened(institution, application, request, Action.ASK_APPLICANT)
        askable = self._office.askable(case.application)
        require_members(form, {"reason", *(_QUESTION + each for each in askable)})
        chosen = [each for each in askable if form.get(_QUESTION + each) == "yes"]

        def act() -> Application:
            return self._office.ask_applicant(
                visit.subject, institution, application, question=form.get("reason", ""), questions=chosen
            )

        return self._done(visit, act, lambda faults: self._ask_page(visit, case, form, faults))

    def show_decide(self, institution: str, application: str, request: Request) -> Response:
        """Return the form in which a case is decided, with the dates that the rules found."""
        visit, case = self._opened(institution, application, request, Action.DECIDE)
        return self._decide_page(visit, case, suggested(case, own_state=self._own_state(institution)), {})

    def decide(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Decide; what is not what the rules found is shown first, and has to be meant."""
        visit, case = self._opened(institution, application, request, Action.DECIDE)
        require_members(form, FIELDS)
        _require_version(form, case.application)
        verdict, faults = read_verdict(form, case.application, visit.reader)
        if verdict is None:
            return self._decide_page(visit, case, form, faults)
        departs = self._office.departures(case, verdict)
        if departs and form.get("sure") != "yes":
            fault = {"sure": visit.reader.say("office.expected.sure")}
            return self._decide_page(visit, case, form, fault, departs)

        def act() -> Application:
            seen = case.application.version
            return self._office.decide(visit.subject, institution, application, verdict, version=seen)

        return self._done(visit, act, lambda found: self._decide_page(visit, case, form, found, departs))

    def approve(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Approve what a colleague decided, as it was looked at."""
        visit, case = self._opened(institution, application, request, Action.APPROVE)
        require_members(form, ("version",))
        _require_version(form, case.application)
        version = case.application.version
        return _back(self._office.approve(visit.subject, institution, application, version=version))

    def send_back(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Send back what a colleague decided, with the reason."""
        visit, case = self._opened(institution, application, request, Action.APPROVE)
        require_members(form, ("reason",))

        def act() -> Application:
            return self._office.send_back(visit.subject, institution, application, reason=form.get("reason", ""))

        return self._done(visit, act, lambda faults: self._case_page(visit, case, faults))

    def show_confirm(self, institution: str, application: str, request: Request) -> Response:
        """Return the form in which an automatic refusal is confirmed."""
        visit, case = self._opened(institution, application, request, Action.DECIDE)
        return self._form(visit, case, "office_confirm", {}, {})

    def confirm(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Confirm an automatic refusal."""
        visit, case = self._opened(institution, application, request, Action.DECIDE)
        require_members(form, ("reason",))

        def act() -> Application:
            return self._office.confirm_refusal(
                visit.subject, institution, application, reason=form.get("reason", "")
            )

        return self._done(visit, act, lambda faults: self._form(visit, case, "office_confirm", form, faults))

    def show_withdraw(self, institution: str, application: str, request: Request) -> Response:
        """Return the form in which a certificate is withdrawn."""
        visit, case = self._opened(institution, application, request, Action.REVOKE)
        return self._withdraw_page(visit, case, {"from": self._frame.portal.deployment.today().isoformat()}, {})

    def withdraw(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Withdraw a certificate; once more changes nothing (J05)."""
        visit, case = self._opened(institution, application, request, Action.REVOKE)
        require_members(form, ("cause", "from", "reason"))
        found = case.application
        if found.state is ApplicationState.WITHDRAWN and found.revocation is not None:
            return _back(found)
        faults = {}
        if form.get("cause") not in CAUSES:
            faults["cause"] = visit.reader.say("expected.choice_missing")
        if not form.get("reason", "").strip():
            faults["reason"] = faults_of(Malformed("reason_missing"), visit.reader)["reason"]
        first_day = typed_day(form.get("from", ""))
        if first_day is None:
            faults["from"] = visit.reader.say("office.expected.day")
        if faults or first_day is None:
            return self._withdraw_page(visit, case, form, faults)
        cause, note = form["cause"], form["reason"]

        def act() -> Application:
            return self._office.revoke(
                visit.subject, institution, application, reason=cause, first_day=first_day, note=note
            )

        return self._done(visit, act, lambda told: self._withdraw_page(visit, case, form, told))

    def show_object(self, institution: str, application: str, request: Request) -> Response:
        """Return the form in which an officer notes that another State objects."""
        visit, case = self._opened(institution, application, request, Action.REVOKE)
        return self._object_page(visit, case, {"from": self._frame.portal.deployment.today().isoformat()}, {})

    def object_received(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Note that another State objects."""
        visit, case = self._opened(institution, application, request, Action.REVOKE)
        require_members(form, ("state", "from", "reason"))
        received_on = typed_day(form.get("from", ""))
        if received_on is None:
            return self._object_page(visit, case, form, {"from": visit.reader.say("office.expected.day")})
        state, note = form.get("state", ""), form.get("reason", "")

        def act() -> Application:
            return self._office.endings.object_received(
                visit.subject, institution, application, state=state, received_on=received_on, note=note
            )

        return self._done(visit, act, lambda faults: self._object_page(visit, case, form, faults))

    def show_settle(self, institution: str, application: str, request: Request) -> Response:
        """Return the form in which what both States agreed on becomes definitive."""
        visit, case = self._opened(institution, application, request, Action.REVOKE)
        return self._settle_page(visit, case, {}, {})

    def settle(self, institution: str, application: str, request: Request, form: Form) -> Response:
        """Make definitive what both States agreed on."""
        visit, case = self._opened(institution, application, request, Action.REVOKE)
        require_members(form, ("reason", "state"))

        def act() -> Application:
            reason, state = form.get("reason", ""), form.get("state") or None
            return self._office.endings.settle(visit.subject, institution, application, reason=reason, state=state)

        return self._done(visit, act, lambda faults: self._settle_page(visit, case, form, faults))

    def _settle_page(
        self, visit: Visit, case: CaseFile, typed: Mapping[str, str], faults: Mapping[str, str]
    ) -> Response:
        objecting = set(objecting_states(case.application))
        states = [each for each in countries(visit.reader, own_state="") if each.value in objecting]
        return self._form(visit, case, "office_settle", typed, faults, countries=states if len(states) > 1 else ())

    def _object_page(
        self, visit: Visit, case: CaseFile, typed: Mapping[str, str], faults: Mapping[str, str]
    ) -> Response:
        states = countries(visit.reader, own_state=self._own_state(case.application.institution))
        return self._form(visit, case, "office_object", typed, faults, countries=states)

    def _opened(
        self, institution: str, application: str, request: Request, action: Action
    ) -> tuple[Visit, CaseFile]:
        visit = self._frame.visit(request)
        case = self._office.case_file(visit.subject, institution, application)
        self._frame.portal.gate.require(visit.subject, action, case.application)
        return visit, case

    def _own_state(self, slug: str) -> str:
        return self._frame.portal.deployment.institution(slug).country

    def _done(
        self, visit: Visit, act: Callable[[], Application], again: Callable[[Mapping[str, str]], Response]
    ) -> Response:
        """Do it and lead back to the case; what is wrong with one field is said there."""
        try:
            return _back(act())
        except Error as error:
            faults = faults_of(error, visit.reader)
            if not faults:
                raise
            return again(faults)

    def _ask_page(
        self, visit: Visit, case: CaseFile, typed: Mapping[str, str], faults: Mapping[str, str]
    ) -> Response:
        found = case.application
        words = Words(visit.reader, case_of(found.answers, self._frame.portal.known(found)))
        questions = [
            {"name": _QUESTION + name, "label": words.short(each)}
            for name, each in self._office.askable(found).items()
        ]
        return self._form(visit, case, "office_ask", typed, faults, questions=questions)

    def _decide_page(
        self,
        visit: Visit,
        case: CaseFile,
        typed: Mapping[str, str],
        faults: Mapping[str, str],
        departs: tuple[Departure, ...] = (),
    ) -> Response:
        found, reader = case.application, visit.reader
        ends = found.request_kind is RequestKind.WITHDRAWAL
        return self._form(
            visit,
            case,
            "office_decide",
            typed,
            faults,
            outcomes=outcomes_of(found),
            ends=ends,
            is_a1=found.certificate_kind is CertificateKind.A1 and not ends,
            coverage=found.certificate_kind in (CertificateKind.BILATERAL, CertificateKind.MAINTENANCE)
            and not ends,
            articles=articles(reader),
            countries=countries(reader, own_state=self._own_state(found.institution)),
            departs=departure_lines(departs, reader),
        )

    def _withdraw_page(
        self, visit: Visit, case: CaseFile, typed: Mapping[str, str], faults: Mapping[str, str]
    ) -> Response:
        return self._form(visit, case, "office_withdraw", typed, faults, causes=CAUSES)

    def _case_page(self, visit: Visit, case: CaseFile, faults: Mapping[str, str]) -> Response:
        found = case.application
        content = {
            **places(self._frame, visit, found.institution),
            **case_content(
                case, visit.reader, subject=visit.subject, own_state=self._own_state(found.institution)
            ),
            "faults": faults,
            "faulty": True,
        }
        return self._frame.page("office_case", visit, content, slug=found.institution, status=422, shareable=False)

    def _form(
        self,
        visit: Visit,
        case: CaseFile,
        template: str,
        typed: Mapping[str, str],
        faults: Mapping[str, str],
        **more: object,
    ) -> Response:
        found = case.application
        content = {
            **places(self._frame, visit, found.institution),
            **more,
            "base": case_of_office(found.institution, found.application_id),
            "case_number": found.case_number,
            "four_eyes": case.four_eyes,
            "version": found.version,
            "typed": typed,
            "faults": faults,
            "faulty": bool(faults),
        }
        status = 422 if faults else 200
        return self._frame.page(
            template, visit, content, slug=found.institution, status=status, shareable=not typed
        )


def _back(found: Application) -> Response:
    return see(case_of_office(found.institution, found.application_id))


def _require_version(form: Mapping[str, str], found: Application) -> None:
    """Require that a case is decided as it was looked at. Raises Conflict[application_changed]."""
    if form.get("version") != str(found.version):
        raise Conflict("application_changed")
