"""Withdrawal list: from which day entries of a status list are withdrawn, why, and what took their place.

A bit of a status list cannot say so. This list says it for one status list, whole, signed by the same institution;
it is fetched together with that list and never for one presentation, so that nobody learns who is being checked.
It names no person: entries are numbers, causes are of a closed list, a successor is an opaque reference.

``{"sub": STATUS_LIST_URI, "iat", "exp", "withdrawals": [{"idx", "effective_from", "cause", "recorded_at",
"successor"?}]}`` as a JWT of type ``withdrawals+jwt``. The status list token names its address in the claim
``withdrawals_uri``. Both are our own addition to Token Status List, which readers without it pass over.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from portadoc.days import read_day
from portadoc.errors import Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.numeric_date import LATEST, check_times, numeric_date
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import WITHDRAWAL_LIST
from portadoc.formats.status_list.statuses import is_index
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject

SPEC: Final = "Portadoc withdrawal list"
MEDIA_TYPE: Final = "application/withdrawals+jwt"
TYP: Final = "withdrawals+jwt"
MAX_RECORDS: Final = 16_384
MAX_AGE_S: Final = 7 * 24 * 3600
_SUCCESSOR: Final = re.compile(r"[A-Za-z0-9._:/-]{1,128}", re.ASCII)
_DEMANDED: Final = frozenset({"idx", "effective_from", "cause", "recorded_at"})
_KNOWN: Final = _DEMANDED | {"successor"}


class WithdrawalCause(StrEnum):
    """Why a document was withdrawn, as far as the world may know: a closed list, no free text."""

    ISSUED_IN_ERROR = "issued_in_error"
    FACTS_CHANGED = "facts_changed"
    REPLACED = "replaced"
    ENDED_EARLY = "ended_early"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class WithdrawalRecord:
    """One withdrawal: the first day on which the document has no effect, why, and when it was recorded (seconds).

    ``successor`` is the issuer's opaque reference of the document that took its place.
    """

    effective_from: date
    cause: WithdrawalCause
    recorded_at: int
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class UnverifiedWithdrawalList:
    """A withdrawal list whose signature has not been checked; the chain is DER, leaf first (may be empty)."""

    unverified_jws: UnverifiedJws
    unverified_chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class VerifiedWithdrawalList:
    """What a list says, by index, once signature, subject and times vouch for it. Fetch again before ``exp``."""

    uri: str
    withdrawals: Mapping[int, WithdrawalRecord]
    iat: int
    exp: int


def make_withdrawal_list(
    records: Mapping[int, WithdrawalRecord], *, uri: str, iat: int, exp: int, signer: Signer
) -> str:
    """Return the signed list for the status list at ``uri``, in the order of the entries.

    Of more than 16 384 records the latest are kept: about one that is left out nothing is said, and nothing wrong.
    Raises: Untrusted[withdrawals_invalid] (``times``, ``record_form``).
    """
    if not iat < exp:
        raise _invalid("times")
    latest = sorted(records.items(), key=lambda item: item[1].recorded_at, reverse=True)[:MAX_RECORDS]
    entries = [_entry(idx, record) for idx, record in sorted(latest, key=lambda item: item[0])]
    for entry in entries:
        _record(entry, iat)
    payload: JsonObject = {"sub": uri, "iat": iat, "exp": exp, "withdrawals": entries}
    return jws.sign(signing_header(TYP, signer), payload, signer)


def parse_withdrawal_list(text: str, *, allowed_algs: frozenset[str]) -> UnverifiedWithdrawalList:
    """Return the parts of a list so that its chain can be judged; nothing in it is verified yet.

    Raises: Untrusted[withdrawals_invalid] with the inner code as reason, Malformed[limit_exceeded].
    """
    with told_as("withdrawals_invalid"):
        unverified = jws.split(text, WITHDRAWAL_LIST, allowed_algs=allowed_algs)
        return UnverifiedWithdrawalList(unverified, jws.certificate_chain(unverified))


def verify_withdrawal_list(
    unverified: UnverifiedWithdrawalList, *, key: VerificationKey, uri: str, now: int, skew_s: int
) -> VerifiedWithdrawalList:
    """Return the records for the status list at ``uri``; ``key`` is already trusted for status.

    One entry that is not in order refuses the list. Raises: Untrusted[withdrawals_invalid] with a reason,
    Malformed[limit_exceeded].
    """
    with told_as("withdrawals_invalid"):
        # 1. signature, with the key that the caller trusts for status lists
        payload = jws.verify(unverified.unverified_jws, key)
        # 2. the status list that was meant, compared character by character
        if payload.get("sub") != uri:
            raise _invalid("sub_mismatch")
        # 3. times
        check_times(payload, now=now, skew_s=skew_s)
        iat = numeric_date(payload, "iat", required=True)
        exp = min(numeric_date(payload, "exp", required=True), iat + MAX_AGE_S)
        if exp <= now - skew_s:
            raise _invalid("expired")
        # 4. content
        return VerifiedWithdrawalList(uri, MappingProxyType(_records(payload, iat)), iat, exp)


def _records(payload: JsonObject, iat: int) -> dict[int, WithdrawalRecord]:
    entries: Any = payload.get("withdrawals")
    if not isinstance(entries, list):
        raise _invalid("withdrawals_form")
    if len(entries) > MAX_RECORDS:
        raise _invalid("too_many")
    records = dict(_record(entry, iat) for entry in entries)
    if len(records) != len(entries):
        raise _invalid("index_twice")
    return records


def _record(entry: Any, iat: int) -> tuple[int, WithdrawalRecord]:
    """Return one entry of a list signed at ``iat``; a withdrawal cannot have been recorded after that."""
    if not isinstance(entry, dict) or not _DEMANDED <= entry.keys() <= _KNOWN:
        raise _invalid("record_form")
    idx, recorded_at, successor = entry["idx"], entry["recorded_at"], entry.get("successor", "-")
    if not is_index(idx):
        raise _invalid("index_form")
    if type(recorded_at) is not int or not 0 <= recorded_at <= min(iat, LATEST):
        raise _invalid("recorded_at")
    if entry["cause"] not in tuple(WithdrawalCause):
        raise _invalid("cause")
    if not isinstance(successor, str) or not _SUCCESSOR.fullmatch(successor):
        raise _invalid("successor")
    day, cause = _day(entry["effective_from"]), WithdrawalCause(entry["cause"])
    return int(idx), WithdrawalRecord(day, cause, recorded_at, entry.get("successor"))


def _day(value: Any) -> date:
    try:
        return read_day(value if isinstance(value, str) else "")
    except ValueError as exc:
        raise _invalid("effective_from") from exc


def _entry(idx: int, record: WithdrawalRecord) -> JsonObject:
    entry: JsonObject = {
        "idx": idx,
        "effective_from": record.effective_from.isoformat(),
        "cause": record.cause.value,
        "recorded_at": record.recorded_at,
    }
    return entry if record.successor is None else {**entry, "successor": record.successor}


def _invalid(reason: str) -> Untrusted:
    return Untrusted("withdrawals_invalid", spec=SPEC, reason=reason)
