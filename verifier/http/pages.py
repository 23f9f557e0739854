"""Pages for people: ask a question, see what comes of it, keep the receipt.

Asking is for this machine only, until access rules exist. What comes of it is shown to the browser that asked, by
its cookie, wherever it is; a receipt to the holder, by the response code.
"""

import unicodedata
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from portadoc.days import kept_day
from portadoc.errors import Malformed, Refused
from portadoc.formats.dcql.query import parse_query
from portadoc.formats.roles import RECEIPT
from portadoc.i18n import Message, render
from portadoc.schemas.codes import PDA1_STATES, canonical_country
from portadoc.schemas.profiles import Mode
from portadoc.verification.policy import WorkAsked
from portadoc.verification.presets.presets import PRESETS, preset
from portadoc.verification.rendering.wording import Words
from portadoc.verifier.asking import Asked
from portadoc.verifier.http.live import EventStream, StageBoard
from portadoc.verifier.pages.rendering import (
    FILES,
    STATIC_PATH,
    PageRoute,
    Reader,
    page,
    reader_of,
)
from portadoc.verifier.pages.shown_result import shown_result
from portadoc.verifier.questions import Terms, asks_for_a1
from portadoc.verifier.requests import Channel
from portadoc.verifier.service import Verifier
from portadoc.verifier.sessions import FINAL_STAGES, BrowserView, Stage
from portadoc.verifier.settings import InstitutionSettings
from portadoc.web.answers import NO_STORE
from portadoc.web.bodies import read_form
from portadoc.web.loopback import loopback_only
from portadoc.web.origin import require_same_origin
from portadoc.web.pages.qr_codes import qr_code

COOKIE: Final = "portadoc-session"
RECEIPT_TYPE: Final = f"application/{next(iter(RECEIPT.typ))}"
REFRESH_S: Final = 5
_MAX_EMPLOYER: Final = 100
CHANNELS: Final = (Channel.CROSS_DEVICE, Channel.SAME_DEVICE, Channel.BROWSER)
Form = Annotated[dict[str, str], Depends(read_form)]


def page_router(verifier: Verifier) -> APIRouter:
    """Return the pages of the verifier, with paths from the root of the origin."""
    pages = VerifierPages(verifier)
    guard = Depends(loopback_only(verifier.settings.base_url))

    def same_origin(request: Request) -> None:
        require_same_origin(request, origin=verifier.settings.base_url)

    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    router.add_api_route(f"{STATIC_PATH}/{{name}}", FILES.static_file, methods=["GET"])
    inner = APIRouter(prefix="/verifier/{institution}", route_class=PageRoute)
    inner.add_api_route("/ask", pages.show_questions, methods=["GET"], dependencies=[guard])
    inner.add_api_route("/sessions", pages.start, methods=["POST"], dependencies=[guard, Depends(same_origin)])
    session = "/sessions/{transaction_id}"
    inner.add_api_route(session, pages.show_session, methods=["GET"])
    inner.add_api_route(f"{session}/return", pages.come_back, methods=["GET"])
    inner.add_api_route(f"{session}/events", pages.follow, methods=["GET"])
    inner.add_api_route(f"{session}/receipt", pages.save_receipt, methods=["GET"])
    inner.add_api_route("/receipts/{request_id}", pages.show_receipt, methods=["GET"])
    inner.add_api_route("/receipts/{request_id}/file", pages.save_holders_receipt, methods=["GET"])
    router.add_api_route("/verifier/{institution}", pages.lead_on, methods=["GET"])
    router.include_router(inner)
    return router


class VerifierPages:
    """The endpoints; those that are plain functions run in the thread pool."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._board = StageBoard(verifier)

    def lead_on(self, institution: str, request: Request) -> Response:
        """Send who opens the address of an institution to its questions."""
        path, reader = f"/verifier/{self._institution(institution).slug}/ask", reader_of(request)
        return Response(status_code=303, headers={"Location": f"{path}{reader.query}"})

    def show_questions(self, institution: str, request: Request) -> Response:
        """Return the page that asks: for which purpose, by which way to the wallet, for which day and work."""
        asking, reader = self._institution(institution), reader_of(request)
        questions = [
            {"id": each.id, "title": each.title.get(reader.language, each.id)}
            for each in PRESETS.values()
            if _types(each.query) <= set(asking.registered_types)
        ]
        about_work = [each["title"] for each in questions if asks_for_a1(parse_query(PRESETS[each["id"]].query))]
        content = {
            **self._frame(asking, reader),
            "questions": questions,
            "about_work": about_work,
            "states": _states(reader),
            "channels": CHANNELS,
            "action": f"/verifier/{institution}/sessions",
        }
        return page("ask", reader, content, here=request.url.path)

    def start(self, institution: str, request: Request, form: Form) -> Response:
        """Ask, and send the browser to the page of its session with the cookie that proves it is its own."""
        asked = Asked(channel=_channel(form), on_date=_day(form, "on_date"), work=_work(form))
        created = self._verifier.create_request(institution, preset(form.get("preset", "")), asked=asked)
        path = f"/verifier/{institution}/sessions/{created.transaction_id}"
        response = Response(status_code=303, headers={"Location": f"{path}{reader_of(request).query}"})
        response.set_cookie(
            COOKIE,
            created.session_secret,
            max_age=self._verifier.settings.result_kept_s,
            path=path,
            httponly=True,
            samesite="lax",  # the wallet leads back from elsewhere, and the cookie has to come along
            secure=self._verifier.settings.base_url.startswith("https:"),
        )
        return response

    def show_session(self, institution: str, transaction_id: str, request: Request) -> Response:
        """Return where a session stands, to the browser that started it."""
        asking, reader = self._institution(institution), reader_of(request)
        view = self._verifier.session(institution, transaction_id, _secret(request))
        terms = view.request.terms
        content = {
            **self._frame(asking, reader),
            "ask": f"/verifier/{institution}/ask",
            "sessions": f"/verifier/{institution}/sessions",
            "again": _again(terms),
            "purpose": _purpose(terms.preset_id, reader),
            "base": f"/verifier/{institution}/sessions/{transaction_id}",
            "excess": [_message(each.code, each.params_in(reader.language), reader) for each in terms.excess],
            "stage": view.stage,
            "channel": view.request.channel,
            "confirmation": view.request.confirmation,
            "until": reader.time(view.request.expires_at),
            "expires_at": view.request.expires_at,
            "refresh_s": 0 if view.stage in FINAL_STAGES else REFRESH_S,
            **self._way_to_the_wallet(view, reader),
            **shown_result(view, reader),
        }
        return page("session", reader, content, here=request.url.path)

    def come_back(
        self, institution: str, transaction_id: str, request: Request, response_code: str | None = None
    ) -> Response:
        """Take the holder back from the wallet, and send the browser to its session without the code."""
        self._verifier.come_back(institution, transaction_id, _secret(request), response_code)
        path = f"/verifier/{institution}/sessions/{transaction_id}"
        return Response(status_code=303, headers={"Location": path})

    def follow(self, institution: str, transaction_id: str, request: Request) -> Response:
        """Return the events of a session, to the browser that started it."""
        self._verifier.session(institution, transaction_id, _secret(request))
        transaction = (institution, transaction_id)
        return EventStream(self._board, transaction, live_s=self._verifier.settings.live_s)

    def save_receipt(self, institution: str, transaction_id: str, request: Request) -> Response:
        """Return the receipt as a file, to the browser that asked."""
        view = self._verifier.session(institution, transaction_id, _secret(request))
        if view.receipt is None:
            raise Refused("not_found")
        return _receipt_file(view.receipt)

    def show_receipt(
        self, institution: str, request_id: str, request: Request, response_code: str | None = None
    ) -> Response:
        """Return the page on which the holder finds the receipt, and the number to compare."""
        asking, reader = self._institution(institution), reader_of(request)
        found = self._verifier.receipt(institution, request_id, response_code)
        content = {
            **self._frame(asking, reader),
            "confirmation": found.confirmation,
            "file": f"{request.url.path}/file?{urlencode({'response_code': response_code or ''})}",
        }
        return page("receipt", reader, content, here=None)

    def save_holders_receipt(
        self, institution: str, request_id: str, response_code: str | None = None
    ) -> Response:
        """Return the receipt as a file, to the holder."""
        return _receipt_file(self._verifier.receipt(institution, request_id, response_code).receipt)

    def _institution(self, slug: str) -> InstitutionSettings:
        found = self._verifier.settings.by_slug.get(slug)
        if found is None:
            raise Refused("not_found")
        return found

    def _frame(self, asking: InstitutionSettings, reader: Reader) -> dict[str, object]:
        return {
            "institution": _name(asking, reader),
            "test": self._verifier.settings.mode == Mode.DEVELOPMENT,
        }

    def _way_to_the_wallet(self, view: BrowserView, reader: Reader) -> dict[str, str]:
        if view.stage is not Stage.OPEN:
            return {"link": "", "qr": ""}
        link = self._verifier.link(view.request)
        shows_code = view.request.channel is Channel.CROSS_DEVICE
        return {"link": link, "qr": qr_code(link, reader.say("session.open.cross_device")) if shows_code else ""}


def _again(terms: Terms) -> dict[str, str]:
    """Return the form that asks the same by a QR code; empty for a question that no page asks."""
    if terms.preset_id not in PRESETS or preset(terms.preset_id).version != terms.policy_version:
        return {}
    work = terms.work or WorkAsked()
    filled_in = {
        "preset": terms.preset_id,
        "channel": Channel.CROSS_DEVICE.value,
        "on_date": terms.on_date,
        "work_state": work.state,
        "work_employer": next(iter(work.employers), None),
        "work_first": work.first,
        "work_last": work.last,
    }
    return {name: str(value) for name, value in filled_in.items() if value is not None}


def _states(reader: Reader) -> list[tuple[str, str]]:
    """Return the States by name: code and name."""
    named = [(code, Words(reader.language).country(code)) for code in PDA1_STATES]
    return sorted(named, key=lambda each: unicodedata.normalize("NFD", each[1]))


def _message(code: str, params: Any, reader: Reader) -> Message:
    return render(code, params, reader.language)


def _receipt_file(text: str) -> Response:
    headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="receipt.jwt"'}
    return Response(text, headers=headers, media_type=RECEIPT_TYPE)


def _types(query: Any) -> set[str]:
    return {vct for wanted in query["credentials"] for vct in wanted["meta"]["vct_values"]}


def _name(asking: InstitutionSettings, reader: Reader) -> str:
    return asking.names.get(reader.language) or next(iter(asking.names.values()))


def _purpose(preset_id: str, reader: Reader) -> str:
    known = PRESETS.get(preset_id)
    return preset_id if known is None else known.title.get(reader.language, preset_id)


def _channel(form: dict[str, str]) -> Channel:
    chosen = form.get("channel", "")
    if chosen not in CHANNELS:
        raise Malformed("member_invalid", member="/channel", expected=", ".join(CHANNELS))
    return Channel(chosen)


def _day(form: dict[str, str], name: str) -> date | None:
    try:
        return kept_day(form.get(name))
    except ValueError as exc:
        raise Malformed("member_invalid", member=f"/{name}", expected="YYYY-MM-DD") from exc


def _work(form: dict[str, str]) -> WorkAsked | None:
    """Return the work in question where some field of it is filled in."""
    state, employer = form.get("work_state", "").strip().upper(), form.get("work_employer", "").strip()
    if state and canonical_country(state) not in PDA1_STATES:
        raise Malformed("work_state_invalid")
    if len(employer) > _MAX_EMPLOYER or (employer and not any(map(str.isalnum, employer))):
        raise Malformed("work_employer_invalid", limit=_MAX_EMPLOYER)
    work = WorkAsked(
        state=canonical_country(state) or None,
        employers=frozenset({employer} if employer else ()),
        first=_day(form, "work_first"),
        last=_day(form, "work_last"),
    )
    return None if work == WorkAsked() else work


def _secret(request: Request) -> str:
    """Return what the browser proves itself with; nothing fits where there is none."""
    return request.cookies.get(COOKIE, "")
