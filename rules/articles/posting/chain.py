"""Rows 19 and 20: how long a posting lasts with everything that belongs to it, and the break before a fresh one.

Postings of the same person to the same State hang together when less than two months lie between them. An unbroken
extension counts with what went before; a separate assignment for the same undertakings needs the break.

Spec: Regulation (EC) 883/2004 art. 12; Decision A2 point 3(c); EU-UK protocol SSC.11
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from portadoc.rules.articles.posting.terms import (
    asked_period,
    exception_or_host_law,
    host_law,
    posting_of,
)
from portadoc.rules.dates import add_months, months_between
from portadoc.rules.decision import Finding, ask, review
from portadoc.rules.derivation import NOT_MET, Case, Quoted
from portadoc.rules.facts import CertificateStatus, PreviousPosting, Regime, Relation, RequestKind

Span = tuple[date, date]

DURATION: Final = "Reg. 883/2004 art. 12"
BREAK: Final = "Decision A2 point 3(c)"
_MEMBERS: Final = ("host_state", "start", "end", "same_undertakings", "relation")
DURATION_PARAMETERS: Final = ("posting.max_months", "posting.gap_months")


def join(span: Span, others: Iterable[Span], gap_months: int) -> Span:
    """Return the span that covers everything that is linked to ``span`` without a full break."""
    first, last = span
    left = sorted(others)
    linked = True
    while linked:
        linked = False
        for other in tuple(left):
            if other[0] <= add_months(last, gap_months) and first <= add_months(other[1], gap_months):
                first, last = min(first, other[0]), max(last, other[1])
                left.remove(other)
                linked = True
    return first, last


def row_19_duration(case: Case) -> Finding | None:
    """From the start of an unbroken posting to its end there are less than 24 whole months; pauses count."""
    asked = asked_period(case)
    if asked is None:
        return None
    missing = missing_of_earlier(case)
    if missing:
        case.unknown("row-19", DURATION, *((pointer, None) for pointer in missing))
        return ask(*missing)
    if posting_of(case).pauses:
        case.note("PAUSE_COUNTED")
    extended = spans_of(case, Relation.EXTENSION_OF_SAME_POSTING)
    span = join(asked, (other for _, other in extended), case.law.integer("posting.gap_months"))
    quoted = _quoted(case, extended)
    if months_between(*span) >= case.law.integer("posting.max_months"):
        case.not_met("row-19", DURATION, *quoted, parameters=DURATION_PARAMETERS)
        return _too_long(case, extension=span != asked)
    case.met("row-19", DURATION, *quoted, parameters=DURATION_PARAMETERS)
    return None


def _too_long(case: Case, *, extension: bool) -> Finding:
    if case.facts.regime is Regime.UK_TCA:
        reasons = ("UK_TCA_NO_EXTENSION", "UK_TCA_OVER_24M") if extension else ("UK_TCA_OVER_24M",)
    else:
        reasons = ("EXTENSION_OVER_24M",) if extension else ("DURATION_OVER_24M",)
    return exception_or_host_law(case, *reasons)


def row_20_break(case: Case) -> Finding | None:
    """Before a fresh assignment for the same undertakings in the same State two months have passed."""
    asked, max_months = asked_period(case), case.law.integer("posting.max_months")
    separate = spans_of(case, Relation.SEPARATE_ASSIGNMENT)
    if asked is None or not separate or missing_of_earlier(case):
        return None
    gap = case.law.integer("posting.gap_months")
    extended = [span for _, span in spans_of(case, Relation.EXTENSION_OF_SAME_POSTING)]
    chain = join(asked, extended, gap)
    joint = join(chain, [*extended, *(span for _, span in separate)], gap)
    quoted = _quoted(case, separate)
    if joint == chain and not any(_inside(span, chain) for _, span in separate):
        case.met("row-20", BREAK, *quoted, parameters=DURATION_PARAMETERS)
        return None
    if months_between(*joint) >= max_months:
        _too_long_together(case, quoted)
    case.not_met("row-20", BREAK, *quoted, parameters=DURATION_PARAMETERS)
    if months_between(*joint) >= max_months:
        return host_law(case, "COOLING_OFF_2M")
    case.note("TOTAL_WITHIN_24M")
    return review("GAP_UNDER_2M")


def row_20_certificates(case: Case) -> Finding | None:
    """A certificate of our own for the same posting counts as an earlier posting even if nobody listed it."""
    asked, posting = asked_period(case), posting_of(case)
    if asked is None:
        return None
    listed = {one.start for one in case.facts.previous_postings}
    for place, other in enumerate(case.facts.existing_a1):
        same = other.state == posting.home_state and other.host_state == posting.host_state
        if (
            not same
            or other.start is None
            or other.end is None
            or other.start in listed
            or other.end < other.start
        ):
            continue
        if other.status is CertificateStatus.WITHDRAWN or other.employer_same is False or other.end < other.start:
            continue
        joint = join(asked, [(other.start, other.end)], case.law.integer("posting.gap_months"))
        linked = joint != asked or _inside((other.start, other.end), asked)
        overlaps = other.start <= asked[1] and asked[0] <= other.end
        too_long = months_between(*joint) >= case.law.integer("posting.max_months")
        if linked and (too_long or not overlaps):
            pointer = f"/existing_a1/{place}"
            quoted = (f"{pointer}/start", other.start), (f"{pointer}/end", other.end)
            case.steps[:] = [step for step in case.steps if step.rule != "row-20"]  # said of what was listed only
            if too_long:
                _too_long_together(case, quoted)
            case.not_met("row-20", BREAK, *quoted, parameters=DURATION_PARAMETERS)
            return review("EXTENSION_OVER_24M" if too_long else "GAP_UNDER_2M")
    return None


def _too_long_together(case: Case, quoted: tuple[Quoted, ...]) -> None:
    """Put right what row 19 said before anything else counted as the same stay: the whole is too long."""
    for place, step in enumerate(case.steps):
        if step.rule == "row-19":
            case.steps[place] = step._replace(result=NOT_MET, facts=tuple(dict.fromkeys((*step.facts, *quoted))))


def _inside(span: Span, other: Span) -> bool:
    return other[0] <= span[0] and span[1] <= other[1]


def _to_same_host(case: Case) -> list[tuple[str, PreviousPosting]]:
    host = posting_of(case).host_state
    return [
        (f"/previous_postings/{place}", one)
        for place, one in enumerate(case.facts.previous_postings)
        if one.host_state in (host, None)
    ]


def missing_of_earlier(case: Case) -> list[str]:
    """Return the pointers of what is not known of earlier postings, or of their absence for an extension."""
    links, request = _to_same_host(case), case.facts.request
    found = [pointer for place in links for pointer in _gaps(*place, request.period_start)]
    found += [
        f"/previous_postings/{place}/end"
        for place, one in enumerate(case.facts.previous_postings)
        if one.host_state not in (posting_of(case).host_state, None) and one.end is None
    ]
    if "previous_postings" in case.facts.unknown or (not links and request.kind is RequestKind.EXTENSION):
        found.append("/previous_postings")
    return found


def _gaps(pointer: str, one: PreviousPosting, start: date | None) -> list[str]:
    """Return what is missing of one earlier posting to the same State, or contradicts itself."""
    names = [name for name in _MEMBERS if getattr(one, name) is None]
    if one.start is not None and one.end is not None and one.end < one.start:
        names.append("end")
    if one.relation is Relation.EXTENSION_OF_SAME_POSTING:
        names += ["same_undertakings"] if one.same_undertakings is False else []
        names += ["start"] if one.start is not None and start is not None and one.start >= start else []
    return [f"{pointer}/{name}" for name in names]


def stays_of(case: Case, relation: Relation) -> list[tuple[str, Span]]:
    """Return the earlier postings of one kind to the same State, with their pointers."""
    return [
        (pointer, (one.start, one.end))
        for pointer, one in _to_same_host(case)
        if one.relation is relation and one.start is not None and one.end is not None
    ]


def spans_of(case: Case, relation: Relation) -> list[tuple[str, Span]]:
    """Return the earlier postings of one kind to the same State for the same undertakings."""
    same = {pointer for pointer, one in _to_same_host(case) if one.same_undertakings}
    return [(pointer, span) for pointer, span in stays_of(case, relation) if pointer in same]


def _quoted(case: Case, spans: list[tuple[str, Span]]) -> tuple[Quoted, ...]:
    request = case.facts.request
    days: list[Quoted] = [
        ("/request/period_start", request.period_start),
        ("/request/period_end", request.period_end),
    ]
    for pointer, (start, end) in spans:
        days += [(f"{pointer}/start", start), (f"{pointer}/end", end)]
    return tuple(days)
