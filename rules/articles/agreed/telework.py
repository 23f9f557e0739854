"""Rows 50 to 54: the framework agreement on habitual cross-border telework.

Spec: Regulation (EC) 883/2004 art. 16(1); Framework agreement in force from 1 July 2023; Regulation (EC) 987/2009
art. 18
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from portadoc.rules.articles.multi_state import legislation_at_residence
from portadoc.rules.articles.territory import member_states
from portadoc.rules.dates import add_months, day_before
from portadoc.rules.decision import Action, Finding, Outcome, ask, forward, refuse, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import Activity, ActivityKind, ApplicantKind, Telework
from portadoc.rules.rows import first_terminal

_AGREEMENT: Final = "Framework agreement on telework"
_SHARES: Final = ("telework.lower_share", "telework.upper_share", "telework.third_state_share")
_SELF_EMPLOYED: Final = frozenset({ApplicantKind.SELF_EMPLOYED, ApplicantKind.EMPLOYED_AND_SELF_EMPLOYED})
_TOLERANCE: Final = "multi_state.shares_tolerance"


def decide_telework(case: Case) -> Finding:
    """Decide a request to stay under the legislation of the employer's seat while teleworking from home."""
    return row_50_known(case) or first_terminal(case, _ROWS) or _granted(case)


def row_50_known(case: Case) -> Finding | None:
    """Whom it is about: residence, seats and the institution that was asked."""
    facts = case.facts
    missing = [
        pointer
        for pointer, value in (
            ("/telework", facts.telework),
            ("/person/residence_state", facts.person.residence_state),
            ("/request/asked_state", facts.request.asked_state),
            ("/employers", facts.employers or None),
        )
        if value is None
    ]
    missing += [
        f"/employers/{place}/seat_state" for place, one in enumerate(facts.employers) if not one.seat_state
    ]
    missing += [] if facts.activities else ["/activities"]
    missing += [f"/activities/{place}/kind" for place, one in enumerate(facts.activities) if one.kind is None]
    if missing and facts.applicant_kind is not ApplicantKind.SELF_EMPLOYED:
        case.unknown("row-50", _AGREEMENT, *[(pointer, None) for pointer in missing])
        return ask(*missing)
    official = any(one.kind is ActivityKind.CIVIL_SERVANT for one in facts.activities)
    if official or facts.applicant_kind is ApplicantKind.CIVIL_SERVANT:
        case.unknown("row-50", _AGREEMENT, ("/applicant_kind", facts.applicant_kind))
        return review("CIVIL_SERVANT_STATUS_UNCLEAR")
    return None


def row_50_seat_state(case: Case) -> Finding | None:
    """The request goes to the State whose legislation is wanted, that of the seat (art. 18 of Reg. 987/2009)."""
    request, seats = case.facts.request, _seats(case)
    if len(seats) != 1 or _is_self_employed(case):
        return None
    quoted = (("/request/asked_state", request.asked_state), *_quote_seats(case))
    if request.asked_state != seats[0]:
        case.not_met("row-50", "Reg. 987/2009 art. 18", *quoted)
        return forward(seats[0], competent_state=seats[0], article="16(1)", reason="NOT_COMPETENT")
    case.met("row-50", "Reg. 987/2009 art. 18", *quoted)
    wish = request.requested_legislation
    if (wish is not None and wish != seats[0]) or seats[0] == case.facts.person.residence_state:
        case.not_met("row-50", _AGREEMENT, ("/request/requested_legislation", wish), *quoted)
        return _to_residence(case, "REQUESTED_LEGISLATION_NOT_APPLICABLE")
    return None


def row_51_and_52_scope(case: Case) -> Finding | None:
    """The conditions of the agreement; every one that fails is told, and residence decides instead."""
    if not _is_self_employed(case) and case.law.get("telework.upper_share") is None:
        case.not_met("row-53", _AGREEMENT, ("/request/period_start", case.facts.request.period_start))
        return review("FA_NOT_IN_FORCE_BEFORE")
    failing = _failing(case)
    quoted = _quote_telework(case)
    if not failing:
        return None
    names = _SHARES if case.law.get("telework.upper_share") is not None else ()
    row = "row-52" if failing == ["FA_NOT_NEEDED_UNDER_25"] else "row-51"
    case.not_met(row, _AGREEMENT, *quoted, *_quote_seats(case), parameters=names)
    if "TELEWORK_50_OR_MORE" in failing and _works_only_at_home(case):
        case.note("WORK_ONLY_IN_RESIDENCE")
    return _to_residence(case, *failing)


def row_51_unknown(case: Case) -> Finding | None:
    """Every condition must be known; shares that contradict each other are asked again."""
    quoted = _quote_telework(case)
    missing = [pointer for pointer, value in quoted if value is None]
    seats = [(f"/employers/{place}/seat_clear", one.seat_clear) for place, one in enumerate(case.facts.employers)]
    missing += [pointer for pointer, clear in seats if clear is None]
    if not missing and _shares_contradict(case):
        missing = ["/telework/share_in_residence"]
    unsettled = [state for state in _parties(case) if case.law.first_day(f"telework_signatory.{state}") is None]
    if missing or unsettled:
        case.unknown("row-51", _AGREEMENT, *quoted, parameters=_SHARES)
        return ask(*missing) if missing else review("REGIME_TABLE_UNVERIFIED")
    if not all(clear for _, clear in seats):
        case.unknown("row-51", "Reg. 987/2009 art. 14(5a)", *seats)
        return review("SEAT_UNCLEAR")
    case.met("row-51", _AGREEMENT, *quoted, *seats, *_quote_seats(case), parameters=_SHARES)
    return None


def row_53_consent(case: Case) -> Finding | None:
    """Employer and employee ask together."""
    consent = _telework(case).joint_consent
    quoted = ("/telework/joint_consent", consent)
    if consent:
        case.met("row-53", _AGREEMENT, quoted)
        return None
    case.not_met("row-53", _AGREEMENT, quoted)
    return review("FA_NO_JOINT_CONSENT", action=Action.REQUEST_INFO, questions=("/telework/joint_consent",))


def row_53_bound_on_the_day(case: Case) -> Finding | None:
    """Both States are bound at the start, and the request does not reach back too far."""
    request, law = case.facts.request, case.law
    start, filed = request.period_start, request.request_date
    assert start is not None
    assert filed is not None
    quoted = (("/request/period_start", start), ("/request/request_date", filed))
    bound = [law.first_day(f"telework_signatory.{state}") for state in _parties(case)]
    reasons = ["FA_NOT_IN_FORCE_BEFORE"] if any(day is None or start < day for day in bound) else []
    name = _reach(case, filed)
    if start < add_months(filed, -law.integer(name)):
        reasons.append("FA_RETRO_OVER_3M")
    case.step("row-53", _AGREEMENT, "not_met" if reasons else "met", quoted, parameters=(name,))
    return review(*reasons) if reasons else None


_ROWS: Final = (
    row_50_seat_state,
    row_51_and_52_scope,
    row_51_unknown,
    row_53_consent,
    row_53_bound_on_the_day,
)


def _granted(case: Case) -> Finding:
    """Row 54: the agreed exception, for no longer than one request may cover."""
    request = case.facts.request
    start, asked_end = request.period_start, request.period_end
    assert start is not None
    longest = day_before(add_months(start, case.law.integer("telework.max_months")))
    end = longest if asked_end is None or asked_end > longest else asked_end
    if end != asked_end:
        case.note("FA_CAPPED_36M")
    case.note("TELEWORK_FRAMEWORK")
    case.met(
        "row-54",
        "Reg. 883/2004 art. 16(1)",
        ("/request/period_start", start),
        ("/request/period_end", asked_end),
        parameters=("telework.max_months",),
    )
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.ISSUE_A1,
        competent_state=_seats(case)[0],
        article="16(1)",
        status_code="11",
        validity_start=start,
        validity_end=end,
        max_months=case.law.integer("telework.max_months"),
        notify_states=(case.facts.person.residence_state or "",),
    )


def _failing(case: Case) -> list[str]:
    if _is_self_employed(case):
        return ["FA_SELF_EMPLOYED"]
    telework, law, members = _telework(case), case.law, member_states(case)
    share, elsewhere = telework.share_in_residence, _share_elsewhere(case, telework)
    conditions = (
        ("FA_NON_SIGNATORY", telework.residence_signatory is False or telework.seat_signatory is False),
        ("FA_NON_SIGNATORY", any(state not in members for state in _parties(case))),
        ("FA_EMPLOYERS_IN_SEVERAL_STATES", len(_seats(case)) > 1),
        ("FA_OTHER_ACTIVITY_IN_RESIDENCE", telework.other_activity_in_residence is True),
        ("FA_NO_DIGITAL_LINK", telework.digital_link is False),
        ("FA_THIRD_STATE_WORK", elsewhere is not None and elsewhere >= law.number("telework.third_state_share")),
        ("TELEWORK_50_OR_MORE", share is not None and share >= law.number("telework.upper_share")),
        ("FA_NOT_NEEDED_UNDER_25", share is not None and share < law.number("telework.lower_share")),
    )
    return list(dict.fromkeys([code for code, fails in conditions if fails]))


def _is_self_employed(case: Case) -> bool:
    facts = case.facts
    return facts.applicant_kind in _SELF_EMPLOYED or any(
        one.kind is ActivityKind.SELF_EMPLOYED for one in facts.activities
    )


def _share_elsewhere(case: Case, telework: Telework) -> float | None:
    """Return the work outside both States: the larger of what is declared and what the activities add up to."""
    parties = _parties(case)
    listed = sum([one.share_of_time or 0.0 for one in case.facts.activities if one.state not in parties])
    return (
        None
        if telework.other_state_share is None and not listed
        else max(telework.other_state_share or 0.0, listed)
    )


def _shares_contradict(case: Case) -> bool:
    """Say whether the activities do not bear out the declared telework."""
    residence, declared = case.facts.person.residence_state, _telework(case).share_in_residence
    activities, law = case.facts.activities, case.law
    at_home = [one for one in activities if one.state == residence]
    if declared is None:
        return False
    if any(one.telework is False for one in at_home):
        return True
    tolerance = law.number(_TOLERANCE)
    whole = _listed(activities)
    if whole is not None and (whole[1] < 100 - tolerance or whole[0] > 100 + tolerance):
        return True
    elsewhere = _listed([one for one in activities if one.state not in _parties(case)])
    if elsewhere is not None and elsewhere[1] >= law.number("telework.third_state_share"):
        return True
    limits = (law.number("telework.lower_share"), law.number("telework.upper_share"))
    return any(
        abs(listed - declared) > tolerance or any((listed < limit) != (declared < limit) for limit in limits)
        for listed in _listed(at_home) or ()
    )


def _listed(activities: Sequence[Activity]) -> tuple[float, float] | None:
    """Add up the shares of time, lowest and highest forecast; None where a share is not known."""
    figures = [
        [figure for figure in (one.share_of_time, one.share_min, one.share_max) if figure is not None]
        for one in activities
    ]
    known = [(min(few), max(few)) for few in figures if few]
    if len(known) < len(figures):
        return None
    return round(sum([low for low, _ in known]), 6), round(sum([high for _, high in known]), 6)


def _works_only_at_home(case: Case) -> bool:
    residence = case.facts.person.residence_state
    return all(one.state == residence for one in case.facts.activities)


def _reach(case: Case, filed: date) -> str:
    """Return the name of the parameter that says how far back a request reaches."""
    before = str(case.law.get("telework.retroactive.transitional_filed_before"))
    transitional = filed.isoformat() < before
    return "telework.retroactive.transitional_months" if transitional else "telework.retroactive.months"


def _telework(case: Case) -> Telework:
    assert case.facts.telework is not None
    return case.facts.telework


def _seats(case: Case) -> tuple[str, ...]:
    return tuple(dict.fromkeys([one.seat_state for one in case.facts.employers if one.seat_state]))


def _parties(case: Case) -> tuple[str, ...]:
    return (case.facts.person.residence_state or "", *_seats(case))


def _to_residence(case: Case, *reasons: str) -> Finding:
    state, article = legislation_at_residence(case)
    return refuse(
        *reasons,
        competent_state=state,
        article=article,
        action=Action.FORWARD,
        redirect_state=case.facts.person.residence_state,
    )


def _quote_seats(case: Case) -> list[Quoted]:
    return [(f"/employers/{place}/seat_state", one.seat_state) for place, one in enumerate(case.facts.employers)]


def _quote_telework(case: Case) -> list[Quoted]:
    telework = case.facts.telework
    if telework is None:
        return [("/applicant_kind", case.facts.applicant_kind)]
    names = (
        "share_in_residence",
        "digital_link",
        "other_state_share",
        "other_activity_in_residence",
        "joint_consent",
        "residence_signatory",
        "seat_signatory",
    )
    return [(f"/telework/{name}", getattr(telework, name)) for name in names]
