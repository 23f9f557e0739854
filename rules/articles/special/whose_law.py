"""The end of a route with one answer: this State's legislation, given by its own institution."""

from portadoc.rules.decision import Action, Finding, Outcome, refuse
from portadoc.rules.derivation import Case

_INSTITUTION = "Reg. 987/2009 art. 15, 19(2)"


def other_institution(case: Case, row: str, state: str, article: str, *reasons: str) -> Finding | None:
    """Refuse where another State was asked, or another State's legislation wanted; ``reasons`` come first."""
    request = case.facts.request
    asked, wish = request.asked_state, request.requested_legislation
    quoted = (("/request/asked_state", asked), ("/request/requested_legislation", wish))
    if asked == state and wish in (None, state):
        case.met(row, _INSTITUTION, *quoted)
        return None
    case.not_met(row, _INSTITUTION, *quoted)
    why = [*reasons, *(["NOT_COMPETENT"] if asked != state else [])]
    if wish not in (None, state):
        why.append("REQUESTED_LEGISLATION_NOT_APPLICABLE")
    return refuse(
        *why,
        competent_state=state,
        article=article,
        action=Action.FORWARD if asked != state else Action.NONE,
        redirect_state=state,
    )


def granted_by(case: Case, state: str, article: str, status_code: str, *, notify: tuple[str, ...] = ()) -> Finding:
    """Grant the A1 of our own State for the period that is asked for."""
    request = case.facts.request
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.ISSUE_A1,
        competent_state=state,
        article=article,
        status_code=status_code,
        validity_start=request.period_start,
        validity_end=request.period_end,
        notify_states=tuple([other for other in notify if other != state]),
    )
