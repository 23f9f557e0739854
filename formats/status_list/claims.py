"""What a status list token says, whatever form it has: the claims, judged in one way.

Spec: draft-ietf-oauth-status-list-20 §5, §8.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from portadoc.errors import Untrusted
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.status_list.statuses import (
    DEFAULT_MAX_INFLATED,
    StatusList,
    decode_lst,
    inflate_lst,
    uri_text,
)
from portadoc.schemas.claims import JsonObject

SPEC: Final = "Token Status List"


class StatusListForm(StrEnum):
    """The two forms of a status list token: JWT (text) and CWT (bytes). Spec: §5.1, §5.2."""

    JWT = "jwt"
    CWT = "cwt"

    @property
    def media_type(self) -> str:
        """The content type under which a token of this form travels. Spec: §8.2."""
        return f"application/statuslist+{self.value}"


FORM_OF_MEDIA_TYPE: Final[Mapping[str, StatusListForm]] = {form.media_type: form for form in StatusListForm}


@dataclass(frozen=True, slots=True)
class StatusListLimits:
    """Bounds that a reader sets, whatever a list says of itself. Times in seconds, size in bytes. Spec: §11.5."""

    min_ttl_s: int = 60
    max_ttl_s: int = 12 * 3600
    default_ttl_s: int = 900
    max_age_s: int = 7 * 24 * 3600
    max_inflated: int = DEFAULT_MAX_INFLATED


@dataclass(frozen=True, slots=True)
class VerifiedStatusList:
    """A status list that its signature, subject and times vouch for.

    ``exp`` (epoch seconds) and ``ttl`` (seconds) are already clamped to the reader's bounds: use until ``exp``,
    fetch again when ``ttl`` seconds have passed since fetching. ``withdrawals_uri`` is where its signer publishes
    when and why entries were withdrawn, ``aggregation_uri`` where all its lists are named; each None when unsaid.
    """

    uri: str
    statuses: StatusList
    iat: int
    exp: int
    ttl: int
    form: StatusListForm = StatusListForm.JWT
    withdrawals_uri: str | None = None
    aggregation_uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusListTerms:
    """What a status list token says beside its statuses. Times in seconds."""

    uri: str
    iat: int
    exp: int
    ttl: int
    withdrawals_uri: str | None = None
    aggregation_uri: str | None = None

    def __post_init__(self) -> None:
        """Raises: Untrusted[status_invalid] (reason ``times``) unless iat < exp and 0 < ttl <= exp - iat."""
        if not self.iat < self.exp or not 0 < self.ttl <= self.exp - self.iat:
            raise Untrusted("status_invalid", spec=f"{SPEC} §5.1", reason="times")

    def to_claims(self, bits: int, lst: str | bytes) -> JsonObject:
        """Return the claims with the compressed statuses in ``lst``, by their names in JWT. Spec: §5.1."""
        content: JsonObject = {"bits": bits, "lst": lst, "aggregation_uri": self.aggregation_uri}
        claims: JsonObject = {
            "sub": self.uri,
            "iat": self.iat,
            "exp": self.exp,
            "ttl": self.ttl,
            "status_list": _said(content),
            "withdrawals_uri": self.withdrawals_uri,
        }
        return _said(claims)


def verified_status_list(
    claims: Mapping[str, Any],
    *,
    form: StatusListForm,
    uri: str,
    now: int,
    skew_s: int,
    limits: StatusListLimits,
) -> VerifiedStatusList:
    """Return the list that signed claims hold, after checking subject, times and content; names as in JWT.

    A list counts at ``now`` only when iat <= now < exp (``skew_s`` forgiven), so an answer about the past is
    believed by asking with that past time: a current list sent in its place is refused. Raises Untrusted
    [status_invalid] with a reason, Malformed[claim_missing], [claim_invalid], [limit_exceeded],
    Conflict[expired], [not_yet_valid]. Spec: §8.3 steps 3 to 5, §8.4.
    """
    # 1. the list that was asked for, compared character by character
    if claims.get("sub") != uri:
        raise Untrusted("status_invalid", spec=f"{SPEC} §8.3", reason="sub_mismatch")
    # 2. times
    check_times(claims, now=now, skew_s=skew_s)
    iat = numeric_date(claims, "iat", required=True)
    exp = _bounded_exp(claims, iat, limits)
    if exp <= now - skew_s:
        raise Untrusted("status_invalid", spec=f"{SPEC} §8.3", reason="expired")
    # 3. content
    content = claims.get("status_list")
    if not isinstance(content, dict):
        raise Untrusted("status_invalid", spec=f"{SPEC} §5.1", reason="status_list_form")
    decode = decode_lst if form is StatusListForm.JWT else inflate_lst
    return VerifiedStatusList(
        uri,
        decode(content.get("lst"), bits=content.get("bits"), max_inflated=limits.max_inflated),
        iat,
        exp,
        _bounded_ttl(claims, limits),
        form,
        _optional_uri(claims, "withdrawals_uri"),
        _optional_uri(content, "aggregation_uri"),
    )


def _bounded_exp(claims: Mapping[str, Any], iat: int, limits: StatusListLimits) -> int:
    exp = numeric_date(claims, "exp", required=False)
    latest = iat + limits.max_age_s
    return latest if exp is None else min(exp, latest)


def _bounded_ttl(claims: Mapping[str, Any], limits: StatusListLimits) -> int:
    """Return the refresh interval, clamped; it must be a positive whole number when present. Spec: §5.1, §11.5."""
    ttl = claims.get("ttl", limits.default_ttl_s)
    if type(ttl) is not int or ttl <= 0:
        raise Untrusted("status_invalid", spec=f"{SPEC} §5.1", reason="ttl_form")
    return max(limits.min_ttl_s, min(ttl, limits.max_ttl_s))


def _optional_uri(members: Mapping[str, Any], name: str) -> str | None:
    return uri_text(members[name]) if name in members else None


def _said(members: JsonObject) -> JsonObject:
    return {name: value for name, value in members.items() if value is not None}
