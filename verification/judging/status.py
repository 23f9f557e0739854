"""Was it withdrawn, and if so from which day."""

from datetime import date
from typing import Final

from portadoc.errors import Malformed, Param, Refused
from portadoc.formats.status_list.statuses import StatusValue, status_reference
from portadoc.formats.withdrawal_list import WithdrawalRecord
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.profiles import StatusRule
from portadoc.verification.answers import StatusAnswer, StatusAnswers, StatusKnowledge
from portadoc.verification.checks import Finding, Outcome
from portadoc.verification.judging.validity import moment_text, technical_period, utc_day
from portadoc.verification.policy import VerificationPolicy, WorkAsked

SECONDS_PER_DAY: Final = 86_400
_NO_WORK: Final = WorkAsked()
"""Without days of its own, work is done on the day in question."""


def status(
    claims: JsonObject, institution: str, answers: StatusAnswers, policy: VerificationPolicy, now: int
) -> Finding:
    """Ask whether it was withdrawn for the day in question, by a list of the ``institution`` that signed it.

    A withdrawal is never undone: a record of one counts whatever the list says, and a withdrawal that is known
    counts however old the list is. That there is none, or none yet, is said only by a list no older than the
    policy allows.
    Spec: Token Status List §8.3, §13.7.
    """
    reference = status_reference(claims)
    if reference is None:
        if policy.status_required or _outlives_a_day(claims, policy):
            raise Malformed("claim_missing", spec="SD-JWT VC §2.2.2.3", claim="status")
        return Finding(Outcome.NOT_APPLICABLE, "status_not_named")
    answer = answers.answer(reference, institution=institution, now=now)
    record = answer.withdrawal
    if record is not None and record.effective_from <= _days(policy)[1]:
        return _in_effect(record, policy, as_of=answer.as_of)
    if answer.knowledge is StatusKnowledge.UNKNOWN:
        return Finding(
            Outcome.UNKNOWN, answer.code, {"reason": answer.reason, "since": moment_text(answer.as_of or None)}
        )
    if answer.value not in (StatusValue.VALID, StatusValue.INVALID):
        raise _of_no_meaning(answer.value, policy)
    if answer.value == StatusValue.INVALID and record is None:
        return _unrecorded(policy, now, as_of=answer.as_of)
    return _none_in_effect(answer, policy, now)


def _none_in_effect(answer: StatusAnswer, policy: VerificationPolicy, now: int) -> Finding:
    """Judge by the age of the list; it may know of a withdrawal that takes effect after all days in question."""
    age_s, limit_s = max(0, now - answer.as_of), policy.max_status_age_s
    said: dict[str, Param] = {"age_s": age_s, "as_of": answer.as_of, "form": answer.form}
    if limit_s is not None and age_s > limit_s:
        return Finding(Outcome.UNKNOWN, "status_too_old", {**said, "limit_s": limit_s})
    stale = answer.knowledge is StatusKnowledge.STALE
    if answer.withdrawal is not None:
        return Finding(
            Outcome.WARNING, "withdrawn_later", {**_of_record(answer.withdrawal), **said, "stale": int(stale)}
        )
    outcome, code = (Outcome.WARNING, "status_stale") if stale else (Outcome.PASS, "status_ok")
    return Finding(outcome, code, said)


def _in_effect(record: WithdrawalRecord, policy: VerificationPolicy, *, as_of: int) -> Finding:
    """Judge by the institution's own record: before it takes effect the document binds, from then on it does not.

    Where work goes on from a day before to a day after, it is covered in part. A list of no time (0) has no age.
    """
    said: dict[str, Param] = {**_of_record(record), **({"as_of": as_of} if as_of else {})}
    last_of_work = (policy.work or _NO_WORK).days(policy.on_date)[1]
    in_part = _days(policy)[0] < record.effective_from <= last_of_work
    return Finding(Outcome.FAIL, "withdrawn_during_work" if in_part else "revoked", said)


def _unrecorded(policy: VerificationPolicy, now: int, *, as_of: int) -> Finding:
    """Judge by the bit alone: it speaks of today, and cannot say from which day on."""
    last = _days(policy)[1]
    if last < utc_day(now):
        return Finding(Outcome.UNKNOWN, "effect_not_established", {"day": last.isoformat(), "as_of": as_of})
    return Finding(
        Outcome.FAIL, "revoked", {"effective_from": "-", "cause": "-", "successor": "-", "as_of": as_of}
    )


def _days(policy: VerificationPolicy) -> tuple[date, date]:
    """Return the earliest and the latest of all days in question, those of the work among them."""
    first, last = (policy.work or _NO_WORK).days(policy.on_date)
    return min(first, policy.on_date), max(last, policy.on_date)


def _of_record(record: WithdrawalRecord) -> dict[str, Param]:
    return {
        "effective_from": record.effective_from.isoformat(),
        "cause": record.cause.value,
        "successor": record.successor or "-",
    }


def _outlives_a_day(claims: JsonObject, policy: VerificationPolicy) -> bool:
    """Tell whether the profile wants a status of a credential that lives so long. Spec: CIR (EU) 2026/1731."""
    if policy.profile.status_rule is not StatusRule.OR_SHORT_LIVED:
        return False
    start, end = technical_period(claims)
    return start is None or end is None or end - start > SECONDS_PER_DAY


def _of_no_meaning(value: int, policy: VerificationPolicy) -> Refused | Malformed:
    """Return the refusal of a value that these attestations cannot have: by law there is no suspension.

    Spec: Token Status List §7.1, CIR (EU) 2026/1731, CJEU C-410/21.
    """
    if value != StatusValue.SUSPENDED:
        return Malformed("status_invalid", spec="Token Status List §7.1", reason="value_reserved")
    if policy.profile.suspension_allowed:
        return Refused("suspended", spec="Token Status List §7.1")
    return Malformed("status_invalid", spec="CIR (EU) 2026/1731", reason="suspended")
