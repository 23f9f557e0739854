"""A report as a page: whole and by itself, or as a piece of another page. Text goes in as text and nothing else.

The whole page fetches nothing and runs nothing: its policy allows its own style sheet, by digest, and no more. A
page that takes the piece adds ``STYLE`` to its own style sheets.
"""

import base64
import hashlib
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from portadoc.verification.rendering.shown import shown_report
from portadoc.verification.rendering.wording import Words, printable
from portadoc.verification.report import VerificationReport

STYLE: Final = (resources.files("portadoc.verification.rendering") / "templates" / "report.css").read_text("utf-8")
STYLE_SOURCE: Final = (
    f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode('utf-8')).digest()).decode('ascii')}'"
)
PAGE_POLICY: Final = f"default-src 'none'; style-src {STYLE_SOURCE}; base-uri 'none'; form-action 'none'"
"""The Content-Security-Policy of the whole page. Spec: CSP Level 3 §2.3.1"""


def report_page(report: VerificationReport, language: str) -> str:
    """Return a report as a whole HTML page in a language of ``portadoc.i18n.LANGUAGES``."""
    return _render("page.html", report, language, level=1, anchor="report")


class Place(StrEnum):
    """Where a report stands in a page, which decides what it says of its verdict."""

    WHOLE = "whole"
    """By itself: with its verdict and what to do."""
    ONLY = "only"
    """Under a verdict that is its own: the verdict is not repeated."""
    PART = "part"
    """Under a verdict over several: what this document comes to by itself, without what to do."""


def report_fragment(
    report: VerificationReport,
    language: str,
    *,
    level: int = 2,
    anchor: str = "report",
    place: Place = Place.WHOLE,
) -> str:
    """Return a report as one ``article`` for another page, which takes ``STYLE`` among its style sheets.

    ``level`` is that of its first heading; ``anchor`` begins its ids, so that several reports fit in one page.
    """
    return _render("report.html", report, language, level=level, anchor=anchor, place=place)


def _render(
    template: str,
    report: VerificationReport,
    language: str,
    *,
    level: int,
    anchor: str,
    place: Place = Place.WHOLE,
) -> str:
    markup = _environment().get_template(template)
    return markup.render(
        report=shown_report(report, language),
        t=Words(language).say,
        level=level,
        anchor=anchor,
        place=place,
        style=STYLE,
        policy=PAGE_POLICY,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("portadoc.verification.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = printable
    return environment
