"""Token Status List as a signed JWT: make it, and read it with every refusal that the specification asks for.

Spec: draft-ietf-oauth-status-list-20 §5.1, §8.3.
"""

from dataclasses import dataclass
from typing import Any, Final

from portadoc.errors import Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import STATUS_LIST
from portadoc.formats.status_list.statuses import DEFAULT_MAX_INFLATED, StatusList, decode_lst
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject

SPEC: Final = "Token Status List"
TYP: Final = "statuslist+jwt"


@dataclass(frozen=True, slots=True)
class StatusListLimits:
    """Bounds that a reader sets, whatever a list says of itself. Times in seconds, size in bytes. Spec: §11.5."""

    min_ttl_s: int = 60
    max_ttl_s: int = 12 * 3600
    default_ttl_s: int = 900
    max_age_s: int = 7 * 24 * 3600
    max_inflated: int = DEFAULT_MAX_INFLATED


@dataclass(frozen=True, slots=True)
class UnverifiedStatusListToken:
    """A status list token whose signature has not been checked; ``chain`` is DER, leaf first (may be empty)."""

    unverified_jws: UnverifiedJws
    unverified_chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class VerifiedStatusList:
    """A status list that its signature, subject and times vouch for.

    ``exp`` (epoch seconds) and ``ttl`` (seconds) are already clamped to the reader's bounds: use until ``exp``,
    fetch again when ``ttl`` seconds have passed since fetching.
    """

    uri: str
    statuses: StatusList
    iat: int
    exp: int
    ttl: int


def make_status_list_token(statuses: StatusList, *, uri: str, iat: int, exp: int, ttl: int, signer: Signer) -> str:
    """Return the signed list in compact form, with the signer's chain in ``x5c``.

    Raises: Untrusted[status_invalid] (reason ``times``) unless iat < exp and 0 < ttl <= exp - iat. Spec: §5.1.
    """
    if not iat < exp or not 0 < ttl <= exp - iat:
        raise Untrusted("status_invalid", spec=f"{SPEC} §5.1", reason="times")
    content: JsonObject = {"bits": statuses.bits, "lst": statuses.encode_lst()}
    payload: JsonObject = {"sub": uri, "iat": iat, "exp": exp, "ttl": ttl, "status_list": content}
    return jws.sign(signing_header(TYP, signer), payload, signer)


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
        # 1. signature, with the key that the caller trusts for status lists
        payload = jws.verify(token.unverified_jws, key)
        # 2. the list that was asked for, compared character by character
        if payload.get("sub") != uri:
            raise Untrusted("status_invalid", spec=f"{SPEC} §8.3", reason="sub_mismatch")
        # 3. times
        iat = _checked_iat(payload, now=now, skew_s=skew_s)
        exp = _bounded_exp(payload, iat, limits)
        if exp <= now - skew_s:
            raise Untrusted("status_invalid", spec=f"{SPEC} §8.3", reason="expired")
        # 4. content
        return VerifiedStatusList(uri, _statuses(payload, limits), iat, exp, _bounded_ttl(payload, limits))


def read_status_list_token(
    text: str, *, key: VerificationKey, uri: str, now: int, skew_s: int, limits: StatusListLimits
) -> VerifiedStatusList:
    """Parse and verify in one step, for a caller that knows the key. Raises as the two steps do."""
    token = parse_status_list_token(text, allowed_algs=frozenset({key.alg}))
    return verify_status_list_token(token, key=key, uri=uri, now=now, skew_s=skew_s, limits=limits)


def _checked_iat(payload: JsonObject, *, now: int, skew_s: int) -> int:
    check_times(payload, now=now, skew_s=skew_s)
    return numeric_date(payload, "iat", required=True)


def _bounded_exp(payload: JsonObject, iat: int, limits: StatusListLimits) -> int:
    exp = numeric_date(payload, "exp", required=False)
    latest = iat + limits.max_age_s
    return latest if exp is None else min(exp, latest)


def _bounded_ttl(payload: JsonObject, limits: StatusListLimits) -> int:
    """Return the refresh interval, clamped; it must be a positive whole number when present. Spec: §5.1, §11.5."""
    ttl = payload.get("ttl", limits.default_ttl_s)
    if type(ttl) is not int or ttl <= 0:
        raise Untrusted("status_invalid", spec=f"{SPEC} §5.1", reason="ttl_form")
    return max(limits.min_ttl_s, min(ttl, limits.max_ttl_s))


def _statuses(payload: JsonObject, limits: StatusListLimits) -> StatusList:
    content: Any = payload.get("status_list")
    if not isinstance(content, dict):
        raise Untrusted("status_invalid", spec=f"{SPEC} §5.1", reason="status_list_form")
    return decode_lst(content.get("lst"), bits=content.get("bits"), max_inflated=limits.max_inflated)
