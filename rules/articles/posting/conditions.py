"""Rows 13 to 17: what article 12(1) asks of the employee, the employer and the posting.

Spec: Regulation (EC) 883/2004 art. 12(1); Regulation (EC) 987/2009 art. 14(1), (2); Decision A2 points 1 and 3;
CJEU C-404/98 Plum, C-527/16 Alpenrind, C-451/17 Walltopia, C-784/19 Team Power Europe
"""

from typing import Final

from portadoc.rules.articles.posting.terms import (
    asked_period,
    exception_or_host_law,
    host_law,
    is_employee,
    posting_of,
)
from portadoc.rules.dates import add_months, months_between
from portadoc.rules.decision import Finding, ask, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import CoverBasis, Employer, EmployerKind, PaidBy, PriorCover, Replaces

POSTING: Final = "Reg. 883/2004 art. 12(1)"
RELATIONSHIP: Final = "Reg. 883/2004 art. 12(1); Decision A2 point 1"
SUBSTANTIAL: Final = "Reg. 987/2009 art. 14(2)"
COVER: Final = "Reg. 987/2009 art. 14(1); Decision A2 point 1"
ACTIVITY: Final = "/employers/0/home_activity/"
IN_COVER: Final = "/posting/prior_cover"
SHORTEST_MONTH: Final = 28


def row_13_employment(case: Case) -> Finding | None:
    """The employee keeps the direct relationship with the employer and is not passed on."""
    if not is_employee(case):
        return None
    posting = posting_of(case)
    quoted: tuple[Quoted, ...] = (
        ("/posting/hired_out_onward", posting.hired_out_onward),
        ("/posting/direct_relationship", posting.direct_relationship),
        ("/posting/paid_by", posting.paid_by),
    )
    if posting.hired_out_onward:
        case.not_met("row-13", RELATIONSHIP, *quoted)
        return host_law(case, "ONWARD_HIRE")
    if posting.direct_relationship is False:
        return _no_relationship(case, quoted)
    missing = [pointer for pointer, value in quoted if value is None]
    if missing:
        case.unknown("row-13", RELATIONSHIP, *quoted)
        return ask(*missing)
    if posting.paid_by is PaidBy.HOST:
        case.unknown("row-13", RELATIONSHIP, *quoted)
        return review("NO_DIRECT_RELATIONSHIP")
    case.met("row-13", RELATIONSHIP, *quoted)
    return None


def _no_relationship(case: Case, quoted: tuple[Quoted, ...]) -> Finding:
    """Without the direct relationship only an agreement helps, and only inside a group of companies."""
    group = posting_of(case).group_company
    grouped: Quoted = ("/posting/group_company", group)
    if group is None and case.pack.exception_possible:
        case.unknown("row-13", RELATIONSHIP, *quoted, grouped)
        return ask("/posting/group_company", reasons=("NO_DIRECT_RELATIONSHIP",))
    case.not_met("row-13", RELATIONSHIP, *quoted, grouped)
    if group:
        return exception_or_host_law(case, "NO_DIRECT_RELATIONSHIP")
    return host_law(case, "NO_DIRECT_RELATIONSHIP")


def row_14_employer(case: Case) -> Finding | None:
    """The employer normally carries out substantial activities in the sending State; public bodies do."""
    if not is_employee(case) or len(case.facts.employers) != 1:
        return None
    employer, home = case.facts.employers[0], posting_of(case).home_state
    seat: Quoted = ("/employers/0/seat_state", employer.seat_state)
    kind: Quoted = ("/employers/0/kind", employer.kind)
    clear: Quoted = ("/employers/0/seat_clear", employer.seat_clear)
    missing = [pointer for pointer, value in (seat, kind, clear) if value is None]
    if missing:
        case.unknown("row-14", SUBSTANTIAL, seat, kind, clear)
        return ask(*missing)
    if employer.kind in (EmployerKind.OUTSIDE_EU, EmployerKind.EU_INSTITUTION):
        case.unknown("row-14", SUBSTANTIAL, seat, kind)
        return review("HOME_ACTIVITY_UNKNOWN")
    if employer.seat_state != home or employer.seat_clear is False:
        case.unknown("row-14", SUBSTANTIAL, seat, kind, clear)
        return review("SEAT_UNCLEAR" if employer.seat_clear is False else "HOME_ACTIVITY_UNKNOWN")
    if employer.kind is EmployerKind.PUBLIC:
        case.met("row-14", SUBSTANTIAL, seat, kind)
        return None
    return _agency(case, employer) if employer.kind is EmployerKind.TEMP_AGENCY else _undertaking(case, employer)


def _agency(case: Case, employer: Employer) -> Finding | None:
    share, turnover = employer.home_activity.home_assignments_share, employer.home_activity.turnover_share
    quoted: tuple[Quoted, ...] = (
        (f"{ACTIVITY}home_assignments_share", share),
        (f"{ACTIVITY}turnover_share", turnover),
    )
    names = ("posting.min_agency_home_share", "posting.min_turnover_share")
    if share is None:
        case.unknown("row-14", SUBSTANTIAL, *quoted, parameters=names)
        return ask(f"{ACTIVITY}home_assignments_share", reasons=("HOME_ACTIVITY_UNKNOWN",))
    if share == 0:
        case.not_met("row-14", SUBSTANTIAL, *quoted, parameters=names)
        return host_law(case, "TEMP_AGENCY_NO_HOME_ACTIVITY")
    reasons = []
    if share < case.law.number("posting.min_agency_home_share"):
        reasons.append("TEMP_AGENCY_LOW_HOME_ACTIVITY")
    if turnover is not None and turnover < case.law.number("posting.min_turnover_share"):
        reasons.append("TURNOVER_UNDER_25")
    case.step("row-14", SUBSTANTIAL, "unknown" if reasons else "met", quoted, names)
    return review(*reasons) if reasons else None


def _undertaking(case: Case, employer: Employer) -> Finding | None:
    home = employer.home_activity
    quoted: tuple[Quoted, ...] = (
        (f"{ACTIVITY}admin_staff_only", home.admin_staff_only),
        (f"{ACTIVITY}turnover_share", home.turnover_share),
        (f"{ACTIVITY}admin_staff_share", home.admin_staff_share),
    )
    names = ("posting.min_turnover_share", "posting.max_admin_staff_share")
    if home.admin_staff_only:
        case.not_met("row-14", SUBSTANTIAL, *quoted, parameters=names)
        return host_law(case, "EMPLOYER_ADMIN_ONLY")
    missing = [pointer for pointer, value in quoted if value is None]
    reasons = []
    if home.turnover_share is not None and home.turnover_share < case.law.number("posting.min_turnover_share"):
        reasons.append("TURNOVER_UNDER_25")
    if home.admin_staff_share is not None and home.admin_staff_share > case.law.number(
        "posting.max_admin_staff_share"
    ):
        reasons.append("ADMIN_STAFF_OVER_50")
    case.step("row-14", SUBSTANTIAL, "unknown" if reasons or missing else "met", quoted, names)
    if missing:
        return ask(*missing, reasons=("HOME_ACTIVITY_UNKNOWN", *reasons))
    return review(*reasons) if reasons else None


def row_15_prior_cover(case: Case) -> Finding | None:
    """The employee was under the sending legislation just before, as a rule for a month, on whatever basis."""
    if not is_employee(case):
        return None
    cover = posting_of(case).prior_cover or PriorCover(None, None, None, None)
    start = case.facts.request.period_start
    quoted: tuple[Quoted, ...] = (
        (f"{IN_COVER}/basis", cover.basis),
        (f"{IN_COVER}/since", cover.since),
        (f"{IN_COVER}/gap_days_before_start", cover.gap_days_before_start),
        (f"{IN_COVER}/days", cover.days),
        ("/request/period_start", start),
    )
    names = ("posting.min_prior_cover_months",)
    if cover.basis is CoverBasis.NONE or (cover.since is not None and start is not None and cover.since >= start):
        case.not_met("row-15", COVER, *quoted, parameters=names)
        return host_law(case, "PRIOR_COVER_NONE")
    missing = [pointer for pointer, value in quoted[:3] if value is None]
    if missing or cover.since is None or start is None:
        case.unknown("row-15", COVER, *quoted, parameters=names)
        return ask(*missing) if missing else None
    months = case.law.integer("posting.min_prior_cover_months")
    contradicted = cover.days is not None and cover.days < SHORTEST_MONTH * months
    if cover.gap_days_before_start or contradicted or add_months(cover.since, months) > start:
        case.unknown("row-15", COVER, *quoted, parameters=names)
        return review("PRIOR_COVER_UNDER_1M")
    case.met("row-15", COVER, *quoted, parameters=names)
    return None


def row_16_resident_in_host(case: Case) -> Finding | None:
    """Who lives in the host State and never worked in the sending one is looked at by a person."""
    posting, residence = posting_of(case), case.facts.person.residence_state
    quoted: tuple[Quoted, ...] = (
        ("/person/residence_state", residence),
        ("/posting/host_state", posting.host_state),
        ("/posting/worked_in_home_state_before", posting.worked_in_home_state_before),
    )
    if residence is None:
        case.unknown("row-16", POSTING, *quoted)
        return ask("/person/residence_state")
    if residence != posting.host_state:
        case.met("row-16", POSTING, *quoted[:2])
        return None
    case.note("RESIDENT_IN_HOST")
    if posting.worked_in_home_state_before is False:
        case.unknown("row-16", POSTING, *quoted)
        return review("RESIDENT_IN_HOST", "NO_HOME_WORK")
    if posting.worked_in_home_state_before is None and not _worked_at_home(case):
        case.unknown("row-16", POSTING, *quoted)
        return ask("/posting/worked_in_home_state_before", reasons=("RESIDENT_IN_HOST",))
    case.met("row-16", POSTING, *quoted)
    return None


def _worked_at_home(case: Case) -> bool:
    """Say whether other facts already show earlier work in the sending State."""
    posting = posting_of(case)
    if not is_employee(case):
        return case.facts.self_employed_home is not None
    cover = posting.prior_cover
    by_work = cover is not None and cover.basis in (CoverBasis.EMPLOYMENT, CoverBasis.SELF_EMPLOYMENT)
    return by_work and posting.recruited_for_posting is False


def row_17_replacement(case: Case) -> Finding | None:
    """The person does not take another posted person's place, whoever sent that one."""
    if not is_employee(case) and not case.law.flag("posting.replacement_ban_self_employed"):
        return None
    posting = posting_of(case)
    quoted: tuple[Quoted, ...] = (("/posting/replaces", posting.replaces),)
    if posting.replaces is None:
        case.unknown("row-17", POSTING, *quoted)
        return ask("/posting/replaces")
    if posting.replaces in (Replaces.NONE, Replaces.LOCAL_WORKER):
        case.met("row-17", POSTING, *quoted)
        return None
    return _replacement(case, quoted)


def _replacement(case: Case, quoted: tuple[Quoted, ...]) -> Finding | None:
    """After an early end the rest of the time may be worked by another: some institutions allow it."""
    replaced, asked = posting_of(case).replaced_posting, asked_period(case)
    cumulative = case.law.flag("posting.replacement_cumulative")
    names = ("posting.max_months", "posting.replacement_cumulative")
    if replaced is None and cumulative:
        case.unknown("row-17", POSTING, *quoted, parameters=names)
        return ask("/posting/replaced_posting")
    if replaced is None or asked is None:
        case.not_met("row-17", POSTING, *quoted, parameters=names)
        return host_law(case, "REPLACEMENT")
    quoted += (
        ("/posting/replaced_posting/start", replaced.start),
        ("/posting/replaced_posting/ended_early", replaced.ended_early),
    )
    joint = None if replaced.start is None else months_between(replaced.start, asked[1])
    too_long = joint is not None and joint >= case.law.integer("posting.max_months")
    if too_long or (replaced.ended_early is False and not cumulative):
        case.not_met("row-17", POSTING, *quoted, parameters=names)
        return host_law(case, "REPLACEMENT")
    missing = [pointer for pointer, value in quoted if value is None]
    if missing and not (cumulative and joint is not None):
        case.unknown("row-17", POSTING, *quoted, parameters=names)
        return ask(*missing, reasons=("REPLACEMENT",))
    case.step("row-17", POSTING, "met" if cumulative else "unknown", quoted, names)
    return None if cumulative else review("REPLACEMENT_EARLY_END")
