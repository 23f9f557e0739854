"""Was it withdrawn, and if so from which day."""

from typing import Final

from portadoc.errors import Malformed, Param, Refused
from portadoc.formats.status_list.statuses import StatusValue, status_reference
from portadoc.formats.withdrawal_list import WithdrawalRecord
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.profiles import StatusRule
from portadoc.verification.answers import StatusAnswers, StatusKnowledge
from portadoc.verification.checks import Finding, Outcome
from portadoc.verification.judging.validity import moment_text, technical_period, utc_day
from portadoc.verification.policy import VerificationPolicy

SECONDS_PER_DAY: Final = 86_400


def status(
    claims: JsonObject, institution: str, answers: StatusAnswers, policy: VerificationPolicy, now: int
) -> Finding:
    """Ask whether it was withdrawn for the day in question, by a list of the ``institution`` that signed it.

    A withdrawal is never undone: a record of one counts whatever the list says, and a withdrawal that is known
    counts however old the list is. That there is none is said only by a list no older than the policy allows.
    Spec: Token Status List §8.3, §13.7.
    """
    reference = status_reference(claims)
    if reference is None:
        if policy.status_required or _outlives_a_day(claims, policy):
            raise Malformed("claim_missing", spec="SD-JWT VC §2.2.2.3", claim="status")
        return Finding(Outcome.NOT_APPLICABLE, "status_not_named")
    answer = answers.answer(reference, institution=institution, now=now)
    if answer.knowledge is StatusKnowledge.UNKNOWN:
        return Finding(
            Outcome.UNKNOWN, answer.code, {"reason": answer.reason, "since": moment_text(answer.as_of or None)}
        )
    if answer.withdrawal is not None:
        return _recorded(answer.withdrawal, policy, as_of=answer.as_of)
    if answer.value == StatusValue.INVALID:
        return _unrecorded(policy, now, as_of=answer.as_of)
    if answer.value != StatusValue.VALID:
        raise _of_no_meaning(answer.value, policy)
    age_s, limit_s = max(0, now - answer.as_of), policy.max_status_age_s
    said: dict[str, Param] = {"age_s": age_s, "as_of": answer.as_of, "form": answer.form}
    if limit_s is not None and age_s > limit_s:
        return Finding(Outcome.UNKNOWN, "status_too_old", {**said, "limit_s": limit_s})
    stale = answer.knowledge is StatusKnowledge.STALE
    outcome, code = (Outcome.WARNING, "status_stale") if stale else (Outcome.PASS, "status_ok")
    return Finding(outcome, code, said)


def _recorded(record: WithdrawalRecord, policy: VerificationPolicy, *, as_of: int) -> Finding:
    """Judge the day in question by the institution's own record: before it takes effect, the document binds."""
    said = {
        "effective_from": record.effective_from.isoformat(),
        "cause": record.cause.value,
        "successor": record.successor or "-",
        "as_of": as_of,
    }
    if policy.on_date < record.effective_from:
        return Finding(Outcome.WARNING, "withdrawn_later", said)
    return Finding(Outcome.FAIL, "revoked", said)


def _unrecorded(policy: VerificationPolicy, now: int, *, as_of: int) -> Finding:
    """Judge by the bit alone: it speaks of today, and cannot say from which day on."""
    if policy.on_date < utc_day(now):
        return Finding(
            Outcome.UNKNOWN, "effect_not_established", {"day": policy.on_date.isoformat(), "as_of": as_of}
        )
    return Finding(
        Outcome.FAIL, "revoked", {"effective_from": "-", "cause": "-", "successor": "-", "as_of": as_of}
    )


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
