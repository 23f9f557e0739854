"""Pages for people: ask a question, see what comes of it, keep the receipt.

Asking is for this machine only, until access rules exist. What comes of it is shown to the browser that asked, by
its cookie, wherever it is; a receipt to the holder, by the response code.
"""

from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Malformed, Refused
from portadoc.formats.roles import RECEIPT
from portadoc.i18n import Message, render
from portadoc.verification.presets.presets import PRESETS, preset
from portadoc.verification.rendering.report_html import report_fragment
from portadoc.verifier.asking import Asked
from portadoc.verifier.http.live import EventStream, StageBoard
from portadoc.verifier.pages.rendering import (
    STATIC_PATH,
    PageRoute,
    Reader,
    page,
    qr_code,
    reader_of,
    static_file,
)
from portadoc.verifier.requests import Channel
from portadoc.verifier.results import Result
from portadoc.verifier.service import Verifier
from portadoc.verifier.sessions import FINAL_STAGES, BrowserView, Stage
from portadoc.verifier.settings import InstitutionSettings
from portadoc.web.answers import NO_STORE
from portadoc.web.bodies import read_form
from portadoc.web.loopback import loopback_only
from portadoc.web.origin import require_same_origin

COOKIE: Final = "portadoc-session"
RECEIPT_TYPE: Final = f"application/{next(iter(RECEIPT.typ))}"
REFRESH_S: Final = 5
CHANNELS: Final = (Channel.CROSS_DEVICE, Channel.SAME_DEVICE, Channel.BROWSER)
Form = Annotated[dict[str, str], Depends(read_form)]


def page_router(verifier: Verifier) -> APIRouter:
    """Return the pages of the verifier, with paths from the root of the origin."""
    pages = VerifierPages(verifier)
    guard = Depends(loopback_only(verifier.settings.base_url))

    def same_origin(request: Request) -> None:
        require_same_origin(request, origin=verifier.settings.base_url)

    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    router.add_api_route(f"{STATIC_PATH}/{{name}}", static_file, methods=["GET"])
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
    router.include_router(inner)
    return router


class VerifierPages:
    """The endpoints; those that are plain functions run in the thread pool."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._board = StageBoard(verifier)

    def show_questions(self, institution: str, request: Request) -> Response:
        """Return the page that asks: for which purpose, by which way to the wallet, for which day."""
        asking, reader = self._institution(institution), reader_of(request)
        questions = [
            {"id": each.id, "title": each.title.get(reader.language, each.id)}
            for each in PRESETS.values()
            if _types(each.query) <= set(asking.registered_types)
        ]
        content = {
            "institution": _name(asking, reader),
            "questions": questions,
            "channels": CHANNELS,
            "action": f"/verifier/{institution}/sessions",
        }
        return page("ask", reader, content, here=request.url.path)

    def start(self, institution: str, request: Request, form: Form) -> Response:
        """Ask, and send the browser to the page of its session with the cookie that proves it is its own."""
        asked = Asked(channel=_channel(form), on_date=_day(form))
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
            "institution": _name(asking, reader),
            "purpose": _purpose(terms.preset_id, reader),
            "base": f"/verifier/{institution}/sessions/{transaction_id}",
            "excess": [_message(each.code, each.params_in(reader.language), reader) for each in terms.excess],
            "stage": view.stage,
            "channel": view.request.channel,
            "confirmation": view.request.confirmation,
            "until": reader.time(view.request.expires_at),
            "refresh_s": 0 if view.stage in FINAL_STAGES else REFRESH_S,
            **self._way_to_the_wallet(view, reader),
            **_shown_result(view, reader),
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
            "institution": _name(asking, reader),
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

    def _way_to_the_wallet(self, view: BrowserView, reader: Reader) -> dict[str, str]:
        if view.stage is not Stage.OPEN:
            return {"link": "", "qr": ""}
        link = self._verifier.link(view.request)
        shows_code = view.request.channel is Channel.CROSS_DEVICE
        return {"link": link, "qr": qr_code(link, reader.say("session.open.cross_device")) if shows_code else ""}


def _shown_result(view: BrowserView, reader: Reader) -> dict[str, Any]:
    """Return what there is to say about a result: the verdict over all, why, and each report."""
    result = view.result or Result()
    verdict, first = result.verdict, result.problem
    problems = list(result.problems)
    if not result.presentations and first is not None and first not in problems:
        problems.append(first)
    return {
        "verdict": None if verdict is None else _message(verdict.code, {}, reader),
        "colour": None if verdict is None else verdict.colour,
        "kept": result.kept,
        "reasons": [_message(each.code, each.params, reader) for each in problems],
        "description": result.wallet_error_description,
        "reports": [
            report_fragment(each.report, reader.language, anchor=f"report-{number}")
            for number, each in enumerate(result.presentations, start=1)
        ],
        "receipt": view.receipt is not None,
    }


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


def _day(form: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(form["on_date"]) if "on_date" in form else None
    except ValueError as exc:
        raise Malformed("member_invalid", member="/on_date", expected="YYYY-MM-DD") from exc


def _secret(request: Request) -> str:
    """Return what the browser proves itself with; nothing fits where there is none."""
    return request.cookies.get(COOKIE, "")
