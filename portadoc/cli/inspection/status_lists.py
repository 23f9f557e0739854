"""Status lists in both forms: how many places, how many are set, how long they last; and withdrawal lists."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from portadoc.cli.inspection.certificates import inspect_chain
from portadoc.cli.inspection.finding import Finding, Inspection, Said, Severity, refusal, refusals
from portadoc.cli.inspection.moments import said_times
from portadoc.cli.inspection.tokens import OpenedToken, carried_key, content_of, parts_of
from portadoc.errors import Error, Untrusted
from portadoc.formats.status_list.claims import StatusListForm, StatusListLimits
from portadoc.formats.status_list.cwt_form import (
    parse_status_list_cwt,
    unverified_cwt_claims,
    verify_status_list_cwt,
)
from portadoc.formats.status_list.jwt_form import parse_status_list_token, verify_status_list_token
from portadoc.formats.status_list.statuses import (
    DEFAULT_MAX_INFLATED,
    SMALLEST_CROWD,
    StatusList,
    decode_lst,
    inflate_lst,
    uri_text,
)
from portadoc.formats.withdrawal_list import parse_withdrawal_list, verify_withdrawal_list
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import certificate_key, parse_chain
from portadoc.schemas.claims import JsonObject

_SKEW_S: Final = 60


def inspect_status_list(token: OpenedToken, now: int) -> Inspection:
    """Return what a status list token in JWT form says."""
    return _inspection(
        StatusListForm.JWT,
        token.payload,
        strict=(*token.findings, *_strict_jwt(token, now)),
        content=content_of(token),
        parts=parts_of(token, now),
    )


def inspect_status_list_cwt(message: bytes, now: int) -> Inspection:
    """Return what a status list token in CWT form says. Raises Malformed[cbor_malformed] for no message at all."""
    payload = unverified_cwt_claims(message)
    shown = {name: _shown(value) for name, value in payload.items()}
    return _inspection(
        StatusListForm.CWT,
        payload,
        strict=_strict_cwt(message, payload, now),
        content={"payload": shown},
        parts=_chain_of(message, now),
    )


def inspect_withdrawal_list(token: OpenedToken, now: int) -> Inspection:
    """Return what a list of withdrawals says; with the certificate that it carries taken for a trusted one."""
    entries = token.payload.get("withdrawals")
    count = len(entries) if isinstance(entries, list) else 0
    said = (
        Said("what_withdrawal_list", {"uri": _subject(token.payload) or "-"}),
        *said_times(token.payload),
        Said("said_withdrawals", {"count": count}),
    )
    return Inspection(
        kind="withdrawal_list",
        said=said,
        findings=(*token.findings, *_strict_withdrawals(token, now)),
        content=content_of(token),
        parts=parts_of(token, now),
    )


def inspect_aggregation(members: JsonObject) -> Inspection:
    """Return what an aggregation names: the addresses of status lists, to be fetched whole."""
    listed = members.get("status_lists")
    named = listed if isinstance(listed, list) else []
    form = Untrusted("status_invalid", spec="Token Status List §9.3", reason="aggregation_form")
    return Inspection(
        kind="status_list_aggregation",
        said=(Said("what_aggregation", {"count": len(named)}),),
        findings=(*(() if named is listed else (refusal(form),)), *refusals(lambda: list(map(uri_text, named)))),
        content=members,
    )


def _strict_withdrawals(token: OpenedToken, now: int) -> tuple[Finding, ...]:
    try:
        unverified = parse_withdrawal_list(token.text, allowed_algs=ALL_ALGORITHMS)
        key = carried_key(token)
        if key is None:
            return ()
        verify_withdrawal_list(unverified, key=key, uri=_subject(token.payload), now=now, skew_s=_SKEW_S)
    except Error as error:
        return (refusal(error),)
    return (Finding(Severity.NOTE, "signature_fits"),)


def _inspection(
    form: StatusListForm,
    payload: JsonObject,
    *,
    strict: tuple[Finding, ...],
    content: JsonObject,
    parts: dict[str, Inspection],
) -> Inspection:
    listed = payload.get("status_list")
    members: JsonObject = listed if isinstance(listed, dict) else {}
    lists: list[StatusList] = []
    decoding = refusals(lambda: lists.append(_decoded(members, form)))
    shown = dict(content)
    without_lst = {name: _shown(value) for name, value in members.items() if name != "lst"}
    shown["payload"] = {**shown["payload"], "status_list": without_lst}
    for each in lists:
        shown["statuses"] = {
            "bits": each.bits,
            "capacity": each.capacity,
            "not_valid": {str(value): count for value, count in sorted(count_statuses(each).items())},
        }
    findings = (*strict, *(each for each in decoding if each not in strict), *_advice(payload, lists))
    said = tuple(_sentences(payload, lists))
    return Inspection(kind="status_list_token", said=said, findings=findings, content=shown, parts=parts)


def _sentences(payload: JsonObject, lists: list[StatusList]) -> Iterator[Said]:
    yield Said("what_status_list", {"uri": str(payload.get("sub", "-"))})
    yield from said_times(payload)
    if "ttl" in payload:
        yield Said("said_refresh", {"ttl": str(payload["ttl"])})
    for each in lists:
        taken = sum(count_statuses(each).values())
        yield Said("said_places", {"capacity": each.capacity, "bits": each.bits, "taken": taken})


def count_statuses(statuses: StatusList) -> dict[int, int]:
    """Return how many places hold each status other than 0, counted byte by byte."""
    mask = (1 << statuses.bits) - 1
    counts: Counter[int] = Counter()
    for byte, times in Counter(statuses.packed).items():
        for shift in range(0, 8, statuses.bits):
            counts[byte >> shift & mask] += times
    return {value: count for value, count in counts.items() if value}


def _decoded(content: JsonObject, form: StatusListForm) -> StatusList:
    decode = decode_lst if form is StatusListForm.JWT else inflate_lst
    return decode(content.get("lst"), bits=content.get("bits"), max_inflated=DEFAULT_MAX_INFLATED)


def _shown(value: object) -> object:
    """Return a CBOR value as JSON can hold it: how many bytes instead of bytes, texts instead of labels."""
    if isinstance(value, dict):
        return {str(name): _shown(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shown(each) for each in value]
    return f"{len(value)} bytes" if isinstance(value, bytes) else value


def _strict_jwt(token: OpenedToken, now: int) -> tuple[Finding, ...]:
    """Return what a strict reader refuses, with the certificate that the token carries taken for a trusted one."""
    try:
        unverified = parse_status_list_token(token.text, allowed_algs=ALL_ALGORITHMS)
        key = carried_key(token)
        if key is None:
            return ()
        uri, limits = _subject(token.payload), StatusListLimits()
        verify_status_list_token(unverified, key=key, uri=uri, now=now, skew_s=_SKEW_S, limits=limits)
    except Error as error:
        return (refusal(error),)
    return (Finding(Severity.NOTE, "signature_fits"),)


def _strict_cwt(message: bytes, payload: JsonObject, now: int) -> tuple[Finding, ...]:
    """Return what a strict reader refuses, with the certificate that comes along taken for a trusted one."""
    try:
        unverified = parse_status_list_cwt(message, allowed_algs=ALL_ALGORITHMS)
        if not unverified.unverified_chain:
            return ()
        key = certificate_key(parse_chain(unverified.unverified_chain[:1])[0])
        uri, limits = _subject(payload), StatusListLimits()
        verify_status_list_cwt(unverified, key=key, uri=uri, now=now, skew_s=_SKEW_S, limits=limits)
    except Error as error:
        return (refusal(error),)
    return (Finding(Severity.NOTE, "signature_fits"),)


def _chain_of(message: bytes, now: int) -> dict[str, Inspection]:
    try:
        chain = parse_status_list_cwt(message, allowed_algs=ALL_ALGORITHMS).unverified_chain
        return {"x5chain": inspect_chain(chain, now, in_header=True)} if chain else {}
    except Error:  # told among the findings
        return {}


def _subject(payload: JsonObject) -> str:
    uri = payload.get("sub")
    return uri if isinstance(uri, str) else ""


def _advice(payload: JsonObject, lists: list[StatusList]) -> Iterator[Finding]:
    for name in ("exp", "ttl"):
        if name not in payload:
            yield Finding(Severity.WARNING, "status_list_without", {"claim": name}, "HAIP 1.0 §6.1")
    if any(each.capacity < SMALLEST_CROWD for each in lists):
        yield Finding(Severity.WARNING, "status_list_small", {"least": SMALLEST_CROWD}, "Token Status List §12.2")
