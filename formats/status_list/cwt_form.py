"""Token Status List as a signed CWT: the same list as in the JWT form, a third smaller, judged in the same way.

Spec: draft-ietf-oauth-status-list-20 §4.3, §5.2; RFC 8392.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from portadoc.errors import Untrusted
from portadoc.formats.cose import cose_sign1
from portadoc.formats.cose.cose_sign1 import CoseRole, UnverifiedCoseSign1
from portadoc.formats.cose.strict_cbor import CborMap
from portadoc.formats.reasons import told_as
from portadoc.formats.status_list.claims import (
    SPEC,
    StatusListForm,
    StatusListLimits,
    StatusListTerms,
    VerifiedStatusList,
    verified_status_list,
)
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer

ROLE: Final = CoseRole("status_list", "application/statuslist+cwt", max_bytes=2 * 1024 * 1024)

_LABELS: Final[Mapping[str, int]] = MappingProxyType(
    {"sub": 2, "exp": 4, "nbf": 5, "iat": 6, "status_list": 65533, "ttl": 65534}
)
"""The registered claims by their names in JWT; our own claims keep their names. Spec: §5.2, RFC 8392 §4."""
_NAMES: Final[Mapping[int | str, str]] = MappingProxyType({label: name for name, label in _LABELS.items()})


@dataclass(frozen=True, slots=True)
class UnverifiedStatusListCwt:
    """A status list token whose signature has not been checked; ``chain`` is DER, leaf first (may be empty)."""

    unverified_message: UnverifiedCoseSign1
    unverified_chain: tuple[bytes, ...]


def sign_status_list_cwt(statuses: StatusList, terms: StatusListTerms, *, signer: Signer) -> bytes:
    """Return the signed list as a tagged COSE_Sign1, with the signer's chain in ``x5chain``. Spec: §5.2."""
    claims = terms.to_claims(statuses.bits, statuses.compressed())
    return cose_sign1.sign(
        {_LABELS.get(name, name): value for name, value in claims.items()}, typ=ROLE.typ, signer=signer
    )


def parse_status_list_cwt(message: bytes, *, allowed_algs: frozenset[str]) -> UnverifiedStatusListCwt:
    """Return the parts of a token so that its chain can be judged; nothing in it is verified yet.

    Raises: Untrusted[status_invalid] with the inner code as reason, Malformed[limit_exceeded].
    """
    with told_as("status_invalid"):
        unverified = cose_sign1.split(message, ROLE, allowed_algs=allowed_algs)
        return UnverifiedStatusListCwt(unverified, cose_sign1.certificate_chain(unverified))


def verify_status_list_cwt(
    token: UnverifiedStatusListCwt,
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
        claims = _named(cose_sign1.verify(token.unverified_message, key))
        return verified_status_list(
            claims, form=StatusListForm.CWT, uri=uri, now=now, skew_s=skew_s, limits=limits
        )


def read_status_list_cwt(
    message: bytes, *, key: VerificationKey, uri: str, now: int, skew_s: int, limits: StatusListLimits
) -> VerifiedStatusList:
    """Parse and verify in one step, for a caller that knows the key. Raises as the two steps do."""
    token = parse_status_list_cwt(message, allowed_algs=frozenset({key.alg}))
    return verify_status_list_cwt(token, key=key, uri=uri, now=now, skew_s=skew_s, limits=limits)


def unverified_cwt_claims(message: bytes) -> dict[str, Any]:
    """Return the claims of a token that the caller verified before, or only shows or looks up; names as in JWT.

    Raises Malformed[cbor_malformed], [malformed_token], [limit_exceeded], Untrusted[status_invalid].
    """
    return _named(cose_sign1.unverified_claims(message, ROLE))


def _named(claims: CborMap) -> dict[str, Any]:
    """Return the claims by their names in JWT. Raises Untrusted[status_invalid] for a name in place of a label."""
    if not _LABELS.keys().isdisjoint(claims):
        raise Untrusted("status_invalid", spec=f"{SPEC} §5.2", reason="claim_label")
    return {_NAMES.get(label, str(label)): value for label, value in claims.items()}
