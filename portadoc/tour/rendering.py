"""Pages from templates: escaped by default, with the headers of a page and nothing from anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Response

from portadoc.i18n import LANGUAGES
from portadoc.tour.texts import Reader
from portadoc.web.headers import PAGE_HEADERS
from portadoc.web.pages.page_files import PageFiles, templates_of

FILES: Final = PageFiles("portadoc.tour", path="/tour/static", media_types={"portadoc.css": "text/css"})
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
    markup = templates_of("portadoc.tour").get_template(f"{template}.html")
    html = markup.render(
        reader=reader,
        t=reader.say,
        here=here,
        languages=LANGUAGES,
        steps=steps,
        asset=FILES.address,
        **content,
    )
    headers = {**_HEADERS, "Content-Language": reader.language}
    return Response(html, status_code=status, headers=headers, media_type="text/html")
