"""Which States an instrument links, on the day of the law."""

from functools import lru_cache

from portadoc.rules.facts import Regime
from portadoc.rules.law import Law


def reach_of(law: Law, regime: Regime) -> frozenset[str]:
    """Return the States whose legislation an instrument can determine; every A1 State for an agreement of two."""
    return _reach(
        law.states("states.a1"),
        law.states("states.eu"),
        law.states("states.eea_efta"),
        law.states("states.ch"),
        regime,
    )


@lru_cache(maxsize=256)
def _reach(
    a1: frozenset[str], union: frozenset[str], eea: frozenset[str], ch: frozenset[str], regime: Regime
) -> frozenset[str]:
    if regime is Regime.BILATERAL:
        return a1
    if not needs_the_kingdom(regime):
        return a1 & (union | eea | ch)
    others = {Regime.EFTA_UK: eea, Regime.CH_UK: ch}.get(regime, union)
    return a1 & (others | {"UK"})


def needs_the_kingdom(regime: Regime) -> bool:
    """Say whether the United Kingdom must be one of the States of a posting under the instrument."""
    return regime in (Regime.UK_TCA, Regime.UK_WA, Regime.EFTA_UK, Regime.CH_UK)
