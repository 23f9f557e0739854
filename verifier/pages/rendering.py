"""Pages from templates: escaped by default, with the headers of a page and nothing from anywhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Final

from fastapi import Request, Response

from portadoc.errors import Error, Unavailable
from portadoc.i18n import LANGUAGES, render
from portadoc.verification.rendering.report_html import STYLE
from portadoc.web.answers import refusing_route
from portadoc.web.headers import PAGE_HEADERS
from portadoc.web.language import preferred_language
from portadoc.web.pages.page_files import PageFiles, templates_of
from portadoc.web.problem import problem, status_of

STATIC_PATH: Final = "/verifier-pages"
FILES: Final = PageFiles(
    "portadoc.verifier.pages",
    path=STATIC_PATH,
    media_types={
        "pages.css": "text/css",
        "report.css": "text/css",
        "live.js": "text/javascript",
        "wallet.js": "text/javascript",
    },
    made={"report.css": STYLE.encode("utf-8")},
)
LANGUAGE_COOKIE: Final = "portadoc-language"

# With no referrer at all a browser names the origin of a form ``null``, and no form could show that it is ours.
_HEADERS: Final = {**PAGE_HEADERS, "Referrer-Policy": "same-origin", "Vary": "Accept-Language, Cookie"}


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is written. ``chosen`` says that the language was asked for in the address.

    ``over_tls`` says how the page travels.
    """

    language: str
    chosen: bool = False
    over_tls: bool = False

    @property
    def query(self) -> str:
        """The query that keeps a chosen language on the way to the next page."""
        return f"?lang={self.language}" if self.chosen else ""

    def say(self, name: str, /, **params: object) -> str:
        """Return a page text, filled. Raises KeyError for a name that no catalogue has."""
        return page_texts(self.language)[name].format_map(params)

    def time(self, epoch_s: int) -> str:
        """Return the time of day in UTC."""
        return f"{datetime.fromtimestamp(epoch_s, UTC):%H:%M} UTC"


@cache
def page_texts(language: str) -> Mapping[str, str]:
    """Return every page text of one of ``LANGUAGES``."""
    file = resources.files("portadoc.verifier.pages") / "texts" / f"{language}.json"
    texts: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts


def reader_of(request: Request) -> Reader:
    """Return the reader: ``?lang=`` before what was chosen last, and that before the languages of the browser.

    Who comes back from a wallet brings no ``?lang=``.
    """
    chosen, over_tls = request.query_params.get("lang"), request.url.scheme == "https"
    if chosen in LANGUAGES:
        return Reader(chosen, chosen=True, over_tls=over_tls)
    last = request.cookies.get(LANGUAGE_COOKIE)
    language = last if last in LANGUAGES else preferred_language(request.headers.get("accept-language"))
    return Reader(language, over_tls=over_tls)


def page(
    template: str, reader: Reader, content: Mapping[str, object], *, here: str | None, status: int = 200
) -> Response:
    """Return a page; ``here`` is the address that shows it in another language, None where there is none."""
    markup = templates_of("portadoc.verifier.pages").get_template(f"{template}.html")
    frame = {"institution": "", "test": False, "languages": LANGUAGES, "asset": FILES.address}
    html = markup.render(reader=reader, t=reader.say, here=here, **{**frame, **content})
    headers = {**_HEADERS, "Content-Language": reader.language}
    response = Response(html, status_code=status, headers=headers, media_type="text/html")
    if reader.chosen:
        response.set_cookie(
            LANGUAGE_COOKIE,
            reader.language,
            path="/verifier",
            httponly=True,
            samesite="lax",
            secure=reader.over_tls,
        )
    return response


def refusal(error: Error, request: Request) -> Response:
    """Return why a request is refused, in the form that its sender reads."""
    reader = reader_of(request)
    if "text/html" not in request.headers.get("accept", ""):
        return problem(error, reader.language)
    message = render(error.code, error.params, reader.language)
    slug = "" if request.url.path.endswith("/ask") else request.path_params.get("institution", "")
    content = {"message": message, "code": error.code, "slug": slug}
    response = page("stopped", reader, content, here=None, status=status_of(error))
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


PageRoute: Final = refusing_route(refusal)
"""A kind of route whose refusals are pages."""
