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
    if "text/html" not in request.headers.get("accept", ""):
        return problem(error, reader.message_language)
    if error.code in _SIGN_IN and request.method == "GET":
        return see("/portal/?signed-out=1")
    message = render(error.code, error.params, reader.message_language)
    content = {"message": message, "code": error.code, "message_language": reader.message_language}
    response = page("stopped", reader, content, here=None, status=status_of(error))
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response
