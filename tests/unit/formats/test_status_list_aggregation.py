"""Aggregations: where to look for lists, never what to believe."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Error
from portadoc.formats import strict_json
from portadoc.formats.status_list.aggregation import aggregation_to_json, parse_aggregation

HERE = "https://status.example/lists"
LISTS = (f"{HERE}/1", f"{HERE}/2")


def parse(content: Any, **terms: Any) -> Any:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return parse_aggregation(raw, **{"uri": HERE, "max_lists": 3, **terms})


def reason_of(content: Any, **terms: Any) -> str:
    with pytest.raises(Error) as refusal:
        parse(content, **terms)
    error = refusal.value
    return str(error.params["reason"]) if "reason" in error.params else error.code


def test_what_is_written_reads_back() -> None:
    found = parse(strict_json.dumps(aggregation_to_json(LISTS)))
    assert (found.status_lists, found.elsewhere) == (LISTS, 0)
    assert parse(aggregation_to_json(())).status_lists == ()


def test_each_list_counts_once_and_unknown_members_are_ignored() -> None:
    found = parse({"status_lists": [LISTS[1], LISTS[0], LISTS[1]], "more": {"x": 1}})
    assert found.status_lists == (LISTS[1], LISTS[0])


@pytest.mark.parametrize(
    "uri",
    [
        "https://elsewhere.example/1",
        "http://status.example/lists/1",
        "https://status.example:8443/lists/1",
        "https://user@status.example/lists/1",
        "https://status.example.evil.example/1",
        "ftp://status.example/1",
        "/lists/1",
    ],
)
def test_d01_an_address_of_another_origin_is_left_out(uri: str) -> None:
    found = parse({"status_lists": [LISTS[0], uri]})
    assert (found.status_lists, found.elsewhere) == ((LISTS[0],), 1)


FAULTS: dict[str, tuple[Any, str]] = {
    "not JSON": (b"<html>", "syntax"),
    "an array": ([LISTS[0]], "not_object"),
    "without the member": ({}, "aggregation_form"),
    "a text": ({"status_lists": LISTS[0]}, "aggregation_form"),
    "an object": ({"status_lists": {"1": LISTS[0]}}, "aggregation_form"),
    "a number among them": ({"status_lists": [7]}, "uri_form"),
    "an empty text among them": ({"status_lists": [""]}, "uri_form"),
    "a blank in one": ({"status_lists": ["https://status.example/a b"]}, "uri_form"),
    "no address": ({"status_lists": ["https://[status"]}, "uri_form"),
    "member named twice": (b'{"status_lists":[],"status_lists":[]}', "duplicate_member"),
    "too many": ({"status_lists": [*LISTS, *LISTS]}, "limit_exceeded"),
    "too long": (b" " * (1024 * 1024 + 1), "limit_exceeded"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_reason(name: str) -> None:
    content, reason = FAULTS[name]
    assert reason_of(content) == reason


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_by_code(raw: bytes) -> None:
    with pytest.raises(Error):
        parse(raw)
