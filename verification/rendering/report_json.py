"""A report as JSON and back: the one form in which roles store it, services answer with it and commands print it.

It is for machines: codes and params; with a language, each sentence too. ``REPORT_VERSION`` counts the form: a
member may be added to it, and any other change makes a new version.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from portadoc.errors import Param
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.projections import Deviation
from portadoc.verification.rendering.shown import status_as_of
from portadoc.verification.rendering.told_verdict import told_report
from portadoc.verification.rendering.wording import Words
from portadoc.verification.report import Check, Outcome, ReviewRequest, VerificationReport

REPORT_VERSION: Final = 1


def report_to_json(report: VerificationReport, *, language: str | None = None) -> JsonObject:
    """Return a report as JSON; what can be computed is there for the reader and ignored by ``report_from_json``.

    With a ``language`` the verdict and each check carry a ``message``: sentence and advice.
    """
    words = None if language is None else Words(language)
    reason, as_of = report.deciding_check, status_as_of(report)
    return {
        "report_version": REPORT_VERSION,
        "verdict": report.verdict.value,
        "colour": report.colour.value,
        **({} if words is None else {"message": _verdict(report, words)}),
        "code": None if reason is None else reason.full_code,
        "as_of": report.as_of,
        "on_date": None if report.on_date is None else report.on_date.isoformat(),
        "policy_id": report.policy_id,
        "policy_version": report.policy_version,
        "institution_id": report.institution_id,
        "credential_type": report.credential_type,
        "old_type_of": report.old_type_of,
        "layout": report.layout,
        "status": None if as_of is None else {"as_of": as_of, "age_s": max(0, report.as_of - as_of)},
        "checks": [_check(check, words) for check in report.checks],
        "deviations": [
            {"code": each.code, "claim": each.claim, "expected": each.expected} for each in report.deviations
        ],
        "review_request": _review_request(report.review_request),
        "claims": report.claims,
        "record": report.record,
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
        layout=stored["layout"],
        deviations=tuple(
            Deviation(each["code"], each["claim"], each["expected"]) for each in stored["deviations"]
        ),
        policy_version=stored["policy_version"],
        on_date=None if stored["on_date"] is None else date.fromisoformat(stored["on_date"]),
    )


def _check(check: Check, words: Words | None) -> JsonObject:
    told: JsonObject = {
        "id": check.id,
        "outcome": check.outcome.value,
        "code": check.code,
        "clause": check.clause,
        "params": dict(check.params),
    }
    return told if words is None else {**told, "message": _message(words, check.code, check.params)}


def _verdict(report: VerificationReport, words: Words) -> JsonObject:
    told = told_report(report, words)
    return {"text": words.say("told.whole", headline=told.headline, sentence=told.sentence), "action": told.action}


def _message(words: Words, code: str, params: Mapping[str, Param]) -> JsonObject:
    message = words.message(code, params)
    return {"text": message.text, "action": message.action}


def _review_request(request: ReviewRequest | None) -> JsonObject | None:
    if request is None:
        return None
    return {
        "to_institution": request.institution_id,
        "document_reference": request.document_reference,
        "legal_basis": request.legal_basis,
    }
