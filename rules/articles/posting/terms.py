"""The words that the rows of posting share: the posting itself, its article, and what follows when it fails."""

from datetime import date

from portadoc.rules.decision import Finding, exception_route, refuse
from portadoc.rules.derivation import Case
from portadoc.rules.facts import ApplicantKind, Posting


def posting_of(case: Case) -> Posting:
    """Return the posting; the route has asked for it before."""
    posting = case.facts.posting
    assert posting is not None
    return posting


def is_employee(case: Case) -> bool:
    return case.facts.applicant_kind is ApplicantKind.EMPLOYEE


def article_12(case: Case) -> str:
    return "12(1)" if is_employee(case) else "12(2)"


def asked_period(case: Case) -> tuple[date, date] | None:
    """Return the first and last day that are asked for, or None where one is not known."""
    start, end = case.facts.request.period_start, case.facts.request.period_end
    return None if start is None or end is None else (start, end)


def host_law(case: Case, *reasons: str) -> Finding:
    """Refuse the posting: the person is subject to the law of the State of work."""
    return refuse(*reasons, competent_state=posting_of(case).host_state, article="11(3)(a)")


def exception_or_host_law(case: Case, *reasons: str) -> Finding:
    """Point to an agreement under article 16 where the instrument knows one; else the host State's law applies."""
    posting = posting_of(case)
    if not case.pack.exception_possible:
        case.note("UK_TCA_NO_EXCEPTION")
        return host_law(case, *reasons)
    return exception_route(*reasons, requested=posting.home_state, default_state=posting.host_state)
