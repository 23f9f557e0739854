"""Row 95: a pensioner who lives in another State and does not work there may be exempted from its legislation.

Spec: Regulation (EC) 883/2004 art. 16(2)
"""

from typing import Final

from portadoc.rules.articles.territory import member_states
from portadoc.rules.decision import Action, Finding, Outcome, ask, forward, refuse, review
from portadoc.rules.derivation import Case
from portadoc.rules.rows import first_terminal

_EXEMPTION: Final = "Reg. 883/2004 art. 16(2)"


def decide_pensioner_exemption(case: Case) -> Finding:
    """Decide on the exemption, which is a right on request and needs no agreement of States."""
    rows = (
        row_95_lives_in_a_state,
        row_95_no_work_in_residence,
        row_95_pension_from_elsewhere,
        row_95_institution,
    )
    return row_95_known(case) or first_terminal(case, rows) or _granted(case)


def row_95_known(case: Case) -> Finding | None:
    facts = case.facts
    missing = [
        pointer
        for pointer, value in (
            ("/person/residence_state", facts.person.residence_state),
            ("/request/asked_state", facts.request.asked_state),
            ("/pension_states", facts.pension_states or None),
        )
        if value is None
    ]
    missing += ["/activities"] if "activities" in facts.unknown else []
    missing += [f"/activities/{place}/state" for place, one in enumerate(facts.activities) if one.state is None]
    if not missing:
        return None
    case.unknown("row-95", _EXEMPTION, *[(pointer, None) for pointer in missing])
    return ask(*missing)


def row_95_lives_in_a_state(case: Case) -> Finding | None:
    """The exemption is one from the legislation of the State of residence, which must be in the coordination."""
    residence = case.facts.person.residence_state
    if residence in member_states(case):
        return None
    case.not_met("row-95", _EXEMPTION, ("/person/residence_state", residence))
    return review("CENTRE_OF_INTEREST_UNCLEAR")


def row_95_no_work_in_residence(case: Case) -> Finding | None:
    """Work in the State of residence brings its legislation, pension or not; work elsewhere needs a person."""
    residence, activities = case.facts.person.residence_state, case.facts.activities
    quoted = [
        ("/person/residence_state", residence),
        *[(f"/activities/{place}/state", one.state) for place, one in enumerate(activities)],
    ]
    if any(one.state == residence for one in activities):
        case.not_met("row-95", _EXEMPTION, *quoted)
        return refuse("PENSIONER_WORKS_IN_RESIDENCE", competent_state=residence, article="11(3)(a)")
    case.met("row-95", _EXEMPTION, *quoted)
    return review("REGIME_DOES_NOT_FIT") if activities else None


def row_95_pension_from_elsewhere(case: Case) -> Finding | None:
    """The pension is another State's, and only one such State can be the one whose legislation stays."""
    residence, states = case.facts.person.residence_state, case.facts.pension_states
    quoted = (("/pension_states", states), ("/person/residence_state", residence))
    if residence in states or not set(states) <= member_states(case):
        case.not_met("row-95", _EXEMPTION, *quoted)
        return refuse("REQUESTED_LEGISLATION_NOT_APPLICABLE", competent_state=residence, article="11(3)(e)")
    if _pension_state(case) is None:
        case.unknown("row-95", _EXEMPTION, *quoted)
        return ask("/request/requested_legislation")
    case.met("row-95", _EXEMPTION, *quoted)
    return None


def row_95_institution(case: Case) -> Finding | None:
    """The State of residence exempts; the State of the pension may take the request too."""
    asked, residence = case.facts.request.asked_state, case.facts.person.residence_state
    quoted = (("/request/asked_state", asked), ("/person/residence_state", residence))
    state = _pension_state(case)
    if asked in (residence, state):
        case.met("row-95", _EXEMPTION, *quoted)
        return None
    case.not_met("row-95", _EXEMPTION, *quoted)
    return forward(residence, competent_state=state, article="16(2)", reason="NOT_COMPETENT")


def _granted(case: Case) -> Finding:
    request, state = case.facts.request, _pension_state(case)
    case.note("PENSIONER_EXEMPTION")
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.ISSUE_A1 if request.asked_state == state else Action.DETERMINE_AND_NOTIFY,
        competent_state=state,
        article="16(2)",
        status_code="11",
        validity_start=request.period_start,
        validity_end=request.period_end,
        notify_states=tuple(
            [one for one in (state, case.facts.person.residence_state) if one and one != request.asked_state]
        ),
    )


def _pension_state(case: Case) -> str | None:
    """Return the State of the only pension, or the one of several that the person names."""
    states = tuple(dict.fromkeys(case.facts.pension_states))
    wanted = case.facts.request.requested_legislation
    if wanted in states:
        return wanted
    return states[0] if len(states) == 1 and wanted is None else None
