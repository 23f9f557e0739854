"""The way from raw facts to a written decision, as the portal takes it."""

from typing import Any

from portadoc.rules.decision import decision_to_json
from portadoc.rules.determination import determine, law_for
from portadoc.rules.facts import read_facts


def decide(facts: dict[str, Any]) -> dict[str, Any]:
    """Read, determine, write. Raises what reading raises."""
    read = read_facts(facts)
    return decision_to_json(determine(read, law=law_for(read)))
