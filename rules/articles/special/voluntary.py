"""Row 85: voluntary insurance beside compulsory insurance in another State; no A1 is involved.

Spec: Regulation (EC) 883/2004 art. 14(2)-(4)
"""

from typing import Final

from portadoc.rules.decision import Action, Finding, Outcome, ask, forward, refuse, review
from portadoc.rules.derivation import Case
from portadoc.rules.facts import Voluntary

_SINGLE: Final = "Reg. 883/2004 art. 14(2)"
_PENSION: Final = "Reg. 883/2004 art. 14(3)"
_PENSION_BRANCHES: Final = frozenset({"old_age", "invalidity", "survivors", "pension"})
_NAMES: Final = ("branch", "state", "compulsory_state", "earlier_activity_in_state", "national_law_allows")


def decide_voluntary(case: Case) -> Finding:
    """Decide whether voluntary insurance may run beside compulsory insurance elsewhere."""
    voluntary, asked = case.facts.voluntary, case.facts.request.asked_state
    if voluntary is None or asked is None:
        missing = ["/voluntary"] if voluntary is None else ["/request/asked_state"]
        case.unknown("row-85", _SINGLE, *[(pointer, None) for pointer in missing])
        return ask(*missing)
    return _missing(case, voluntary) or _row_85(case, voluntary, asked)


def _missing(case: Case, voluntary: Voluntary) -> Finding | None:
    needed = _NAMES if voluntary.branch in _PENSION_BRANCHES else _NAMES[:3]
    missing = [f"/voluntary/{name}" for name in needed if getattr(voluntary, name) is None]
    if not missing:
        return None
    case.unknown("row-85", _SINGLE, *[(pointer, None) for pointer in missing])
    return ask(*missing)


def _row_85(case: Case, voluntary: Voluntary, asked: str) -> Finding:
    quoted = [(f"/voluntary/{name}", getattr(voluntary, name)) for name in _NAMES]
    compulsory = voluntary.compulsory_state
    if asked != voluntary.state:
        case.not_met("row-85", _SINGLE, ("/request/asked_state", asked), *quoted)
        return forward(voluntary.state, competent_state=compulsory, article="11(3)(a)", reason="NOT_COMPETENT")
    if compulsory == voluntary.state:
        case.unknown("row-85", _SINGLE, *quoted)
        return review("REGIME_DOES_NOT_FIT")
    reasons = _obstacles(voluntary)
    case.step(
        "row-85", _PENSION if voluntary.branch in _PENSION_BRANCHES else _SINGLE, _result(reasons), tuple(quoted)
    )
    if reasons:
        return refuse(*reasons, competent_state=compulsory, article="11(3)(a)")
    case.note("VOLUNTARY_PENSION_ALLOWED")
    return Finding(outcome=Outcome.GRANT, action=Action.NONE, competent_state=compulsory, article="14(3)")


def _obstacles(voluntary: Voluntary) -> list[str]:
    """Pension branches only, after earlier work there, where that State's law allows the overlap."""
    if voluntary.branch not in _PENSION_BRANCHES:
        return ["COMPULSORY_ELSEWHERE"]
    reasons = [] if voluntary.earlier_activity_in_state else ["NO_EARLIER_ACTIVITY"]
    return reasons if voluntary.national_law_allows else [*reasons, "COMPULSORY_ELSEWHERE"]


def _result(reasons: list[str]) -> str:
    return "not_met" if reasons else "met"
