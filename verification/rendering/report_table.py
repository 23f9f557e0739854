"""A report as lines for a terminal: one a check, then the verdict. Whoever writes them chooses the colours."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from portadoc.verification.rendering.shown import ShownCheck, shown_report
from portadoc.verification.rendering.wording import Words, printable
from portadoc.verification.report import VerificationReport

_TITLE_WIDTH: Final = 28
_WORD_WIDTH: Final = 14


@dataclass(frozen=True, slots=True)
class Line:
    """One line in three parts. ``tone`` is an outcome or a colour of verdicts: how ``marked`` is set off."""

    before: str
    marked: str
    after: str
    tone: str


def report_lines(report: VerificationReport, language: str) -> Iterator[Line]:
    """Yield a report as lines of printable text in a language of ``portadoc.i18n.LANGUAGES``."""
    shown, words = shown_report(report, language), Words(language)
    for check in shown.checks:
        yield from _of_check(check)
    for deviation in shown.deviations:
        yield Line("    ", "- ", printable(deviation), "warning")
    if shown.more_deviations:
        yield Line("    ", "- ", words.say("deviations.more", count=shown.more_deviations), "warning")
    yield Line("  ", f"{words.say('colour.' + shown.colour)}: {shown.headline}", "", shown.colour)
    yield Line("  ", "", shown.sentence, shown.colour)
    yield Line("  ", "", shown.action, shown.colour)


def _of_check(check: ShownCheck) -> Iterator[Line]:
    title = f"  {check.title:<{_TITLE_WIDTH}}"
    yield Line(title, f"{check.word:<{_WORD_WIDTH}}", printable(check.sentence), check.outcome)
    if check.advice:
        yield Line(" " * (len(title) + _WORD_WIDTH), "", printable(check.advice), check.outcome)
