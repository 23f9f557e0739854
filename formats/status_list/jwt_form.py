"""Token Status List as a signed JWT: make it, and read it with every refusal that the specification asks for.

Spec: draft-ietf-oauth-status-list-20 §5.1, §8.3.
"""

from dataclasses import dataclass
from typing import Final

from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import STATUS_LIST
from portadoc.formats.status_list.claims import (
    StatusListForm,
    StatusListLimits,
    StatusListTerms,
    VerifiedStatusList,
    verified_status_list,
)
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer

TYP: Final = "statuslist+jwt"


@dataclass(frozen=True, slots=True)
class UnverifiedStatusListToken:
    """A status list token whose signature has not been checked; ``chain`` is DER, leaf first (may be empty)."""

    unverified_jws: UnverifiedJws
    unverified_chain: tuple[bytes, ...]


def make_status_list_token(statuses: StatusList, *, uri: str, iat: int, exp: int, ttl: int, signer: Signer) -> str:
    """Return the signed list in compact form, with the signer's chain in ``x5c``.

    Raises: Untrusted[status_invalid] (reason ``times``) unless iat < exp and 0 < ttl <= exp - iat. Spec: §5.1.
    """
    return sign_status_list_jwt(statuses, StatusListTerms(uri=uri, iat=iat, exp=exp, ttl=ttl), signer=signer)


def sign_status_list_jwt(statuses: StatusList, terms: StatusListTerms, *, signer: Signer) -> str:
    """Return the signed list in compact form, with the signer's chain in ``x5c``. Spec: §5.1."""
    claims = terms.to_claims(statuses.bits, statuses.encode_lst())
    return jws.sign(signing_header(TYP, signer), claims, signer)


def parse_status_list_token(text: str, *, allowed_algs: frozenset[str]) -> UnverifiedStatusListToken:
    """Return the parts of a token so that its chain can be judged; nothing in it is verified yet.

    Raises: Untrusted[status_invalid] with the inner code as reason, Malformed[limit_exceeded].
    """
    with told_as("status_invalid"):
        unverified = jws.split(text, STATUS_LIST, allowed_algs=allowed_algs)
        return UnverifiedStatusListToken(unverified, jws.certificate_chain(unverified))


def verify_status_list_token(
    token: UnverifiedStatusListToken,
    *,
    key: VerificationKey,
    uri: str,
    now: int,
    skew_s: int,
    limits: StatusListLimits,
) -> VerifiedStatusList:
    """Return the list after checking signature, subject, times and content; ``key`` is already trusted for status.

    Raises: Untrusted[status_invalid] with a reason, Malformed[limit_exceeded]. Spec: §8.3 steps 3 to 6.
    """
    with told_as("status_invalid"):
        claims = jws.verify(token.unverified_jws, key)
        return verified_status_list(
            claims, form=StatusListForm.JWT, uri=uri, now=now, skew_s=skew_s, limits=limits
        )


def read_status_list_token(
    text: str, *, key: VerificationKey, uri: str, now: int, skew_s: int, limits: StatusListLimits
) -> VerifiedStatusList:
    """Parse and verify in one step, for a caller that knows the key. Raises as the two steps do."""
    token = parse_status_list_token(text, allowed_algs=frozenset({key.alg}))
    return verify_status_list_token(token, key=key, uri=uri, now=now, skew_s=skew_s, limits=limits)
