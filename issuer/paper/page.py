"""A plain page to print, as PDF for everybody: tagged, with its language and a title (PDF/UA-1), and archivable.

The template is ours and fixed; what varies reaches it as one JSON text. Typst is an extra: ``portadoc[pdf]``.
"""

import json
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any, Final

from portadoc.catalogue.writing import on_paper
from portadoc.errors import Misconfigured
from portadoc.issuer.paper.qr_symbols import QrSymbol

STANDARDS: Final = ("ua-1", "a-3a")


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

    Raises Misconfigured[extra_missing] when Typst is not installed.
    """
    typst = require_typst()
    template = (resources.files("portadoc.issuer.paper") / "page.typ").read_bytes()
    paper = json.dumps(_as_data(page), ensure_ascii=False)
    compiler = typst.Compiler(template, ignore_system_fonts=True, sys_inputs={"paper": paper})
    made = compiler.compile(format="pdf", pdf_standards=list(STANDARDS), timestamp=page.made_at)
    assert isinstance(made, bytes), "a PDF is one file"
    return made


def require_typst() -> ModuleType:
    """Return the module that sets pages. Raises Misconfigured[extra_missing]."""
    try:
        import typst
    except ImportError as exc:
        raise Misconfigured("extra_missing", package="typst", extra="pdf") from exc
    return typst


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
