"""Dates of tokens: whole seconds since the epoch, UTC. Fractions, texts and truth values are refused."""

from collections.abc import Mapping
from typing import Any, Final, Literal, overload

from portadoc.errors import Conflict, Malformed

LATEST: Final = 253_402_300_799
"""The last second of the year 9999."""


@overload
def numeric_date(payload: Mapping[str, Any], name: str, *, required: Literal[True]) -> int: ...
@overload
def numeric_date(payload: Mapping[str, Any], name: str, *, required: bool) -> int | None: ...
def numeric_date(payload: Mapping[str, Any], name: str, *, required: bool) -> int | None:
    """Return the seconds that a claim holds, or None when it is absent and need not be there.

    Raises Malformed[claim_missing], Malformed[claim_invalid]. Spec: RFC 7519 §2.
    """
    if name not in payload:
        if required:
            raise Malformed("claim_missing", spec="RFC 7519 §4.1", claim=name)
        return None
    value = payload[name]
    if type(value) is not int or not 0 <= value <= LATEST:
        raise Malformed("claim_invalid", spec="RFC 7519 §2", claim=name)
    return value


def check_times(payload: Mapping[str, Any], *, now: int, skew_s: int) -> None:
    """Refuse a token outside its time: ``exp`` is the first second at which it is dead.

    ``skew_s`` seconds are forgiven on either side. Raises Conflict[expired], Conflict[not_yet_valid],
    Malformed[claim_invalid]. Spec: RFC 7519 §4.1.4-6.
    """
    expiry = numeric_date(payload, "exp", required=False)
    if expiry is not None and expiry <= now - skew_s:
        raise Conflict("expired", spec="RFC 7519 §4.1.4")
    for name in ("nbf", "iat"):
        start = numeric_date(payload, name, required=False)
        if start is not None and start > now + skew_s:
            raise Conflict("not_yet_valid", spec="RFC 7519 §4.1.5", claim=name)
