"""A report as JSON and back: the one form in which roles store it, services answer with it and commands print it.

It is for machines: codes and params. Whoever shows it to people adds the sentences of ``portadoc.i18n``.
"""

from portadoc.schemas.claims import JsonObject
from portadoc.verification.report import Check, Outcome, VerificationReport


def report_to_json(report: VerificationReport) -> JsonObject:
    """Return a report as JSON; ``verdict`` is there for the reader and ignored by ``report_from_json``."""
    return {
        "verdict": report.verdict.value,
        "as_of": report.as_of,
        "policy_id": report.policy_id,
        "institution_id": report.institution_id,
        "credential_type": report.credential_type,
        "checks": [
            {
                "id": check.id,
                "outcome": check.outcome.value,
                "code": check.code,
                "clause": check.clause,
                "params": dict(check.params),
            }
            for check in report.checks
        ],
        "claims": report.claims,
    }


def report_from_json(stored: JsonObject) -> VerificationReport:
    """Return the report that ``report_to_json`` wrote; the text is our own."""
    return VerificationReport(
        checks=tuple(
            Check(each["id"], Outcome(each["outcome"]), each["code"], each["clause"], each["params"])
            for each in stored["checks"]
        ),
        as_of=stored["as_of"],
        policy_id=stored["policy_id"],
        institution_id=stored["institution_id"],
        credential_type=stored["credential_type"],
        claims=stored["claims"],
    )
