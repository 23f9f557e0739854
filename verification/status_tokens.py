"""Whether a status list may be believed, and whose it is: the one reading for every role that holds lists."""

from dataclasses import dataclass, replace

from portadoc.errors import Malformed
from portadoc.formats.status_list.claims import StatusListForm, StatusListLimits, VerifiedStatusList
from portadoc.formats.status_list.cwt_form import (
    UnverifiedStatusListCwt,
    parse_status_list_cwt,
    verify_status_list_cwt,
)
from portadoc.formats.status_list.jwt_form import (
    UnverifiedStatusListToken,
    parse_status_list_token,
    verify_status_list_token,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.purposes import KeyPurpose
from portadoc.verification.answers import TrustAnswers


@dataclass(frozen=True, slots=True)
class BelievedStatusList:
    """A status list that was verified, the id of the institution whose chain signed it, and whom it speaks for."""

    token: VerifiedStatusList
    issued_by: str
    speaks_for: frozenset[str]


def believe_status_list(
    unverified_token: str | bytes,
    *,
    uri: str,
    trust: TrustAnswers,
    now: int,
    skew_s: int,
    limits: StatusListLimits,
) -> BelievedStatusList:
    """Return the list that was asked for at ``uri``; its ``exp`` is no later than its signer's certificate.

    Text is read as a JWT, bytes as a CWT. With a past ``now`` and no ``skew_s`` only a list that held at that very
    time is believed. Whether its institution may speak for a credential is for the procedure to judge. Raises
    Untrusted[status_invalid], [chain_invalid], [issuer_untrusted] with a reason, Malformed[limit_exceeded].
    Spec: Token Status List §8.3 steps 3 to 6, §8.4, §11.3.
    """
    # 1. form and header
    unverified = _parsed(unverified_token)
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
    if isinstance(unverified, UnverifiedStatusListCwt):
        token = verify_status_list_cwt(unverified, key=signer.key, uri=uri, now=now, skew_s=skew_s, limits=limits)
    else:
        token = verify_status_list_token(
            unverified, key=signer.key, uri=uri, now=now, skew_s=skew_s, limits=limits
        )
    within = replace(token, exp=min(token.exp, signer.not_after + 1))
    return BelievedStatusList(within, signer.institution_id, signer.speaks_for)


def unverified_token(body: bytes, form: StatusListForm) -> str | bytes:
    """Return what was fetched as its form wants it: text for a JWT. Raises Malformed[malformed_token]."""
    if form is StatusListForm.CWT:
        return body
    try:
        return body.decode("ascii")
    except UnicodeDecodeError as exc:
        raise Malformed("malformed_token", spec="RFC 7515 §3.1", part="token", reason="not_ascii") from exc


def _parsed(unverified_token: str | bytes) -> UnverifiedStatusListToken | UnverifiedStatusListCwt:
    if isinstance(unverified_token, bytes):
        return parse_status_list_cwt(unverified_token, allowed_algs=ALL_ALGORITHMS)
    return parse_status_list_token(unverified_token, allowed_algs=ALL_ALGORITHMS)
