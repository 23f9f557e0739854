"""Which States the instrument of the case links; every other State is a third State.

Spec: Regulation (EC) 883/2004 art. 1(l), 2; EEA agreement Annex VI; EU-Swiss agreement Annex II
"""

from typing import Final

from portadoc.rules.derivation import Case
from portadoc.rules.facts import Regime

_WITH_UNITED_KINGDOM: Final = frozenset({Regime.UK_WA, Regime.UK_TCA, Regime.EFTA_UK, Regime.CH_UK})


def member_states(case: Case) -> frozenset[str]:
    """Return the States whose legislation the instrument can designate."""
    regime, law = case.facts.regime, case.law
    if regime is Regime.EFTA_UK:
        return law.states("states.eea_efta") | {"UK"}
    if regime is Regime.CH_UK:
        return law.states("states.ch") | {"UK"}
    if regime is Regime.UK_TCA:
        return law.states("states.eu") | {"UK"}
    linked = law.states("states.eu") | law.states("states.eea_efta") | law.states("states.ch")
    return linked | {"UK"} if regime in _WITH_UNITED_KINGDOM else linked
