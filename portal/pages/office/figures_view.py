"""Figures in words: counts, shares and delays, with how many cases stand behind each."""

from typing import Final

from portadoc.portal.officers.figures import Delay, Figures
from portadoc.web.pages.reader import Reader

_FEW: Final = 20
_UNITS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


def figures_content(figures: Figures, reader: Reader) -> dict[str, object]:
    """Return what the page of figures shows."""
    share = "" if not figures.decided else f"{100 * figures.automated / figures.decided:.0f}"
    return {
        "lead": reader.say("office.figures.lead", days=figures.days),
        "few": figures.decided < _FEW,
        "cut": "" if figures.cut is None else reader.say("office.figures.cut", count=figures.cut),
        "counts": [
            (reader.say("office.figures.received"), str(figures.received)),
            (reader.say("office.figures.decided"), str(figures.decided)),
            (reader.say("office.figures.open"), str(figures.open_now)),
            (
                reader.say("office.figures.share"),
                reader.say("office.figures.share.of", share=share, count=figures.automated, all=figures.decided)
                if share
                else reader.say("option.not_given"),
            ),
        ],
        "delays": [
            {"who": reader.say(f"office.figures.delay.{name}"), **_delay(delay, reader)}
            for name, delay in (
                ("all", figures.delay),
                ("rules", figures.delay_rules),
                ("officer", figures.delay_officer),
            )
        ],
        "outcomes": [
            {
                "article": article or reader.say("office.figures.no_article"),
                "outcome": reader.say(key) if reader.has(key := f"office.case.outcome.{outcome}") else outcome,
                "count": str(count),
            }
            for article, outcome, count in figures.outcomes
        ],
    }


def _delay(delay: Delay, reader: Reader) -> dict[str, str]:
    return {
        "p50": _time(delay.p50, reader),
        "p80": _time(delay.p80, reader),
        "cases": str(delay.cases),
    }


def _time(seconds: int | None, reader: Reader) -> str:
    """Return a time in the largest unit of which there are two or more, rounded up."""
    if seconds is None:
        return reader.say("option.not_given")
    unit, size = next(((name, size) for name, size in _UNITS if seconds >= 2 * size), _UNITS[-1])
    return reader.say(f"office.time.{unit}", count=-(-seconds // size))
