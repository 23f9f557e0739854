"""Pages from templates: escaped by default, with the headers of a page and nothing from anywhere else."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Final

import segno
from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from portadoc.errors import Error, Refused, Unavailable
from portadoc.i18n import LANGUAGES, render
from portadoc.verification.rendering.report_html import STYLE
from portadoc.web.answers import refusing_route
from portadoc.web.headers import PAGE_HEADERS
from portadoc.web.language import preferred_language
from portadoc.web.problem import problem, status_of

STATIC: Final[Mapping[str, str]] = {
    "mark.svg": "image/svg+xml",
    "pages.css": "text/css",
    "report.css": "text/css",
    "live.js": "text/javascript",
    "wallet.js": "text/javascript",
}
STATIC_PATH: Final = "/verifier-pages"
LANGUAGE_COOKIE: Final = "portadoc-language"
_STATIC_MAX_AGE_S: Final = 86_400
_QUIET_ZONE: Final = 4  # modules; ISO/IEC 18004 §6.3.8

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
    markup = _environment().get_template(f"{template}.html")
    frame = {"institution": "", "test": False, "languages": LANGUAGES, "asset": _asset}
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


def qr_code(text: str, title: str) -> str:
    """Return a QR code as SVG, escaped and fit to stand in a page; black on white whatever the page's colours."""
    drawn = segno.make(text, error="m", micro=False, boost_error=False)
    svg = drawn.svg_inline(
        border=_QUIET_ZONE, omitsize=True, dark="#000", light="#fff", svgclass="qr", title=title
    )
    return svg.replace("<svg ", '<svg role="img" ', 1)


def static_file(name: str) -> Response:
    """Return a file that the pages use. Raises Refused[not_found]."""
    if name not in STATIC:
        raise Refused("not_found")
    headers = {"Cache-Control": f"max-age={_STATIC_MAX_AGE_S}"}
    return Response(_bytes(name), headers=headers, media_type=STATIC[name])


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("portadoc.verifier.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _bytes(name: str) -> bytes:
    if name == "report.css":
        return STYLE.encode("utf-8")
    return (resources.files("portadoc.verifier.pages") / "static" / name).read_bytes()


def _asset(name: str) -> str:
    """Return the address of a static file; it changes with the content, so a browser never shows an old one."""
    return f"{STATIC_PATH}/{name}?v={hashlib.sha256(_bytes(name)).hexdigest()[:12]}"
