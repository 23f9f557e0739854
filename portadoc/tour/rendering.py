"""Pages from templates: escaped by default, with the headers of a page and nothing from anywhere else."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import segno
from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from portadoc.errors import Refused
from portadoc.i18n import LANGUAGES
from portadoc.tour.texts import Reader
from portadoc.web.headers import PAGE_HEADERS

STATIC: Final[Mapping[str, str]] = {"portadoc.css": "text/css", "mark.svg": "image/svg+xml"}
SCREENS: Final[Mapping[str, str]] = {
    "offer": "institution",
    "wallet": "holder",
    "request": "verifier",
    "consent": "holder",
    "report": "verifier",
    "withdrawal": "institution",
    "refusal": "verifier",
}
"""The pages of a journey in their order, and whose screen each shows; names are templates and end addresses."""

PAGES: Final = tuple(SCREENS)

# With no referrer at all a browser names the origin of a form ``null``, and no form could show that it is ours.
_HEADERS: Final = {**PAGE_HEADERS, "Referrer-Policy": "same-origin", "Vary": "Accept-Language"}
_STATIC_MAX_AGE_S: Final = 86_400
_QUIET_ZONE: Final = 4  # modules; ISO/IEC 18004 §6.3.8


@dataclass(frozen=True, slots=True)
class Step:
    """A page in the list of steps; ``href`` is empty for one that was not reached."""

    name: str
    href: str
    current: bool


def page(
    template: str,
    reader: Reader,
    content: Mapping[str, object],
    *,
    here: str,
    status: int = 200,
    steps: tuple[Step, ...] = (),
) -> Response:
    """Return a page. ``here`` is the address that shows it in another language."""
    markup = _environment().get_template(f"{template}.html")
    html = markup.render(
        reader=reader,
        t=reader.say,
        here=here,
        languages=LANGUAGES,
        steps=steps,
        asset=_asset,
        **content,
    )
    headers = {**_HEADERS, "Content-Language": reader.language}
    return Response(html, status_code=status, headers=headers, media_type="text/html")


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
        loader=PackageLoader("portadoc.tour"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _bytes(name: str) -> bytes:
    return (resources.files("portadoc.tour") / "static" / name).read_bytes()


def _asset(name: str) -> str:
    """Return the address of a static file; it changes with the content, so a browser never shows an old one."""
    return f"/tour/static/{name}?v={hashlib.sha256(_bytes(name)).hexdigest()[:12]}"
