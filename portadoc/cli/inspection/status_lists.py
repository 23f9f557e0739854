"""Status list tokens: how many places, how many of them are set, how long the list may be used."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from portadoc.cli.inspection.finding import Finding, Inspection, Said, Severity, refusal, refusals
from portadoc.cli.inspection.moments import said_times
from portadoc.cli.inspection.tokens import OpenedToken, carried_key, content_of, parts_of
from portadoc.errors import Error
from portadoc.formats.status_list.jwt_form import (
    StatusListLimits,
    parse_status_list_token,
    verify_status_list_token,
)
from portadoc.formats.status_list.statuses import DEFAULT_MAX_INFLATED, StatusList, decode_lst
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.schemas.claims import JsonObject

_SMALLEST_CROWD: Final = 10_000
_SKEW_S: Final = 60


def inspect_status_list(token: OpenedToken, now: int) -> Inspection:
    """Return what a status list token says."""
    payload = token.payload
    listed = payload.get("status_list")
    content: JsonObject = listed if isinstance(listed, dict) else {}
    lists: list[StatusList] = []
    decoding = refusals(lambda: lists.append(_decoded(content)))
    said = [Said("what_status_list", {"uri": str(payload.get("sub", "-"))}), *said_times(payload)]
    if "ttl" in payload:
        said.append(Said("said_refresh", {"ttl": str(payload["ttl"])}))
    shown = content_of(token)
    shown["payload"] = {**payload, "status_list": {name: content[name] for name in content if name != "lst"}}
    for each in lists:
        counts = count_statuses(each)
        taken = sum(counts.values())
        said.append(Said("said_places", {"capacity": each.capacity, "bits": each.bits, "taken": taken}))
        shown["statuses"] = {
            "bits": each.bits,
            "capacity": each.capacity,
            "not_valid": {str(value): count for value, count in sorted(counts.items())},
        }
    strict = _strict(token, now)
    findings = (
        *token.findings,
        *strict,
        *(each for each in decoding if each not in strict),
        *_advice(payload, lists),
    )
    return Inspection(
        kind="status_list_token", said=tuple(said), findings=findings, content=shown, parts=parts_of(token, now)
    )


def count_statuses(statuses: StatusList) -> dict[int, int]:
    """Return how many places hold each status other than 0, counted byte by byte."""
    mask = (1 << statuses.bits) - 1
    counts: Counter[int] = Counter()
    for byte, times in Counter(statuses.packed).items():
        for shift in range(0, 8, statuses.bits):
            counts[byte >> shift & mask] += times
    return {value: count for value, count in counts.items() if value}


def _decoded(content: JsonObject) -> StatusList:
    return decode_lst(content.get("lst"), bits=content.get("bits"), max_inflated=DEFAULT_MAX_INFLATED)


def _strict(token: OpenedToken, now: int) -> tuple[Finding, ...]:
    """Return what a strict reader refuses, with the certificate that the token carries taken for a trusted one."""
    try:
        unverified = parse_status_list_token(token.text, allowed_algs=ALL_ALGORITHMS)
        key = carried_key(token)
        if key is None:
            return ()
        uri = token.payload.get("sub")
        verify_status_list_token(
            unverified,
            key=key,
            uri=uri if isinstance(uri, str) else "",
            now=now,
            skew_s=_SKEW_S,
            limits=StatusListLimits(),
        )
    except Error as error:
        return (refusal(error),)
    return (Finding(Severity.NOTE, "signature_fits"),)


def _advice(payload: JsonObject, lists: list[StatusList]) -> Iterator[Finding]:
    for name in ("exp", "ttl"):
        if name not in payload:
            yield Finding(Severity.WARNING, "status_list_without", {"claim": name}, "HAIP 1.0 §6.1")
    if any(each.capacity < _SMALLEST_CROWD for each in lists):
        yield Finding(Severity.NOTE, "status_list_small", {"least": _SMALLEST_CROWD}, "ARF TS3")
