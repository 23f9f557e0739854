"""Rows 60 to 64: officials, people without work, and work in one State only (article 11(2) and (3)).

Spec: Regulation (EC) 883/2004 art. 1(d), 11(2), 11(3)(a)-(e); Regulation (EC) 987/2009 art. 16, 19(2);
CJEU C-137/11 Partena
"""

from typing import Final

from portadoc.rules.decision import Action, Finding, Outcome, ask, forward, refuse, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import Activity, ActivityKind, ApplicantKind, Employer, EmployerKind

GENERAL: Final = "Reg. 883/2004 art. 11(3)(a)"
BENEFIT: Final = "Reg. 883/2004 art. 11(2)"
SHORT_TERM_BENEFITS: Final = frozenset({"sickness", "maternity", "paternity", "parental", "unemployment"})
"""Cash benefits because of the activity, beside those that are called short-term."""
LONG_TERM_BENEFITS: Final = frozenset(
    {"old_age", "invalidity", "survivors", "sickness_long_term", "long_term_care"}
)
"""Not the activity: pensions of every kind, and cash benefits for treatment without a limit of time."""
SERVED: Final = frozenset({ApplicantKind.UNEMPLOYED_ART65, ApplicantKind.MILITARY})
WITHOUT_WORK: Final = frozenset({ApplicantKind.INACTIVE, ApplicantKind.PENSIONER})
WORKERS: Final = frozenset(
    {ApplicantKind.EMPLOYEE, ApplicantKind.SELF_EMPLOYED, ApplicantKind.EMPLOYED_AND_SELF_EMPLOYED}
)


def decide_single_state(case: Case) -> Finding:
    """Find the one State whose legislation applies to work, service, benefit or residence there."""
    facts = case.facts
    if facts.applicant_kind is ApplicantKind.CIVIL_SERVANT:
        return decide_official(case)
    if facts.applicant_kind in SERVED:
        return _served(case)
    if facts.applicant_kind not in WITHOUT_WORK | WORKERS:
        case.not_met("row-64", GENERAL, ("/applicant_kind", facts.applicant_kind))
        return review("REQUEST_KIND_UNSUITED")
    if facts.activities and facts.applicant_kind is not ApplicantKind.INACTIVE:
        return _worker(case)
    if facts.activities:
        case.unknown("row-64", GENERAL, ("/applicant_kind", facts.applicant_kind))
        return review("REQUEST_KIND_UNSUITED")
    if facts.cash_benefit is not None:
        return _benefit(case)
    if facts.applicant_kind in WITHOUT_WORK:
        return _residence(case, "row-61", "11(3)(e)")
    case.unknown("row-64", GENERAL, ("/activities", ()))
    return ask("/activities", reasons=("NO_ACTIVITY",))


def decide_official(case: Case) -> Finding:
    """Row 60: a civil servant is subject to the law of the administration's State, without a limit of time."""
    employers, activities = case.facts.employers, case.facts.activities
    provision = "Reg. 883/2004 art. 11(3)(b)"
    if not employers:
        case.unknown("row-60", provision, ("/employers", ()))
        return ask("/employers")
    employer = employers[0]
    quoted: tuple[Quoted, ...] = (
        ("/applicant_kind", case.facts.applicant_kind),
        ("/employers/0/kind", employer.kind),
        ("/employers/0/seat_state", employer.seat_state),
    )
    missing = [pointer for pointer, value in quoted if value is None]
    if missing:
        case.unknown("row-60", provision, *quoted)
        return ask(*missing)
    other_work = any(one.kind is not ActivityKind.CIVIL_SERVANT for one in activities)
    other_work = other_work or any(one.employer not in (None, employer.ref) for one in activities)
    if len(employers) > 1 or other_work or employer.kind is not EmployerKind.PUBLIC:
        case.unknown("row-60", provision, *quoted)
        return review("CIVIL_SERVANT_STATUS_UNCLEAR")
    case.met("row-60", provision, *quoted)
    return _answer(case, "row-60", employer.seat_state, "11(3)(b)", status_code="05")


def _served(case: Case) -> Finding:
    """Row 63: unemployed under article 65, or called up; the rows are for people who do nothing else."""
    facts = case.facts
    benefit = None if facts.cash_benefit is None else facts.cash_benefit.kind
    unemployed = facts.applicant_kind is ApplicantKind.UNEMPLOYED_ART65
    if facts.activities or (_is_short_term(benefit) and not unemployed):
        case.not_met("row-63", "Reg. 883/2004 art. 11(3)(c), (d)", ("/applicant_kind", facts.applicant_kind))
        return review("REQUEST_KIND_UNSUITED")
    return _residence(case, "row-63", "11(3)(c)") if unemployed else _called_up(case)


def _called_up(case: Case) -> Finding:
    """Row 63: the State that called the person up is the one whose legislation the request names."""
    state = case.facts.request.requested_legislation
    quoted = ("/request/requested_legislation", state)
    if state is None:
        case.unknown("row-63", "Reg. 883/2004 art. 11(3)(d)", quoted)
        return ask("/request/requested_legislation")
    case.met("row-63", "Reg. 883/2004 art. 11(3)(d)", quoted)
    return _answer(case, "row-63", state, "11(3)(d)")


def _residence(case: Case, row: str, article: str) -> Finding:
    """Rows 61 and 63: the law of residence; no certificate A1 exists for it."""
    residence = case.facts.person.residence_state
    provision = f"Reg. 883/2004 art. {article}"
    quoted: tuple[Quoted, ...] = (
        ("/applicant_kind", case.facts.applicant_kind),
        ("/person/residence_state", residence),
    )
    if residence is None:
        case.unknown(row, provision, *quoted)
        return ask("/person/residence_state")
    case.met(row, provision, *quoted)
    return _answer(case, row, residence, article, wish_reason=_without_work_reason(case))


def _without_work_reason(case: Case) -> str:
    benefit = case.facts.cash_benefit
    if case.facts.applicant_kind is ApplicantKind.PENSIONER or (benefit is not None and _is_pension(benefit.kind)):
        return "PENSION_NOT_ACTIVITY"
    return "NO_ACTIVITY"


def _is_pension(kind: str | None) -> bool:
    return kind is not None and (kind in LONG_TERM_BENEFITS or "pension" in kind or "unlimited" in kind)


def _is_short_term(kind: str | None) -> bool:
    return kind is not None and (kind in SHORT_TERM_BENEFITS or kind.endswith("short_term"))


def _benefit(case: Case) -> Finding:
    """Row 62: a short-term cash benefit from the job counts as the job; a pension does not."""
    benefit = case.facts.cash_benefit
    assert benefit is not None
    quoted: tuple[Quoted, ...] = (("/cash_benefit/state", benefit.state), ("/cash_benefit/kind", benefit.kind))
    if _is_pension(benefit.kind):
        case.not_met("row-62", BENEFIT, *quoted)
        found = _residence(case, "row-61", "11(3)(e)")
        # A worker without work who draws a pension: the facts do not fit together.
        contradictory = found.outcome is Outcome.GRANT and case.facts.applicant_kind in WORKERS
        return review("NO_ACTIVITY") if contradictory else found
    missing = [pointer for pointer, value in quoted if value is None]
    if missing or not _is_short_term(benefit.kind):
        case.unknown("row-62", BENEFIT, *quoted)
        return ask(*(missing or ["/cash_benefit/kind"]))
    if case.facts.applicant_kind in WITHOUT_WORK:
        case.unknown("row-62", BENEFIT, ("/applicant_kind", case.facts.applicant_kind), *quoted)
        return review("REQUEST_KIND_UNSUITED")
    case.met("row-62", BENEFIT, *quoted)
    case.note("CASH_BENEFIT_AS_ACTIVITY")
    return _answer(case, "row-62", benefit.state, "11(3)(a)", status_code="12")


def _worker(case: Case) -> Finding:
    """Row 64: the State where the person works, wherever the employer or the residence is."""
    states = {one.state for one in case.facts.activities}
    quoted: tuple[Quoted, ...] = tuple(
        (f"/activities/{place}/state", one.state) for place, one in enumerate(case.facts.activities)
    )
    missing = [pointer for pointer, value in quoted if value is None]
    if missing:
        case.unknown("row-64", GENERAL, *quoted)
        return ask(*missing)
    if len(states) > 1:
        case.not_met("row-64", GENERAL, *quoted)
        return review("REQUEST_KIND_UNSUITED")
    official = _perhaps_official(case)
    if official is not None:
        return official
    state = case.facts.activities[0].state
    if state not in case.law.states("states.a1") or any(one.third_state for one in case.facts.activities):
        case.not_met("row-64", GENERAL, *quoted)
        return refuse("HOST_OUTSIDE_COORDINATION")
    case.met("row-64", GENERAL, *quoted)
    return _answer(case, "row-64", state, "11(3)(a)", status_code="12")


def _perhaps_official(case: Case) -> Finding | None:
    """Somebody whom a foreign public body employs may be an official: a person finds out."""
    by_ref = {one.ref: (place, one) for place, one in enumerate(case.facts.employers)}
    for place, activity in enumerate(case.facts.activities):
        position, employer = by_ref.get(activity.employer or "", (0, None))
        if activity.kind is ActivityKind.CIVIL_SERVANT or _foreign_public(activity, employer):
            kind: Quoted = (f"/activities/{place}/kind", activity.kind)
            seat = () if employer is None else ((f"/employers/{position}/seat_state", employer.seat_state),)
            case.unknown("row-60", "Reg. 883/2004 art. 1(d), 11(3)(b)", kind, *seat)
            return review("CIVIL_SERVANT_STATUS_UNCLEAR")
    return None


def _foreign_public(activity: Activity, employer: Employer | None) -> bool:
    return employer is not None and employer.kind is EmployerKind.PUBLIC and employer.seat_state != activity.state


def _answer(
    case: Case,
    row: str,
    state: str | None,
    article: str,
    *,
    status_code: str | None = None,
    wish_reason: str = "REQUESTED_LEGISLATION_NOT_APPLICABLE",
) -> Finding:
    """Give the State's law, unless another was wished for or another institution was asked."""
    request, provision = case.facts.request, f"Reg. 883/2004 art. {article}"
    wish, asked = request.requested_legislation, request.asked_state
    if wish not in (None, state):
        case.not_met(row, provision, ("/request/requested_legislation", wish))
        action = Action.NONE if asked == state else Action.FORWARD
        elsewhere = () if asked in (None, state) else ("NOT_COMPETENT",)
        return refuse(
            *_wish_reasons(case, state, wish_reason),
            *elsewhere,
            competent_state=state,
            article=article,
            action=action,
            redirect_state=state,
        )
    if asked is None:
        case.unknown(row, "Reg. 987/2009 art. 19(2)", ("/request/asked_state", asked))
        return ask("/request/asked_state")
    if asked != state:
        case.not_met(row, "Reg. 987/2009 art. 19(2)", ("/request/asked_state", asked))
        return forward(state, competent_state=state, article=article, reason="NOT_COMPETENT")
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.ISSUE_A1 if status_code else Action.ISSUE_OTHER,
        competent_state=state,
        article=article,
        status_code=status_code,
        validity_start=request.period_start,
        validity_end=request.period_end,
    )


def _wish_reasons(case: Case, state: str | None, wish_reason: str) -> tuple[str, ...]:
    if case.facts.activities and state == case.facts.person.residence_state:
        return "WORK_ONLY_IN_RESIDENCE", wish_reason
    return (wish_reason,)
