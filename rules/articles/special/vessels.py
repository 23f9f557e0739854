"""Rows 70 to 72: work on board a vessel at sea.

Spec: Regulation (EC) 883/2004 art. 11(3)(e), 11(4); Regulation (EC) 987/2009 art. 15(3); CJEU C-631/17
"""

from typing import Final

from portadoc.rules.articles.special.whose_law import granted_by, other_institution
from portadoc.rules.articles.territory import member_states
from portadoc.rules.decision import Action, Finding, Outcome, ask, refuse, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import ActivityKind, Mariner, Waters
from portadoc.rules.rows import first_terminal

_VESSEL: Final = "Reg. 883/2004 art. 11(4)"


def decide_vessel(case: Case) -> Finding:
    """Decide for a person on board: the flag, or the payer's State where the person lives there."""
    rows = (row_70_one_flag_at_sea, row_71_third_state_flag)
    return row_70_known(case) or first_terminal(case, rows) or _row_72(case)


def row_70_known(case: Case) -> Finding | None:
    facts, mariner = case.facts, case.facts.mariner
    if mariner is None:
        case.unknown("row-70", _VESSEL, ("/mariner", None))
        return ask("/mariner")
    missing = [] if mariner.flag_state or mariner.flag_states else ["/mariner/flag_state"]
    missing += ["/mariner/waters"] if mariner.waters is None else []
    missing += ["/person/residence_state"] if facts.person.residence_state is None else []
    missing += ["/request/asked_state"] if facts.request.asked_state is None else []
    if missing:
        case.unknown("row-70", _VESSEL, *[(pointer, None) for pointer in missing])
        return ask(*missing)
    official = [place for place, one in enumerate(facts.activities) if one.kind is ActivityKind.CIVIL_SERVANT]
    if official:
        case.unknown("row-70", _VESSEL, (f"/activities/{official[0]}/kind", ActivityKind.CIVIL_SERVANT))
        return review("CIVIL_SERVANT_STATUS_UNCLEAR")
    return None


def row_70_one_flag_at_sea(case: Case) -> Finding | None:
    mariner = _mariner(case)
    flags = _flags(mariner)
    quoted = [*_quote_flags(mariner), ("/mariner/waters", mariner.waters)]
    reasons = ["SEVERAL_FLAGS"] if len(flags) > 1 else []
    if mariner.waters is not Waters.SEA or _works_elsewhere(case, flags):
        reasons.append("NOT_AT_SEA")
        quoted += _quote_places(case)
    case.step("row-70", _VESSEL, "not_met" if reasons else "met", tuple(quoted))
    return review(*reasons) if reasons else None


def row_71_third_state_flag(case: Case) -> Finding | None:
    """A flag outside the coordination points to no State in it: residence (C-631/17)."""
    (flag,), request = _flags(_mariner(case)), case.facts.request
    residence, members = case.facts.person.residence_state, member_states(case)
    if flag in members:
        return None
    quoted = (
        *_quote_flags(_mariner(case)),
        ("/person/residence_state", residence),
        ("/request/asked_state", request.asked_state),
        ("/request/requested_legislation", request.requested_legislation),
    )
    case.met("row-71", "Reg. 883/2004 art. 11(3)(e)", *quoted)
    if residence not in members:
        return review("THIRD_STATE_FLAG", "CENTRE_OF_INTEREST_UNCLEAR")
    if any(one.kind is not ActivityKind.EMPLOYED for one in case.facts.activities):
        return review("THIRD_STATE_FLAG")
    if request.asked_state != residence or request.requested_legislation not in (None, residence):
        return refuse("THIRD_STATE_FLAG", competent_state=residence, article="11(3)(e)", redirect_state=residence)
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.ISSUE_OTHER,
        reasons=("THIRD_STATE_FLAG",),
        competent_state=residence,
        article="11(3)(e)",
        validity_start=request.period_start,
        validity_end=request.period_end,
    )


def _row_72(case: Case) -> Finding:
    """The payer's State if the person lives there and it is not the flag; else the flag."""
    mariner, residence = _mariner(case), case.facts.person.residence_state
    (flag,), payer = _flags(mariner), mariner.remunerator_state
    quoted: list[Quoted] = [
        *_quote_flags(mariner),
        ("/mariner/remunerator_state", payer),
        ("/person/residence_state", residence),
    ]
    employed = not any(one.kind is ActivityKind.SELF_EMPLOYED for one in case.facts.activities)
    if employed and payer is None and residence != flag:
        case.unknown("row-72", _VESSEL, *quoted)
        return ask("/mariner/remunerator_state")
    unknown = [f"/activities/{place}/kind" for place, one in enumerate(case.facts.activities) if one.kind is None]
    if unknown and payer == residence != flag:
        case.unknown("row-72", _VESSEL, *quoted)
        return ask(*unknown)
    if employed and payer == residence != flag and payer in member_states(case):
        state, article, reasons = payer or "", "11(4)(2)", list[str]()
    else:
        state, article, reasons = flag, "11(4)(1)", ["FLAG_STATE_APPLIES"]
    case.met("row-72", f"Reg. 883/2004 art. {article}", *quoted)
    elsewhere = other_institution(case, "row-72", state, article, *reasons)
    return elsewhere or granted_by(case, state, article, "07", notify=(flag,))


def _mariner(case: Case) -> Mariner:
    assert case.facts.mariner is not None
    return case.facts.mariner


def _flags(mariner: Mariner) -> tuple[str, ...]:
    named = (mariner.flag_state,) if mariner.flag_state else ()
    return tuple(dict.fromkeys((*named, *mariner.flag_states)))


def _works_elsewhere(case: Case, flags: tuple[str, ...]) -> bool:
    """Say whether some work is not on board, or not where the flag places it."""
    return any(one.state not in flags or one.place not in ("vessel", None) for one in case.facts.activities)


def _quote_flags(mariner: Mariner) -> list[Quoted]:
    listed = [("/mariner/flag_states", mariner.flag_states)] if mariner.flag_states else []
    return [("/mariner/flag_state", mariner.flag_state), *listed]


def _quote_places(case: Case) -> list[Quoted]:
    return [(f"/activities/{place}/place", one.place) for place, one in enumerate(case.facts.activities)]
