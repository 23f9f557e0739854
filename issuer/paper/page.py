"""A plain page to print, as PDF for everybody: tagged, with its language and a title (PDF/UA-1), and archivable.

The template is ours and fixed; what varies reaches it as one JSON text. Typst is an extra: ``portadoc[pdf]``.
"""

from dataclasses import dataclass
from importlib import resources
from typing import Any

from portadoc.catalogue.writing import on_paper
from portadoc.issuer.paper.qr_symbols import QrSymbol
from portadoc.paper.typesetting import typeset


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the facts under it, each a label and a value as the document has it (unverified text)."""

    title: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is printed. ``language`` is that of its own words; ``made_at`` in seconds since the epoch."""

    language: str
    title: str
    author: str
    sections: tuple[Section, ...]
    check_title: str
    steps: tuple[str, ...]
    seal: QrSymbol
    seal_alt: str
    code: QrSymbol
    code_title: str
    code_text: str
    code_alt: str
    footer: str
    made_at: int
    banner: str | None = None


def page_pdf(page: Page) -> bytes:
    """Return the page as PDF/UA-1 and PDF/A-3a; the same page gives the same bytes.

    Raises Misconfigured[extra_missing], [typesetting_failed].
    """
    template = (resources.files("portadoc.issuer.paper") / "page.typ").read_bytes()
    return typeset(template, _as_data(page), made_at=page.made_at)


def _as_data(page: Page) -> dict[str, Any]:
    return {
        "language": page.language,
        "title": on_paper(page.title),
        "author": on_paper(page.author),
        "banner": page.banner,
        "sections": [
            {
                "title": on_paper(section.title),
                "facts": [{"label": on_paper(label), "value": on_paper(value)} for label, value in section.facts],
            }
            for section in page.sections
        ],
        "check": {"title": page.check_title, "steps": page.steps},
        "seal": _drawn(page.seal, page.seal_alt),
        "code": {**_drawn(page.code, page.code_alt), "title": page.code_title, "text": page.code_text},
        "footer": on_paper(page.footer),
    }


def _drawn(symbol: QrSymbol, alt: str) -> dict[str, Any]:
    return {"svg": symbol.svg().decode("ascii"), "alt": alt, "size": symbol.size_mm}
