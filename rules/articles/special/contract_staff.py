"""Rows 80 and 81: contract staff of the European Union, who may choose among three legislations, once.

Spec: Regulation (EC) 883/2004 art. 15; Regulation (EC) 987/2009 art. 17
"""

from dataclasses import replace
from typing import Final

from portadoc.rules.articles.special.whose_law import granted_by, other_institution
from portadoc.rules.decision import Finding, ask, refuse, review
from portadoc.rules.derivation import Case
from portadoc.rules.facts import ContractStaff, EmployerKind

_OPTION: Final = "Reg. 883/2004 art. 15"
_WHEN: Final = "Reg. 987/2009 art. 17"
_NEEDED: Final = ("employed_state", "option_state", "option_used_before", "exercised_at_contract")


def decide_contract_staff(case: Case) -> Finding:
    """Decide on the right of option of contract staff."""
    return row_80_known(case) or row_80_employer(case) or row_80_option(case) or _row_81(case)


def row_80_known(case: Case) -> Finding | None:
    staff, facts = case.facts.contract_staff, case.facts
    if staff is None:
        case.unknown("row-80", _OPTION, ("/contract_staff", None))
        return ask("/contract_staff")
    missing = [f"/contract_staff/{name}" for name in _NEEDED if getattr(staff, name) is None]
    missing += ["/request/asked_state"] if facts.request.asked_state is None else []
    if facts.employers and not any(one.kind is EmployerKind.EU_INSTITUTION for one in facts.employers):
        missing.append("/employers/0/kind")
    if not missing and _needs_last_state(staff):
        missing.append("/contract_staff/last_subject_state")
    if not missing:
        return None
    case.unknown("row-80", _OPTION, *[(f"/contract_staff/{name}", getattr(staff, name)) for name in _NEEDED])
    return ask(*missing)


def row_80_employer(case: Case) -> Finding | None:
    """Other employers beside the institution make it work of several kinds, on which the article says nothing."""
    others = [
        (f"/employers/{place}/kind", one.kind)
        for place, one in enumerate(case.facts.employers)
        if one.kind is not EmployerKind.EU_INSTITUTION
    ]
    if not others:
        return None
    case.unknown("row-80", _OPTION, *others)
    return review("ONE_EMPLOYER_ONLY")


def row_80_option(case: Case) -> Finding | None:
    """The right is exercised once only, when the contract is concluded, for one of the three legislations."""
    staff = _staff(case)
    reasons = ["OPTION_ALREADY_USED"] if staff.option_used_before else []
    reasons += [] if staff.exercised_at_contract else ["OPTION_TOO_LATE"]
    if staff.option_state not in _allowed(staff) or staff.option_state not in case.law.states("states.a1"):
        reasons.append("OPTION_STATE_NOT_ALLOWED")
    quoted = [(f"/contract_staff/{name}", getattr(staff, name)) for name in _NEEDED]
    quoted += [
        ("/contract_staff/last_subject_state", staff.last_subject_state),
        ("/contract_staff/nationality_states", staff.nationality_states),
    ]
    case.step("row-80", _WHEN, "not_met" if reasons else "met", tuple(quoted))
    return refuse(*reasons, competent_state=staff.employed_state, article="11(3)(a)") if reasons else None


def _row_81(case: Case) -> Finding:
    """The legislation that was chosen, from the entry into employment."""
    staff = _staff(case)
    state = staff.option_state or ""
    case.met("row-81", _OPTION, ("/contract_staff/option_state", state))
    elsewhere = other_institution(case, "row-81", state, "15")
    granted = granted_by(case, state, "15", "06")
    return elsewhere or replace(granted, notify_states=_employed_elsewhere(staff, state))


def _employed_elsewhere(staff: ContractStaff, state: str) -> tuple[str, ...]:
    return (staff.employed_state,) if staff.employed_state and staff.employed_state != state else ()


def _staff(case: Case) -> ContractStaff:
    assert case.facts.contract_staff is not None
    return case.facts.contract_staff


def _allowed(staff: ContractStaff) -> frozenset[str | None]:
    return frozenset({staff.employed_state, staff.last_subject_state, *staff.nationality_states}) - {None}


def _needs_last_state(staff: ContractStaff) -> bool:
    """Say whether the choice could rest on the State of last cover, which nobody gave."""
    return staff.last_subject_state is None and staff.option_state not in _allowed(staff)
