"""What a page says of a result: one verdict over all, what to look at, and each document under it."""

from dataclasses import replace
from typing import Any

from portadoc.i18n import Message
from portadoc.verification.rendering.report_html import Place, report_fragment
from portadoc.verification.rendering.told_verdict import told_verdict
from portadoc.verification.rendering.wording import Words
from portadoc.verifier.pages.rendering import Reader
from portadoc.verifier.results import Problem, Result
from portadoc.verifier.sessions import BrowserView


def shown_result(view: BrowserView, reader: Reader) -> dict[str, Any]:
    """Return the verdict over all, why, and each report; a document that stands alone repeats no verdict."""
    result, words = view.result or Result(), Words(reader.language)
    reports = [each.report for each in result.presentations]
    problems = list(result.problems)
    if not reports and result.problem is not None and result.problem not in problems:
        problems.append(result.problem)
    told = None if result.verdict is None else told_verdict(result.verdict, reports, words)
    if told is not None and problems and all(each.verdict is not result.verdict for each in reports):
        why = _said(problems[0], words)  # no document by itself comes to this verdict
        told, problems = replace(told, sentence=why.text, action=why.action), problems[1:]
    place = Place.ONLY if len(reports) == 1 and not result.problems else Place.PART
    return {
        "verdict": told,
        "kept": result.kept,
        "reasons": [_said(each, words) for each in problems],
        "description": result.wallet_error_description,
        "reports": [
            report_fragment(each, reader.language, anchor=f"report-{number}", place=place)
            for number, each in enumerate(reports, start=1)
        ],
        "receipt": view.receipt is not None,
    }


def _said(problem: Problem, words: Words) -> Message:
    """Return a problem in words; its technical reason is for systems."""
    message = words.message(problem.code, problem.params)
    technical = problem.params.get("reason") or problem.params.get("error")
    return message if technical is None else replace(message, text=_without(message.text, str(technical)))


def _without(text: str, technical: str) -> str:
    """Return a sentence without the brackets that begin with a technical word."""
    before, bracket, rest = text.partition(f" ({technical}")
    return before + rest.partition(")")[2] if bracket else text
