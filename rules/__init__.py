"""Which State's social security law applies, decided from facts by dated law.

``determine(read_facts(value), law=law_for(facts))`` gives a ``Decision``; ``decision_to_json`` writes it.
"""

from portadoc.rules.decision import Action, Decision, Outcome, decision_to_json
from portadoc.rules.derivation import Step
from portadoc.rules.determination import determine, law_for
from portadoc.rules.facts import Facts, read_facts
from portadoc.rules.law import CURRENT_PACK, Law, law_at

__all__ = [
    "CURRENT_PACK",
    "Action",
    "Decision",
    "Facts",
    "Law",
    "Outcome",
    "Step",
    "decision_to_json",
    "determine",
    "law_at",
    "law_for",
    "read_facts",
]
