"""Rows 10 to 12 and 21: posting and its extension (articles 12(1) and 12(2)), from the wrong State to the grant.

The conditions in between are in ``conditions`` (13 to 17), ``self_employed`` (18) and
``chain`` (19, 20). Every row is a function of the case that ends the route or lets it go on.

Spec: Regulation (EC) 883/2004 art. 12; Regulation (EC) 987/2009 art. 14(1)-(4), (7), 15(1); Decision A2
"""

from typing import Final

from portadoc.rules.articles.posting.bilateral import decide_bilateral
from portadoc.rules.articles.posting.chain import row_19_duration, row_20_break, row_20_certificates
from portadoc.rules.articles.posting.conditions import (
    row_13_employment,
    row_14_employer,
    row_15_prior_cover,
    row_16_resident_in_host,
    row_17_replacement,
)
from portadoc.rules.articles.posting.self_employed import row_18_self_employed
from portadoc.rules.articles.posting.terms import article_12, host_law, posting_of
from portadoc.rules.articles.single_state import decide_official
from portadoc.rules.dates import shared_days
from portadoc.rules.decision import Action, Finding, Outcome, ask, forward, refuse, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import Activity, ApplicantKind, Regime, RequestKind
from portadoc.rules.reach import needs_the_kingdom, reach_of
from portadoc.rules.rows import first_terminal

EMPLOYMENT: Final = frozenset({ApplicantKind.EMPLOYEE, ApplicantKind.SELF_EMPLOYED})


def decide_posting(case: Case) -> Finding:
    """Decide a posting or its extension; officials keep the law of their administration (row 60)."""
    facts = case.facts
    if facts.posting is None:
        case.unknown("row-10", "Reg. 883/2004 art. 12", ("/posting", None))
        return ask("/posting")
    if facts.applicant_kind is ApplicantKind.CIVIL_SERVANT:
        return decide_official(case)
    if facts.regime is Regime.BILATERAL:
        return first_terminal(case, (*ENTRY_ROWS, row_13_employment)) or decide_bilateral(case, CONDITIONS)
    return first_terminal(case, (*ENTRY_ROWS, *CONDITIONS, *DURATION_ROWS)) or row_21_grant(case)


def row_10_states(case: Case) -> Finding | None:
    """Home, host and asked State are known, differ, and belong to the instrument."""
    posting, asked = posting_of(case), case.facts.request.asked_state
    home, host = posting.home_state, posting.host_state
    quoted: tuple[Quoted, ...] = (
        ("/request/asked_state", asked),
        ("/posting/home_state", home),
        ("/posting/host_state", host),
    )
    missing = [pointer for pointer, value in quoted if value is None]
    if missing or home == host:
        case.unknown("row-10", "Reg. 883/2004 art. 12", *quoted)
        return ask(*(missing or ["/posting/host_state"]))
    assert home is not None
    assert host is not None
    outside = _outside(case, home, host)
    if outside is not None:
        case.not_met("row-10", "Reg. 883/2004 art. 12", *quoted)
        return outside
    if asked != home:
        case.not_met("row-10", "Reg. 987/2009 art. 15(1)", *quoted)
        return forward(home, competent_state=home, article=article_12(case), reason="NOT_COMPETENT")
    case.met("row-10", "Reg. 987/2009 art. 15(1)", *quoted)
    return None


def _outside(case: Case, home: str, host: str) -> Finding | None:
    """Refuse a State that no instrument reaches; review one that another instrument reaches."""
    regime, law = case.facts.regime, case.law
    if regime is Regime.BILATERAL:
        return None
    if {home, host} <= reach_of(law, regime) and (not needs_the_kingdom(regime) or "UK" in (home, host)):
        return None
    if {home, host} <= law.states("states.a1"):
        return review("REGIME_DOES_NOT_FIT")
    return refuse("HOST_OUTSIDE_COORDINATION")


def row_11_one_job(case: Case) -> Finding | None:
    """One person with one employer (or one business), sent once and not going to and fro."""
    facts = case.facts
    if facts.applicant_kind is ApplicantKind.EMPLOYED_AND_SELF_EMPLOYED:
        case.not_met("row-11", "Reg. 987/2009 art. 14(7)", ("/applicant_kind", facts.applicant_kind))
        return review("MULTI_STATE_NOT_POSTING")
    if facts.applicant_kind not in EMPLOYMENT:
        case.not_met("row-11", "Reg. 883/2004 art. 12", ("/applicant_kind", facts.applicant_kind))
        return review("REQUEST_KIND_UNSUITED")
    employed = facts.applicant_kind is ApplicantKind.EMPLOYEE
    if len(facts.employers) > 1 or (facts.employers and not employed):
        case.not_met("row-11", "Reg. 883/2004 art. 12(1)", *_references(case))
        return review("ONE_EMPLOYER_ONLY" if employed else "MULTI_STATE_NOT_POSTING")
    if employed and not facts.employers:
        case.unknown("row-11", "Reg. 883/2004 art. 12(1)", ("/employers", ()))
        return ask("/employers")
    if not {one.employer for one in facts.activities} <= {None, *(one.ref for one in facts.employers)}:
        case.not_met("row-11", "Reg. 883/2004 art. 12(1)", *_references(case))
        return review("ONE_EMPLOYER_ONLY")
    elsewhere = tuple(
        (f"/activities/{place}/state", one.state)
        for place, one in enumerate(facts.activities)
        if _other_work(case, one)
    )
    elsewhere += _other_postings(case)
    if facts.request.regular_pattern or elsewhere:
        pattern = ("/request/regular_pattern", facts.request.regular_pattern)
        case.not_met("row-11", "Reg. 987/2009 art. 14(7)", pattern, *elsewhere)
        return review("MULTI_STATE_NOT_POSTING")
    case.met("row-11", "Reg. 987/2009 art. 14(7)", *_references(case))
    return None


def _other_postings(case: Case) -> tuple[Quoted, ...]:
    """Return the postings to other States that run at the same time."""
    request, host = case.facts.request, posting_of(case).host_state
    asked = request.period_start, request.period_end
    tolerated = case.law.integer("request.overlap_tolerated_days")
    return tuple(
        (f"/previous_postings/{place}/end", one.end)
        for place, one in enumerate(case.facts.previous_postings)
        if one.host_state not in (host, None)
        and one.end is not None
        and shared_days(asked, (one.start, one.end)) > tolerated
    )


def _references(case: Case) -> tuple[Quoted, ...]:
    return tuple((f"/employers/{place}/ref", one.ref) for place, one in enumerate(case.facts.employers))


def _other_work(case: Case, activity: Activity) -> bool:
    """Say whether a line of work is another than the posted one, in the period that is asked for."""
    request, posting = case.facts.request, posting_of(case)
    start, end = request.period_start, request.period_end
    if (activity.end is not None and start is not None and activity.end < start) or (
        activity.start is not None and end is not None and activity.start > end
    ):
        return False
    if activity.state == posting.host_state:
        return activity.kind is not None and activity.kind.value != case.facts.applicant_kind.value.replace(
            "employee", "employed"
        )
    return True


def row_12_limited(case: Case) -> Finding | None:
    """The posting is limited in time from the outset, and both places that name its days agree."""
    request, posting = case.facts.request, posting_of(case)
    quoted = (
        ("/request/period_start", request.period_start),
        ("/request/period_end", request.period_end),
        ("/posting/start", posting.start),
        ("/posting/end", posting.end),
        ("/request/auto_renewing", request.auto_renewing),
    )
    reasons = ["END_DATE_REQUIRED"] if request.period_end is None and posting.end is None else []
    reasons += ["NOT_LIMITED_IN_TIME"] if request.auto_renewing else []
    if reasons:
        case.not_met("row-12", "Reg. 883/2004 art. 12", *quoted)
        return host_law(case, *reasons)
    if request.period_end is None:
        case.unknown("row-12", "Reg. 883/2004 art. 12", *quoted)
        return ask("/request/period_end")
    starts_differ = posting.start not in (None, request.period_start)
    if starts_differ or posting.end not in (None, request.period_end):
        case.unknown("row-12", "Reg. 883/2004 art. 12", *quoted)
        return review("PERIOD_ERROR", questions=("/posting/start", "/posting/end"))
    case.met("row-12", "Reg. 883/2004 art. 12", *quoted[:4])
    return None


def row_21_grant(case: Case) -> Finding:
    """Grant article 12 for the days that were asked for."""
    request, home = case.facts.request, posting_of(case).home_state
    article = article_12(case)
    provision = f"Reg. 883/2004 art. {article}"
    if request.requested_legislation not in (None, home):
        case.not_met("row-21", provision, ("/request/requested_legislation", request.requested_legislation))
        return refuse(
            "REQUESTED_LEGISLATION_NOT_APPLICABLE", competent_state=home, article=article, redirect_state=home
        )
    _notes(case)
    case.met(
        "row-21",
        provision,
        ("/request/period_start", request.period_start),
        ("/request/period_end", request.period_end),
        ("/posting/home_state", home),
        parameters=("posting.max_months",),
    )
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.ISSUE_A1,
        competent_state=home,
        article=article,
        status_code="01" if article == "12(1)" else "03",
        validity_start=request.period_start,
        validity_end=request.period_end,
        max_months=case.law.integer("posting.max_months"),
    )


def _notes(case: Case) -> None:
    request, law = case.facts.request, case.law
    if request.kind is RequestKind.EXTENSION:
        case.note("EXTENSION")
    if law.flag("posting.prior_notice_required"):
        case.note("PRIOR_NOTICE_REQUIRED")
    if request.period_start is not None and request.period_end is not None:
        days = (request.period_end - request.period_start).days + 1
        if days <= law.integer("posting.exempt_days"):
            case.note("A1_NOT_NEEDED_SHORT_WORK")


ENTRY_ROWS: Final = (row_10_states, row_11_one_job, row_12_limited)
DURATION_ROWS: Final = (row_19_duration, row_20_break, row_20_certificates)
CONDITIONS: Final = (
    row_13_employment,
    row_14_employer,
    row_15_prior_cover,
    row_16_resident_in_host,
    row_17_replacement,
    row_18_self_employed,
)
