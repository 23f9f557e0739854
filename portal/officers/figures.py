"""Figures of an office: how many, how fast, how much without a person. Counted from the cases as they are now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portadoc.access.actions import Action
from portadoc.access.subjects import Subject
from portadoc.portal.applications.application import OPEN, ApplicationState
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.settings import SECONDS_PER_DAY
from portadoc.portal.store import office_store
from portadoc.portal.store.office_store import Counted

_MOST_COUNTED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Delay:
    """How long decisions took: half of them, and four of five, within so many seconds; None without a case."""

    p50: int | None
    p80: int | None
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of ``days`` days; ``cut`` is the limit where there were more cases than are counted, else None.

    ``outcomes`` counts decisions by article (None for none) and outcome, the most frequent first.
    """

    days: int
    received: int
    decided: int
    automated: int
    open_now: int
    delay: Delay
    delay_rules: Delay
    delay_officer: Delay
    outcomes: tuple[tuple[str | None, str, int], ...]
    cut: int | None


class FigureDesk:
    """Counts."""

    def __init__(self, deployment: Deployment, gate: Gate) -> None:
        self._deployment = deployment
        self._gate = gate

    def figures(self, subject: Subject, slug: str) -> Figures:
        """Return the figures of an institution. Raises Refused[not_found], [access_denied]."""
        here = self._deployment
        self._gate.office(subject, slug, Action.VIEW_NUMBERS)
        days = here.settings.delay_window_days
        since = here.clock.now() - days * SECONDS_PER_DAY
        with here.database.read() as connection:
            cases = office_store.counted(connection, slug, since=since, limit=_MOST_COUNTED)
        return figures_of(cases, days=days, since=since, limit=_MOST_COUNTED)


def figures_of(cases: Sequence[Counted], *, days: int, since: int, limit: int) -> Figures:
    """Return the figures of these cases; pure."""
    decided = [each for each in cases if each.decided_at is not None and each.decided_at > since]
    outcomes = Counter((each.article, each.outcome or "") for each in decided if each.outcome)
    ranked = sorted(outcomes.items(), key=lambda each: (-each[1], str(each[0])))
    return Figures(
        days=days,
        received=sum(each.opened_at is not None and each.opened_at > since for each in cases),
        decided=len(decided),
        automated=sum(each.automated for each in decided),
        open_now=sum(each.state in OPEN - {ApplicationState.DRAFT} for each in cases),
        delay=_delay(decided),
        delay_rules=_delay([each for each in decided if each.automated]),
        delay_officer=_delay([each for each in decided if not each.automated]),
        outcomes=tuple((article, outcome, count) for (article, outcome), count in ranked),
        cut=limit if len(cases) == limit else None,
    )


def _delay(cases: Sequence[Counted]) -> Delay:
    took = sorted(
        each.decided_at - each.opened_at
        for each in cases
        if each.decided_at is not None and each.opened_at is not None
    )
    return Delay(_rank(took, 50), _rank(took, 80), len(took))


def _rank(took: Sequence[int], percent: int) -> int | None:
    """Return a percentile by nearest rank."""
    return took[-(-len(took) * percent // 100) - 1] if took else None
