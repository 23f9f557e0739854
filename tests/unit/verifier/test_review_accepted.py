"""An answer is accepted by the verdicts alone: a step that did not run is no pass, even where nothing failed."""

from portadoc.verification.checks import PROCEDURE, Check, Outcome
from portadoc.verification.report import VerificationReport
from portadoc.verifier.results import Decision, PresentationResult, Result


def result(*, not_run: str | None) -> Result:
    ends = {kind.id: Outcome.NOT_RUN if kind.id == not_run else Outcome.PASS for kind in PROCEDURE}
    checks = tuple(Check(kind.id, ends[kind.id], f"{kind.id}_ok", kind.clause) for kind in PROCEDURE)
    return Result(presentations=(PresentationResult("a1", VerificationReport(checks, as_of=1, policy_id="p")),))


def test_review_a_step_that_did_not_run_is_never_accepted() -> None:
    for kind in PROCEDURE:
        found = result(not_run=kind.id)
        assert found.problem is None
        assert (found.accepted, found.kept, found.decision) == (False, False, Decision.REFUSED)
    whole = result(not_run=None)
    assert (whole.accepted, whole.kept, whole.decision) == (True, True, Decision.ACCEPTED)
