"""Running rows in their order: the first terminal one wins; questions are gathered, so that they come once."""

from collections.abc import Callable, Sequence

from portadoc.rules.decision import MISSING_DATA, Finding, merge_questions
from portadoc.rules.derivation import Case

Row = Callable[[Case], Finding | None]


def first_terminal(case: Case, rows: Sequence[Row]) -> Finding | None:
    """Return the first finding. After a row that misses facts, later rows add questions and nothing else."""
    asked: Finding | None = None
    for row in rows:
        finding = row(case)
        if finding is None:
            continue
        if MISSING_DATA in finding.reasons:
            asked = finding if asked is None else merge_questions(asked, finding)
        elif asked is None:
            return finding
    return asked
