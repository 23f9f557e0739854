"""What a page says of a result: one verdict over all, what to look at, and each document under it."""

from typing import Any

from portadoc.verification.rendering.report_html import Place, report_fragment
from portadoc.verification.rendering.told_verdict import told_verdict
from portadoc.verification.rendering.wording import Words
from portadoc.verifier.pages.rendering import Reader
from portadoc.verifier.results import Result
from portadoc.verifier.sessions import BrowserView


def shown_result(view: BrowserView, reader: Reader) -> dict[str, Any]:
    """Return the verdict over all, why, and each report; a document that stands alone repeats no verdict."""
    result, words = view.result or Result(), Words(reader.language)
    reports = [each.report for each in result.presentations]
    problems = list(result.problems)
    if not reports and result.problem is not None and result.problem not in problems:
        problems.append(result.problem)
    place = Place.ONLY if len(reports) == 1 and not problems else Place.PART
    return {
        "verdict": None if result.verdict is None else told_verdict(result.verdict, reports, words),
        "kept": result.kept,
        "reasons": [words.message(each.code, each.params) for each in problems],
        "description": result.wallet_error_description,
        "reports": [
            report_fragment(each, reader.language, anchor=f"report-{number}", place=place)
            for number, each in enumerate(reports, start=1)
        ],
        "receipt": view.receipt is not None,
    }
