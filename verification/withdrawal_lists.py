"""Whether a withdrawal list may be believed: signed by the institution whose status list it speaks of."""

from dataclasses import replace

from portadoc.errors import Untrusted
from portadoc.formats.withdrawal_list import (
    SPEC,
    VerifiedWithdrawalList,
    parse_withdrawal_list,
    verify_withdrawal_list,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.purposes import KeyPurpose
from portadoc.verification.answers import TrustAnswers
from portadoc.verification.status_tokens import BelievedStatusList


def believe_withdrawal_list(
    unverified_text: str, *, status_list: BelievedStatusList, trust: TrustAnswers, now: int, skew_s: int
) -> VerifiedWithdrawalList:
    """Return the records for a status list: those that its own institution signed, for the same credentials.

    Its ``exp`` is no later than its signer's certificate. Raises Untrusted[withdrawals_invalid], [chain_invalid],
    [issuer_untrusted] with a reason, Malformed[limit_exceeded].
    """
    # 1. form and header
    unverified = parse_withdrawal_list(unverified_text, allowed_algs=ALL_ALGORITHMS)
    # 2. a chain of the same institution that may sign status lists
    signer = trust.resolve(
        unverified.unverified_chain,
        purpose=KeyPurpose.STATUS,
        at=now,
        credential_type=None,
        issuer=None,
        institution=None,
    )
    same_institution = signer.institution_id == status_list.issued_by
    if not same_institution or not status_list.speaks_for <= signer.speaks_for:
        raise Untrusted("withdrawals_invalid", spec=SPEC, reason="institution_mismatch")
    # 3. signature, subject, times, content
    found = verify_withdrawal_list(unverified, key=signer.key, uri=status_list.token.uri, now=now, skew_s=skew_s)
    return replace(found, exp=min(found.exp, signer.not_after + 1))
