"""To which rules of coordination the states of a request belong. Facts name the regime; the law judges it."""

from collections.abc import Collection
from typing import Final

from portadoc.schemas.claims import Json
from portadoc.schemas.codes import PDA1_STATES

EFTA_IN_EEA: Final = frozenset({"IS", "LI", "NO"})
EU: Final = PDA1_STATES - EFTA_IN_EEA - {"CH", "GB"}
_KINGDOM, _KINGDOM_IN_RULES = "GB", "UK"
REFUGEE: Final = "XR"
STATELESS: Final = "XS"


def is_coordinated(state: str) -> bool:
    """Tell whether an A1 can exist between this state and another one of the kind."""
    return state in PDA1_STATES


def regime_of(
    asked_state: str,
    states: Collection[str],
    *,
    withdrawal_agreement: Json,
    partners: Collection[str] | None = None,
) -> str:
    """Return the regime of a request: by the institution's state and the states of work, seat and residence.

    ``partners`` are the states outside the coordination with which the institution's state has an agreement, None
    where nobody knows them: then there may be one, and a person looks.
    Spec: Regulation (EC) 883/2004 art. 2, EEA agreement annex VI, agreement EU-Switzerland annex II, protocol on
    social security coordination EU-UK, convention EEA-EFTA-UK.
    """
    involved = {asked_state, *states}
    outside = involved - PDA1_STATES
    if outside:
        return "BILATERAL" if partners is None or outside <= set(partners) else "NONE"
    if "GB" in involved:
        return _british_regime(involved, withdrawal_agreement)
    if "CH" in involved:
        return "EFTA" if involved <= EFTA_IN_EEA | {"CH"} and len(involved) > 1 else "CH"
    if involved & EFTA_IN_EEA:
        return "EEA"
    return "EU"


def _british_regime(involved: set[str], withdrawal_agreement: Json) -> str:
    if withdrawal_agreement is True:
        return "UK_WA"
    if "CH" in involved:
        return "CH_UK"
    return "EFTA_UK" if involved & EFTA_IN_EEA else "UK_TCA"


def in_codes_of_rules(facts: Json) -> Json:
    """Return facts with the States named as the rules name them: the United Kingdom is ``UK`` there."""
    if isinstance(facts, dict):
        return {name: _named(name, value) for name, value in facts.items()}
    return [in_codes_of_rules(each) for each in facts] if isinstance(facts, list) else facts


def _named(name: str, value: Json) -> Json:
    if name.endswith("state") and value == _KINGDOM:
        return _KINGDOM_IN_RULES
    if name.endswith("states") and isinstance(value, list):
        return [_KINGDOM_IN_RULES if each == _KINGDOM else each for each in value]
    return in_codes_of_rules(value)


def nationality_class(nationalities: Collection[str]) -> str | None:
    """Return the class that is best for the person, None where no nationality is known."""
    if not nationalities:
        return None
    for name, states in (
        ("EU", EU),
        ("EEA_EFTA", EFTA_IN_EEA),
        ("CH", {"CH"}),
        ("REFUGEE", {REFUGEE}),
        ("STATELESS", {STATELESS}),
        ("UK", {"GB"}),
    ):
        if any(each in states for each in nationalities):
            return name
    return "TCN"
