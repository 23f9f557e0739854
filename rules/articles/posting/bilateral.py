"""Postings under an agreement with one State outside the coordination: never an A1.

The table of agreements holds the longest stay and the article for each pair of States; a pair that it does not
hold, or figures whose text was not read, go to a person. Conditions that Union law puts on a posting are looked at
by a person when they fail, as the agreements have their own.

Spec: the agreement named in the case
"""

from collections.abc import Sequence

from portadoc.rules.articles.posting.chain import join, missing_of_earlier, stays_of
from portadoc.rules.articles.posting.terms import asked_period, is_employee, posting_of
from portadoc.rules.dates import add_months, months_between
from portadoc.rules.decision import Action, Finding, Outcome, ask, refuse, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import Relation
from portadoc.rules.rows import Row, first_terminal


def decide_bilateral(case: Case, conditions: Sequence[Row]) -> Finding:
    """Decide a posting under the agreement of its two States."""
    posting, asked = posting_of(case), asked_period(case)
    assert asked is not None
    pair = f"{posting.home_state}-{posting.host_state}"
    prefix = f"bilateral.{pair}.{'employed' if is_employee(case) else 'self_employed'}"
    named = case.facts.bilateral_agreement
    quoted: tuple[Quoted, ...] = (
        ("/bilateral/agreement", named),
        ("/posting/home_state", posting.home_state),
        ("/posting/host_state", posting.host_state),
    )
    months, article = case.law.get(f"{prefix}.max_months"), case.law.get(f"{prefix}.article")
    unread = not case.law.unread.isdisjoint((f"{prefix}.max_months", f"{prefix}.article"))
    if unread or named not in (None, pair) or not isinstance(months, int) or not isinstance(article, str):
        case.unknown("row-3", "bilateral agreement", *quoted)
        return review("BILATERAL_TABLE_MISSING")
    quoted += (("/request/period_start", asked[0]), ("/request/period_end", asked[1]))
    names = (f"{prefix}.max_months", f"{prefix}.article")
    missing = missing_of_earlier(case)
    if missing:
        case.unknown("row-19", f"{pair} agreement art. {article}", *((pointer, None) for pointer in missing))
        return ask(*missing)
    earlier = [span for _, span in stays_of(case, Relation.EXTENSION_OF_SAME_POSTING)]
    if months_between(*join(asked, earlier, case.law.integer("bilateral.gap_months"))) >= months:
        case.not_met("row-19", f"{pair} agreement art. {article}", *quoted, parameters=names)
        return refuse("BILATERAL_MAX_EXCEEDED", competent_state=posting.host_state)
    return (
        _break(case, pair)
        or _conditions(case, conditions)
        or _grant(case, f"{pair} agreement", article, months, names)
    )


def _break(case: Case, pair: str) -> Finding | None:
    """Between two stays in the same State a year has passed: a policy until the texts are read."""
    asked = asked_period(case)
    assert asked is not None
    name = "bilateral.gap_months"
    gap = case.law.integer(name)
    first, last = join(asked, [span for _, span in stays_of(case, Relation.EXTENSION_OF_SAME_POSTING)], gap)
    for pointer, (start, end) in stays_of(case, Relation.SEPARATE_ASSIGNMENT):
        if start <= add_months(last, gap) and first <= add_months(end, gap):
            case.not_met("row-20", f"{pair} agreement", (f"{pointer}/end", end), parameters=(name,))
            return review("BILATERAL_GAP_UNDER_12M")
    return None


def _conditions(case: Case, conditions: Sequence[Row]) -> Finding | None:
    found = first_terminal(case, conditions)
    return None if found is None else review(*found.reasons, questions=found.questions)


def _grant(case: Case, instrument: str, article: str, months: int, names: tuple[str, ...]) -> Finding:
    request, home = case.facts.request, posting_of(case).home_state
    if request.requested_legislation not in (None, home):
        return review("REQUESTED_LEGISLATION_NOT_APPLICABLE")
    case.note("BILATERAL")
    case.met(
        "row-21",
        f"{instrument} art. {article}",
        ("/request/period_start", request.period_start),
        ("/request/period_end", request.period_end),
        parameters=names,
    )
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.ISSUE_OTHER,
        competent_state=home,
        article=article,
        instrument=instrument,
        validity_start=request.period_start,
        validity_end=request.period_end,
        max_months=months,
    )
