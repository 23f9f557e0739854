"""Does the decision cover the work in question: in this State, for this employer, on these days."""

from portadoc.verification.checks import Finding, Outcome
from portadoc.verification.judging.reading import Reading
from portadoc.verification.policy import VerificationPolicy


def covers_work(reading: Reading, policy: VerificationPolicy) -> Finding:
    """Ask whether the decision covers the work in question, by the record that the claims restore to."""
    return Finding(Outcome.NOT_APPLICABLE, "work_not_asked")
