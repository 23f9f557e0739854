"""Pages of the portal: escaped by default, with the headers of a page, nothing from elsewhere and no script."""

from collections.abc import Mapping
from typing import Final

from fastapi import Request, Response

from portadoc.errors import Error, Unavailable
from portadoc.i18n import render
from portadoc.web.headers import PAGE_HEADERS
from portadoc.web.pages.page_files import PageFiles, templates_of
from portadoc.web.pages.reader import Reader, keep_choice, language_links
from portadoc.web.pages.reader import reader_of as reader_of_book
from portadoc.web.problem import problem, status_of

BOOK: Final = "portal"
STATIC_PATH: Final = "/portal/pages"
LANGUAGE_COOKIE: Final = "portadoc-portal-language"
FILES: Final = PageFiles("portadoc.portal.pages", path=STATIC_PATH, media_types={"portal.css": "text/css"})
# With no referrer at all a browser names the origin of a form ``null``, and no form could show that it is ours.
_HEADERS: Final = {**PAGE_HEADERS, "Referrer-Policy": "same-origin", "Vary": "Accept-Language, Cookie"}
_SIGN_IN: Final = frozenset({"session_missing", "session_expired"})
_SAID_IN_GENERAL: Final = frozenset({"access_denied", "limit_exceeded", "not_found"})
"""Codes whose own sentence tells a reader of pages nothing more, or names things by their internal names."""
_OURS: Final = 500
_KINDS: Final = {
    401: "sign_in",
    403: "denied",
    404: "missing",
    405: "missing",
    409: "changed",
    429: "later",
    503: "later",
}
_MEGABYTE: Final = 1024**2


def reader_of(request: Request) -> Reader:
    """Return the reader of a page of the portal."""
    return reader_of_book(request, book=BOOK, cookie=LANGUAGE_COOKIE)


def page(
    template: str, reader: Reader, content: Mapping[str, object], *, here: str | None, status: int = 200
) -> Response:
    """Return a page; ``here`` is the address that shows it in another language, None where there is none."""
    markup = templates_of("portadoc.portal.pages").get_template(f"{template}.html")
    frame: dict[str, object] = {"institution": "", "test": False, "signed_in": "", "faulty": False, "slug": ""}
    html = markup.render(
        reader=reader,
        t=reader.say,
        here=here,
        languages=language_links(),
        asset=FILES.address,
        **{**frame, **content},
    )
    headers = {**_HEADERS, "Content-Language": reader.written_in}
    response = Response(html, status_code=status, headers=headers, media_type="text/html")
    keep_choice(response, reader, cookie=LANGUAGE_COOKIE, path="/portal")
    return response


def see(address: str) -> Response:
    """Return the way on after something was done, so that reloading does not do it again."""
    return Response(status_code=303, headers={"Location": address, "Cache-Control": "no-store"})


def refusal(error: Error, request: Request) -> Response:
    """Return why a request is refused, in the form that its sender reads; who is not signed in is led there."""
    reader = reader_of(request)
    if not wants_page(request):
        return problem(error, reader.message_language)
    if error.code in _SIGN_IN and request.method == "GET":
        return see("/portal/?signed-out=1")
    response = stopped(error.code, error.params, reader, status=status_of(error))
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def wants_page(request: Request) -> bool:
    """Tell whether the sender of a request reads pages."""
    return "text/html" in request.headers.get("accept", "")


def stopped(code: str, params: Mapping[str, object], reader: Reader, *, status: int, back: str = "") -> Response:
    """Return the page that says why something did not work: what kind of refusal it is in the reader's language.

    What exactly it was stands below, in a language that has sentences for codes. ``back`` is the way back, if any.
    """
    content = {
        "general": reader.say(f"page.stopped.{_kind(status)}"),
        "because": _because(code, params, reader),
        "message": None if code in _SAID_IN_GENERAL else render(code, params, reader.message_language),
        "message_language": reader.message_language,
        "code": code,
        "back": back,
    }
    return page("stopped", reader, content, here=None, status=status)


def _kind(status: int) -> str:
    """Return what a status means to a reader."""
    return _KINDS.get(status, "entered" if status < _OURS else "ours")


def _because(code: str, params: Mapping[str, object], reader: Reader) -> str:
    """Return the reason in the reader's language, where it helps to know it; empty where it does not."""
    limit = params.get("limit")
    if code == "limit_exceeded" and isinstance(limit, int) and limit >= _MEGABYTE:
        return reader.say("page.stopped.too_large", megabytes=limit // _MEGABYTE)
    key = f"page.stopped.because.{params.get('reason')}"
    return reader.say(key) if code == "access_denied" and reader.has(key) else ""
