"""The three lines of validity: the token, the document, the period that the decision covers."""

from datetime import UTC, date, datetime
from typing import Final

from portadoc.errors import Refused
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.projections import Period
from portadoc.verification.checks import Finding, Outcome
from portadoc.verification.judging.reading import Reading
from portadoc.verification.policy import VerificationPolicy

NOT_SHOWN: Final = Period(None, None)


def technical_validity(claims: JsonObject, policy: VerificationPolicy, now: int) -> Finding:
    """First line of validity: the token's own times. Spec: RFC 7519 §4.1.4-6."""
    check_times(claims, now=now, skew_s=policy.clock_skew_s)
    start, end = technical_period(claims)
    return Finding(Outcome.PASS, "technical_validity_ok", {"first": moment_text(start), "last": moment_text(end)})


def technical_period(claims: JsonObject) -> tuple[int | None, int | None]:
    """Return the first and last second of the token's life, None where it does not say."""
    start = numeric_date(claims, "nbf" if "nbf" in claims else "iat", required=False)
    return start, numeric_date(claims, "exp", required=False)


def document_validity(reading: Reading, policy: VerificationPolicy) -> Finding:
    """Second line of validity: the document, from its issuance to its expiry.

    Its end has to be shown where there is one; that it was issued is plain from its being there.
    """
    period = reading.layout.document_period(reading.claims)
    _within(period, policy.on_date, before="document_not_yet_issued", after="document_expired")
    if reading.may_be_kept_back(reading.layout.document[1], policy.type_metadata):
        return Finding(Outcome.UNKNOWN, "document_end_kept_back")
    if period == NOT_SHOWN:
        return Finding(Outcome.NOT_APPLICABLE, "document_period_not_shown")
    return Finding(Outcome.PASS, "document_validity_ok", _shown(period))


def coverage_period(reading: Reading, policy: VerificationPolicy) -> Finding:
    """Third line of validity: the period that the decision covers. Both ends have to be shown where they are."""
    period = reading.layout.coverage_period(reading.claims)
    _within(period, policy.on_date, before="coverage_not_started", after="coverage_ended")
    if coverage_kept_back(reading, policy):
        return Finding(Outcome.UNKNOWN, "coverage_period_kept_back")
    if period == NOT_SHOWN:
        return Finding(Outcome.NOT_APPLICABLE, "coverage_period_not_shown")
    return Finding(Outcome.PASS, "coverage_period_ok", _shown(period))


def coverage_kept_back(reading: Reading, policy: VerificationPolicy) -> bool:
    """Tell whether the coverage may have a first or a last day that is not shown."""
    return any(reading.may_be_kept_back(path, policy.type_metadata) for path in reading.layout.coverage)


def _within(period: Period, day: date, *, before: str, after: str) -> None:
    if period.start is not None and day < period.start:
        raise Refused(before, first=period.start.isoformat(), day=day.isoformat())
    if period.end is not None and day > period.end:
        raise Refused(after, last=period.end.isoformat(), day=day.isoformat())


def utc_day(seconds: int) -> date:
    """Return the day of a time in epoch seconds, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).date()


def moment_text(seconds: int | None) -> str:
    """Return a time as text, a dash for none."""
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(" ")[:16] + " UTC"


def _shown(period: Period) -> dict[str, str | int]:
    first, last = ("-" if day is None else day.isoformat() for day in period)
    return {"first": first, "last": last}
