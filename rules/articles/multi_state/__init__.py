"""Rows 30 to 45: work in two or more States, as the institution of residence determines it.

Spec: Regulation (EC) 883/2004 art. 13; Regulation (EC) 987/2009 art. 14(5)-(11), 16
"""

from dataclasses import replace
from typing import Final

from portadoc.rules.articles.multi_state.determined import Determined
from portadoc.rules.articles.multi_state.marginal import Kept, leave_out_marginal, not_multi_state
from portadoc.rules.articles.multi_state.persons import legislation
from portadoc.rules.articles.multi_state.work import read_work, states_of
from portadoc.rules.articles.territory import member_states
from portadoc.rules.decision import Action, Finding, Outcome, ask, forward, refuse, review
from portadoc.rules.derivation import Case

__all__ = ["decide_multi_state", "legislation_at_residence"]

_INSTITUTION: Final = "Reg. 987/2009 art. 16(1)"
_PROVISIONAL: Final = "Reg. 987/2009 art. 16(2)"


def decide_multi_state(case: Case) -> Finding:
    """Determine the legislation for work in two or more States, or say why it is none."""
    pieces = read_work(case)  # row 30
    if isinstance(pieces, Finding):
        return pieces
    kept = not_multi_state(case, pieces) or leave_out_marginal(case, pieces)  # rows 31, 32
    if isinstance(kept, Finding):
        return kept
    outside = residence_outside(case)
    if outside is not None:
        return outside
    found = _whatever_is_unplanned(case, kept)  # rows 34 to 44
    elsewhere = wrong_institution(case, found)  # row 33, which states the likely result
    if elsewhere is not None:
        return elsewhere
    return found if isinstance(found, Finding) else determined(case, kept, found)  # row 45


def legislation_at_residence(case: Case) -> tuple[str | None, str | None]:
    """Return the State and article that the institution of residence would come to, None where a person decides.

    For requests that go to it from elsewhere; leaves no trace in the case.
    """
    request = replace(
        case.facts.request, asked_state=case.facts.person.residence_state, requested_legislation=None
    )
    found = decide_multi_state(Case(replace(case.facts, request=request), case.law))
    return found.competent_state, found.article


def _whatever_is_unplanned(case: Case, kept: Kept) -> Determined | Finding:
    """Rows 34 to 44; of three or more States, work that nobody planned must not change the answer (C-570/15)."""
    residence = case.facts.person.residence_state or ""
    found = legislation(case, kept, residence)
    if not kept.unplanned or isinstance(found, Finding):
        return found
    rest = tuple([piece for piece in kept.pieces if piece.state not in kept.unplanned])
    every = tuple([piece for piece in kept.every if piece.state not in kept.unplanned])
    planned = Kept(every, rest, states_of(rest))
    if planned.states and legislation(Case(case.facts, case.law), planned, residence) == found:
        return found
    case.unknown("row-32", "Reg. 987/2009 art. 14(5)", *_quote_regular(kept))
    return review("NOT_NORMALLY_MULTI_STATE")


def _quote_regular(kept: Kept) -> list[tuple[str, object]]:
    return [
        (f"/activities/{piece.place}/regular", piece.activity.regular) for piece in kept.pieces if piece.member
    ]


def residence_outside(case: Case) -> Finding | None:
    """A person who lives outside the coordination has no institution of residence in it: no row fits."""
    residence = case.facts.person.residence_state
    if residence in member_states(case):
        return None
    case.unknown("row-33", _INSTITUTION, ("/person/residence_state", residence))
    return review("CENTRE_OF_INTEREST_UNCLEAR")


def wrong_institution(case: Case, found: Determined | Finding) -> Finding | None:
    """Row 33: the institution of residence determines, whatever comes out."""
    asked, residence = case.facts.request.asked_state, case.facts.person.residence_state
    quoted = (("/request/asked_state", asked), ("/person/residence_state", residence))
    if asked is None:
        case.unknown("row-33", _INSTITUTION, *quoted)
        return ask("/request/asked_state")
    if asked == residence:
        case.met("row-33", _INSTITUTION, *quoted)
        return None
    case.not_met("row-33", _INSTITUTION, *quoted)
    if isinstance(found, Finding):
        return forward(residence, competent_state=None, article=None, reason="NOT_COMPETENT")
    likely = forward(residence, competent_state=found.state, article=found.article, reason="NOT_COMPETENT")
    unwanted = case.facts.request.requested_legislation not in (None, found.state)
    reasons = (*likely.reasons, *(["REQUESTED_LEGISLATION_NOT_APPLICABLE"] if unwanted else []))
    return replace(likely, instrument=found.instrument, reasons=reasons)


def determined(case: Case, kept: Kept, found: Determined) -> Finding:
    """Row 45: a provisional determination, told to the other States; the competent one issues."""
    request = case.facts.request
    asked, wish = request.asked_state, request.requested_legislation
    quoted = (("/request/asked_state", asked), ("/request/requested_legislation", wish))
    if wish is not None and wish != found.state:
        case.not_met("row-45", _PROVISIONAL, *quoted)
        return replace(
            refuse(
                "REQUESTED_LEGISLATION_NOT_APPLICABLE",
                *found.reasons,
                competent_state=found.state,
                article=found.article,
                redirect_state=found.state,
            ),
            instrument=found.instrument,
        )
    case.met("row-45", _PROVISIONAL, *quoted)
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.ISSUE_A1 if found.state == asked else Action.DETERMINE_AND_NOTIFY,
        reasons=(*kept.reasons, *found.reasons),
        competent_state=found.state,
        article=found.article,
        instrument=found.instrument,
        status_code=found.status_code,
        validity_start=request.period_start,
        validity_end=request.period_end,
        provisional=True,
        notify_states=_others(case, kept, asked),
    )


def _others(case: Case, kept: Kept, asked: str | None) -> tuple[str, ...]:
    """Return the States of work and of the employers' seats, without our own (art. 16(2))."""
    members = member_states(case)
    seats = [employer.seat_state for employer in case.facts.employers if employer.seat_state in members]
    return tuple(dict.fromkeys([state for state in (*kept.states, *seats) if state and state != asked]))
