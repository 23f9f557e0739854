"""Where a decision by a person is not what the rules found: told before it counts, and kept with it."""

from collections.abc import Mapping
from dataclasses import dataclass

from portadoc.portal.applications.records import eessi_article
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome
from portadoc.schemas.claims import Json

_GRANTS = frozenset({VerdictOutcome.GRANT, VerdictOutcome.OTHER_LEGISLATION})


@dataclass(frozen=True, slots=True)
class Departure:
    """One difference. ``what`` is outcome, article, state or period; the values are those of the two decisions."""

    what: str
    found: tuple[str | None, ...]
    decided: tuple[str | None, ...]


def departures(verdict: Verdict, found: Mapping[str, Json] | None, *, own_state: str) -> tuple[Departure, ...]:
    """Return where a verdict is not what the rules found; nothing where they did not decide."""
    if found is None or found["outcome"] not in ("GRANT", "REFUSE"):
        return ()
    if (outcome := _outcome_of(verdict)) != found["outcome"]:
        return (Departure("outcome", (found["outcome"],), (outcome,)),)
    if outcome != "GRANT":
        return ()
    state = verdict.other_state if verdict.outcome is VerdictOutcome.OTHER_LEGISLATION else own_state
    period = tuple(
        None if day is None else day.isoformat() for day in (verdict.validity_start, verdict.validity_end)
    )
    told: list[tuple[str, tuple[str | None, ...], tuple[str | None, ...]]] = [
        ("state", (found.get("competent_state"),), (state,)),
        ("period", (found.get("validity_start"), found.get("validity_end")), period),
    ]
    if eessi_article(found.get("article")) != eessi_article(verdict.article):
        told.insert(0, ("article", (found.get("article"),), (verdict.article,)))
    return tuple(Departure(what, first, second) for what, first, second in told if first != second)


def _outcome_of(verdict: Verdict) -> str:
    if verdict.outcome in _GRANTS:
        return "GRANT"
    return "REFUSE" if verdict.outcome is VerdictOutcome.REFUSE else verdict.outcome.value.upper()
