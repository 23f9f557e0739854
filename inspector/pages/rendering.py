"""Pages of the office and of dossiers: escaped by default, with the headers of a page, nothing from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response

from portadoc.catalogue import text
from portadoc.errors import Error
from portadoc.i18n import LANGUAGES, render
from portadoc.inspector.office.pdf import fitting, moment, verdict_line
from portadoc.inspector.pages.words import office_text
from portadoc.web.answers import refusing_route
from portadoc.web.headers import PAGE_HEADERS
from portadoc.web.language import preferred_language
from portadoc.web.pages.page_files import PageFiles, templates_of
from portadoc.web.problem import problem, status_of

STATIC_PATH: Final = "/inspect/office-pages"
FILES: Final = PageFiles("portadoc.inspector.pages", path=STATIC_PATH, media_types={"office.css": "text/css"})
# With no referrer at all a browser names the origin of a form ``null``, and no form could show that it is ours.
_HEADERS: Final = {**PAGE_HEADERS, "Referrer-Policy": "same-origin", "Vary": "Accept-Language"}


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is written; ``chosen`` says that the language stands in the address."""

    language: str
    chosen: bool = False

    @property
    def query(self) -> str:
        """The query that keeps a chosen language on the way to the next page."""
        return f"?lang={self.language}" if self.chosen else ""

    def say(self, name: str, /, **params: object) -> str:
        """Return a text of the office, filled. Raises KeyError for a name that there is not."""
        return office_text(name, self.language, **params)

    def catalogue(self, key: str, **params: object) -> str:
        """Return a text that all share. Raises Misconfigured[message_missing]."""
        return text(key, self.language, **params)

    def verdict(self, verdict: str) -> str:
        """Return the headline of a verdict."""
        return verdict_line(verdict, self.language)


def reader_of(request: Request) -> Reader:
    """Return the reader: ``?lang=`` before the languages of the browser."""
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        return Reader(chosen, chosen=True)
    return Reader(preferred_language(request.headers.get("accept-language")))


def page(
    template: str, reader: Reader, content: Mapping[str, object], *, here: str | None, status: int = 200
) -> Response:
    """Return a page; ``here`` is the address that shows it in another language, None where there is none."""
    markup = templates_of("portadoc.inspector.pages").get_template(f"{template}.html")
    frame = {"institution": "", "test": False, "languages": LANGUAGES, "asset": FILES.address}
    shown = {"moment": moment, "plain": fitting}
    html = markup.render(reader=reader, t=reader.say, here=here, **{**frame, **shown, **content})
    headers = {**_HEADERS, "Content-Language": reader.language}
    return Response(html, status_code=status, headers=headers, media_type="text/html")


def refusal(error: Error, request: Request) -> Response:
    """Return why a request is refused, in the form that its sender reads."""
    reader = reader_of(request)
    if "text/html" not in request.headers.get("accept", ""):
        return problem(error, reader.language)
    message = render(error.code, error.params, reader.language)
    office = request.url.path.startswith("/inspect/office")
    content = {"message": message, "code": error.code, "office": office}
    return page("stopped", reader, content, here=None, status=status_of(error))


PageRoute: Final = refusing_route(refusal)
"""A kind of route whose refusals are pages."""
