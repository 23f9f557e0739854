"""Whether a status list may be believed, and whose it is: the one reading for every role that holds lists."""

from dataclasses import dataclass, replace

from portadoc.formats.status_list.jwt_form import (
    StatusListLimits,
    VerifiedStatusList,
    parse_status_list_token,
    verify_status_list_token,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.purposes import KeyPurpose
from portadoc.verification.answers import TrustAnswers


@dataclass(frozen=True, slots=True)
class BelievedStatusList:
    """A status list that was verified, and the id of the institution whose chain signed it."""

    token: VerifiedStatusList
    issued_by: str


def believe_status_list(
    unverified_text: str, *, uri: str, trust: TrustAnswers, now: int, skew_s: int, limits: StatusListLimits
) -> BelievedStatusList:
    """Return the list that was asked for at ``uri``; its ``exp`` is no later than its signer's certificate.

    Whether its institution may speak for a credential is for the procedure to judge. Raises
    Untrusted[status_invalid], [chain_invalid], [issuer_untrusted] with a reason, Malformed[malformed_token],
    [limit_exceeded]. Spec: Token Status List §8.3 steps 3 to 6, §11.3.
    """
    # 1. form and header
    unverified = parse_status_list_token(unverified_text, allowed_algs=ALL_ALGORITHMS)
    # 2. a chain that may sign status lists
    signer = trust.resolve(
        unverified.unverified_chain,
        purpose=KeyPurpose.STATUS,
        at=now,
        credential_type=None,
        issuer=None,
        institution=None,
    )
    # 3. signature, subject, times, content
    token = verify_status_list_token(unverified, key=signer.key, uri=uri, now=now, skew_s=skew_s, limits=limits)
    return BelievedStatusList(replace(token, exp=min(token.exp, signer.not_after + 1)), signer.institution_id)
