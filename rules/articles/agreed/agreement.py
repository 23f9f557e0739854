"""Rows 90 to 93: an exception that two States agree on for one person.

Spec: Regulation (EC) 883/2004 art. 16(1); Regulation (EC) 987/2009 art. 18
"""

from dataclasses import replace
from typing import Final

from portadoc.rules.articles.special.whose_law import granted_by
from portadoc.rules.articles.territory import member_states
from portadoc.rules.dates import add_months, months_between
from portadoc.rules.decision import Action, Finding, ask, exception_route, forward, refuse, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import ExceptionReply, ExceptionRequest, Relation
from portadoc.rules.rows import first_terminal

_AGREEMENT: Final = "Reg. 883/2004 art. 16(1)"
_INSTITUTION: Final = "Reg. 987/2009 art. 18"
_GROUNDS: Final = (
    ("group_company", "NO_DIRECT_RELATIONSHIP"),
    ("direct_relationship", "NO_DIRECT_RELATIONSHIP"),
    ("home_office", "HOME_OFFICE_ABROAD"),
    ("telework", "HOME_OFFICE_ABROAD"),
    ("replace", "REPLACEMENT"),
    ("prior_cover", "PRIOR_COVER_UNDER_1M"),
    ("cooling", "COOLING_OFF_2M"),
    ("several_employers", "ONE_EMPLOYER_ONLY"),
)
"""What a ground of the request says about the ordinary article that fails."""


def decide_exception(case: Case) -> Finding:
    """Decide how a request for an exception goes on: agreed, refused, waiting, or to be sent."""
    rows = (row_90_no_exceptions, row_90_two_parties, row_90_institution, row_91_reply, row_92_policy)
    return row_90_known(case) or first_terminal(case, rows) or _row_93(case)


def row_90_known(case: Case) -> Finding | None:
    request, exception = case.facts.request, case.facts.exception
    missing = [
        pointer
        for pointer, value in (
            ("/request/asked_state", request.asked_state),
            ("/request/requested_legislation", request.requested_legislation),
            ("/exception", exception),
            ("/exception/other_state", exception.other_state if exception else ""),
        )
        if value is None
    ]
    if not missing:
        return None
    case.unknown("row-90", _INSTITUTION, *[(pointer, None) for pointer in missing])
    return ask(*missing)


def row_90_no_exceptions(case: Case) -> Finding | None:
    """Not every instrument knows exceptions; the protocol with the United Kingdom has none."""
    if case.pack.exception_possible:
        return None
    case.not_met("row-90", _AGREEMENT, ("/regime", case.facts.regime))
    if case.pack.id != "uk-tca":
        return review("BILATERAL_TABLE_MISSING" if case.pack.id == "bilateral" else "REGIME_TABLE_UNVERIFIED")
    case.note("UK_TCA_NO_EXCEPTION")
    over = ["UK_TCA_OVER_24M"] if _is_long(case) else []
    return refuse(
        *over,
        "REQUESTED_LEGISLATION_NOT_APPLICABLE",
        competent_state=_exception(case).other_state,
        article="11(3)(a)",
    )


def row_90_two_parties(case: Case) -> Finding | None:
    """Two States of the same instrument agree; a third State cannot."""
    wanted, other = case.facts.request.requested_legislation, _exception(case).other_state
    quoted = (("/request/requested_legislation", wanted), ("/exception/other_state", other))
    if wanted != other and {wanted, other} <= member_states(case):
        case.met("row-90", _AGREEMENT, *quoted)
        return None
    case.not_met("row-90", _AGREEMENT, *quoted)
    return review("REGIME_DOES_NOT_FIT")


def row_90_institution(case: Case) -> Finding | None:
    """The request goes to the State whose legislation is wanted."""
    request = case.facts.request
    asked, wanted = request.asked_state, request.requested_legislation
    quoted = (("/request/asked_state", asked), ("/request/requested_legislation", wanted))
    if asked == wanted:
        case.met("row-90", _INSTITUTION, *quoted)
        return None
    case.not_met("row-90", _INSTITUTION, *quoted)
    return forward(wanted, competent_state=wanted, article="16(1)", reason="NOT_COMPETENT")


def row_91_reply(case: Case) -> Finding | None:
    """What the other State answered."""
    exception, request = _exception(case), case.facts.request
    reply = exception.reply
    quoted = (("/exception/reply", reply), ("/exception/other_state", exception.other_state))
    if reply is None:
        return None
    if reply is ExceptionReply.PENDING:
        case.unknown("row-91", _AGREEMENT, *quoted)
        return exception_route(
            "EXCEPTION_PENDING",
            requested=request.requested_legislation,
            default_state=exception.other_state,
            action=Action.AWAIT_REPLY,
        )
    if reply is ExceptionReply.REFUSED:
        case.not_met("row-91", _AGREEMENT, *quoted)
        return refuse("EXCEPTION_REFUSED", competent_state=exception.other_state, article="11(3)(a)")
    return _agreed(case, exception, quoted)


def _agreed(case: Case, exception: ExceptionRequest, quoted: tuple[Quoted, ...]) -> Finding:
    """Both States agree: the dates are those of the agreement, not those that were asked for."""
    request, agreed = case.facts.request, exception.agreed_period
    if agreed is None or agreed.start is None or agreed.end is None:
        pointer = "/exception/agreed_period"
        case.unknown("row-91", _AGREEMENT, *quoted)
        return ask(pointer if agreed is None else f"{pointer}/{'start' if agreed.start is None else 'end'}")
    dates = (("/exception/agreed_period/start", agreed.start), ("/exception/agreed_period/end", agreed.end))
    if agreed.end < agreed.start:
        case.unknown("row-91", _AGREEMENT, *quoted, *dates)
        return review("PERIOD_ERROR")
    case.met("row-91", _AGREEMENT, *quoted, *dates)
    if exception.reply is ExceptionReply.PARTIAL or (agreed.start, agreed.end) != (
        request.period_start,
        request.period_end,
    ):
        case.note("AGREED_PERIOD_SHORTER")
    granted = granted_by(
        case, request.requested_legislation or "", "16(1)", "11", notify=(exception.other_state or "",)
    )
    return replace(granted, validity_start=agreed.start, validity_end=agreed.end)


def row_92_policy(case: Case) -> Finding | None:
    """Limits that an institution sets itself for what it asks other States."""
    request, law = case.facts.request, case.law
    start, end, filed = request.period_start, request.period_end, request.request_date
    assert start is not None
    assert filed is not None
    quoted = (
        ("/request/request_date", filed),
        ("/request/period_start", start),
        ("/request/period_end", end),
    )
    names = ("exception.late_months", "exception.max_months")
    if end is None:
        case.unknown("row-92", _INSTITUTION, *quoted, parameters=names)
        return review("END_DATE_REQUIRED", action=Action.REQUEST_INFO, questions=("/request/period_end",))
    late = filed > add_months(start, law.integer("exception.late_months"))
    over = months_between(start, end) >= law.integer("exception.max_months")
    reasons = ["EXCEPTION_LATE"] if late and law.flag("exception.refuse_late") else []
    reasons += ["EXCEPTION_OVER_5Y"] if over and law.flag("exception.refuse_over_max") else []
    case.step("row-92", _INSTITUTION, "not_met" if reasons else "met", quoted, parameters=names)
    if not reasons:
        return None
    return refuse(*reasons, competent_state=_exception(case).other_state, article="11(3)(a)")


def _row_93(case: Case) -> Finding:
    """Ask the other State (SED A001); until it answers, its own legislation applies."""
    request, exception = case.facts.request, _exception(case)
    start, filed = request.period_start, request.request_date
    assert start is not None
    assert filed is not None
    if start < add_months(filed, case.law.integer("exception.advance_months")):
        case.note("LATE_FILING_WARNING")
    reasons = ["DURATION_OVER_24M"] if _is_long(case) else []
    reasons += ["EXTENSION_OVER_24M"] if _is_long_with_earlier(case) else []
    reasons += [code for word, code in _GROUNDS if any(word in ground for ground in exception.grounds)]
    case.met(
        "row-93",
        _AGREEMENT,
        ("/exception/other_state", exception.other_state),
        ("/exception/grounds", exception.grounds),
        ("/request/period_start", start),
        ("/request/period_end", request.period_end),
        parameters=("exception.advance_months", "exception.long_months"),
    )
    return exception_route(
        *dict.fromkeys(reasons), requested=request.requested_legislation, default_state=exception.other_state
    )


def _is_long(case: Case) -> bool:
    start, end = case.facts.request.period_start, case.facts.request.period_end
    limit = case.law.integer("exception.long_months")
    return start is not None and end is not None and months_between(start, end) >= limit


def _is_long_with_earlier(case: Case) -> bool:
    """Say whether the stay is long together with the posting that it goes on from."""
    end, limit = case.facts.request.period_end, case.law.integer("exception.long_months")
    starts = [
        one.start
        for one in case.facts.previous_postings
        if one.relation is Relation.EXTENSION_OF_SAME_POSTING and one.start is not None
    ]
    return end is not None and bool(starts) and months_between(min(starts), end) >= limit


def _exception(case: Case) -> ExceptionRequest:
    assert case.facts.exception is not None
    return case.facts.exception
