"""Row 18: what article 12(2) asks of a self-employed person who goes to work in another State.

Spec: Regulation (EC) 883/2004 art. 12(2); Regulation (EC) 987/2009 art. 14(3), (4); Decision A2 point 2;
CJEU C-178/97 Banks, C-422/22
"""

from typing import Final

from portadoc.rules.articles.posting.terms import exception_or_host_law, host_law, is_employee
from portadoc.rules.decision import Finding, ask, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import SelfEmployedHome

HABITUAL: Final = "Reg. 987/2009 art. 14(3)"
SIMILAR: Final = "Reg. 987/2009 art. 14(4)"
HOME: Final = "/self_employed_home"


def row_18_self_employed(case: Case) -> Finding | None:
    """Habitual self-employed activity at home, kept ready to be taken up again, and a similar one abroad."""
    if is_employee(case):
        return None
    home = case.facts.self_employed_home
    if home is None:
        case.unknown("row-18", HABITUAL, (HOME, None))
        return ask(HOME)
    return _similar(case, home) or _habitual(case, home)


def _similar(case: Case, home: SelfEmployedHome) -> Finding | None:
    quoted = (f"{HOME}/similar_activity", home.similar_activity)
    if home.similar_activity is None:
        case.unknown("row-18", SIMILAR, quoted)
        return ask(f"{HOME}/similar_activity", reasons=("ACTIVITY_NOT_SIMILAR",))
    former: Quoted = (f"{HOME}/prior_status", home.prior_status)
    if home.prior_status in ("employee", "employed"):
        case.not_met("row-18", HABITUAL, former)
        return exception_or_host_law(case, "NOT_HABITUALLY_SELF_EMPLOYED")
    if not home.similar_activity:
        case.not_met("row-18", SIMILAR, quoted)
        return host_law(case, "ACTIVITY_NOT_SIMILAR")
    case.met("row-18", SIMILAR, quoted)
    return None


def _habitual(case: Case, home: SelfEmployedHome) -> Finding | None:
    quoted: tuple[Quoted, ...] = (
        (f"{HOME}/prior_status", home.prior_status),
        (f"{HOME}/keeps_means", home.keeps_means),
        (f"{HOME}/months_active_before", home.months_active_before),
    )
    optional: tuple[Quoted, ...] = (
        (f"{HOME}/business_suspended", home.business_suspended),
        (f"{HOME}/real_home_activity", home.real_home_activity),
    )
    names = ("posting.min_self_employed_months",)
    refusals = ["SELF_EMPLOYED_NO_HOME_ACTIVITY"] if home.real_home_activity is False else []
    refusals += ["SELF_EMPLOYED_MEANS_NOT_KEPT"] if home.keeps_means is False or home.business_suspended else []
    if refusals:
        case.not_met("row-18", HABITUAL, *quoted, *optional, parameters=names)
        return host_law(case, *refusals)
    missing = [pointer for pointer, value in quoted if value is None]
    reasons = ["NOT_HABITUALLY_SELF_EMPLOYED"] if home.prior_status not in (None, "self_employed") else []
    if home.months_active_before is not None and home.months_active_before < case.law.integer(names[0]):
        reasons.append("SELF_EMPLOYED_PRIOR_UNDER_2M")
    case.step("row-18", HABITUAL, "unknown" if missing or reasons else "met", (*quoted, *optional), names)
    if missing:
        return ask(*missing, reasons=reasons)
    return review(*reasons) if reasons else None
