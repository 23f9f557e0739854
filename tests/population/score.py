"""Count decisions against the truth of the population."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.population.situations import Built, Truth

Decide = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(slots=True)
class Score:
    """``wrong_grants`` and ``wrong_refusals`` name the situation and what was said instead."""

    requests: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    agreements: int = 0
    asked_back: int = 0
    wrong_grants: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    wrong_refusals: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)

    @property
    def decided(self) -> float:
        """Share answered without a person: grants, and refusals that need no further fact.

        A refusal stays open to contest by one click, and is an answer all the same. ``EXCEPTION_ROUTE`` is not
        counted: two states have to agree. Nor is any answer that asks the applicant for more.
        """
        return self.answered / self.requests


def score(population: Iterable[Built], decide: Decide) -> Score:
    """Decide every request and compare."""
    found = Score()
    for facts, truth in population:
        decision = decide(facts)
        outcome = decision["outcome"]
        found.requests += 1
        found.outcomes[outcome] += 1
        back = decision["action"] == "REQUEST_INFO"
        found.asked_back += back
        found.agreements += outcome == "EXCEPTION_ROUTE"
        found.answered += outcome in ("GRANT", "REFUSE") and not back
        if outcome == "GRANT" and not is_right_grant(truth, decision):
            found.wrong_grants.append((truth.why, facts, decision))
        if outcome in ("REFUSE", "EXCEPTION_ROUTE") and outcome not in truth.outcomes:
            found.wrong_refusals.append((truth.why, facts, decision))
        if outcome == "REVIEW" and "REVIEW" not in truth.outcomes:
            found.missed[truth.why] += 1
    return found


def is_right_grant(truth: Truth, decision: dict[str, Any]) -> bool:
    """Tell whether a grant says exactly what the law gives."""
    if truth.grant is None:
        return False
    right = truth.grant
    return (
        right.state == decision["competent_state"]
        and right.article == decision["article"]
        and right.code == decision["status_code"]
        and right.action == decision["action"]
        and right.start == decision["validity_start"]
        and right.end == decision["validity_end"]
    )
