"""Strict CBOR: one reading, at a cost that its bytes bound."""

import time
import tracemalloc
from typing import Any

import cbor2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portadoc.errors import Malformed
from portadoc.formats.cose import strict_cbor

PLAIN = st.recursive(
    st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=9) | st.text(max_size=9) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-(2**63), 2**64 - 1) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def refused(encoded: str | bytes, **options: Any) -> str:
    raw = bytes.fromhex(encoded) if isinstance(encoded, str) else encoded
    with pytest.raises(Malformed) as refusal:
        strict_cbor.loads(raw, what="it", **options)
    assert refusal.value.params["what"] == "it"
    return str(refusal.value.params.get("reason", refusal.value.code))


@given(PLAIN)
def test_what_is_written_reads_back(value: Any) -> None:
    assume(depth(value) <= strict_cbor.MAX_DEPTH)
    assert strict_cbor.loads(strict_cbor.dumps(value), what="it") == value


def test_the_encoding_is_deterministic() -> None:
    assert strict_cbor.dumps({"b": 1, "a": 2, 10: 3, 9: 4}) == strict_cbor.dumps({9: 4, 10: 3, "a": 2, "b": 1})


FAULTS = {
    "nothing": ("", "truncated"),
    "head cut off": ("19ff", "truncated"),
    "byte string cut off": ("4401", "truncated"),
    "text cut off": ("7bffffffffffffffff61", "truncated"),
    "array of four thousand million": ("9affffffff", "truncated"),
    "map of four thousand million": ("baffffffff", "truncated"),
    "map without the last value": ("a101", "truncated"),
    "one byte too many": ("0100", "trailing"),
    "two items": ("0101", "trailing"),
    "indefinite array": ("9f01ff", "indefinite"),
    "indefinite map": ("bf0101ff", "indefinite"),
    "indefinite bytes": ("5f4101ff", "indefinite"),
    "indefinite text": ("7f6161ff", "indefinite"),
    "a break alone": ("ff", "indefinite"),
    "reserved head": ("1c", "reserved"),
    "half float": ("f93c00", "type"),
    "single float": ("fa3f800000", "type"),
    "double float": ("fb3ff0000000000000", "type"),
    "not a number": ("f97e00", "type"),
    "undefined": ("f7", "type"),
    "simple value": ("e0", "type"),
    "simple value of two bytes": ("f8ff", "type"),
    "big number": ("c2420101", "tag"),
    "regular expression": ("d8236161", "tag"),
    "date": ("c11a00000000", "tag"),
    "shared reference": ("d81c8100", "tag"),
    "below -2^63": ("3b8000000000000000", "number"),
    "bytes as a key": ("a1410101", "key"),
    "array as a key": ("a1810101", "key"),
    "truth value as a key": ("a1f501", "key"),
    "the same key twice": ("a201010102", "duplicate_key"),
    "the same key twice, in two spellings": ("a20101180102", "duplicate_key"),
    "the same key twice, deeper": ("8181a2616101616102", "duplicate_key"),
    "not UTF-8": ("62c328", "utf8"),
    "a surrogate": ("63eda080", "utf8"),
    "nine arrays in each other": ("81" * 9 + "00", "limit_exceeded"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_reason(name: str) -> None:
    encoded, reason = FAULTS[name]
    assert refused(encoded) == reason


def test_numbers_are_read_from_end_to_end() -> None:
    for number in (0, 23, 24, 255, 256, 2**32, 2**64 - 1, -1, -(2**63)):
        assert strict_cbor.loads(strict_cbor.dumps(number), what="it") == number
    assert strict_cbor.loads(bytes.fromhex("83f4f5f6"), what="it") == [False, True, None]
    assert strict_cbor.loads(bytes.fromhex("81" * 8 + "00"), what="it") == [[[[[[[[0]]]]]]]]


def test_size_and_number_of_items_are_bounded() -> None:
    assert refused(bytes(11), max_bytes=10) == "limit_exceeded"
    many = strict_cbor.dumps([0] * strict_cbor.MAX_ITEMS)
    assert refused(many) == "limit_exceeded"
    assert len(strict_cbor.loads(strict_cbor.dumps([0] * (strict_cbor.MAX_ITEMS - 1)), what="it")) == 4095


def test_the_tag_expected_has_to_be_there_and_no_other() -> None:
    assert strict_cbor.loads(strict_cbor.dumps([1], tag=18), what="it", tag=18) == [1]
    for encoded in ("8101", "d18101", "d83dd28101", "d2d28101", ""):
        assert refused(encoded, tag=18) in ("tag", "truncated")


def test_a_map_is_asked_for_by_name() -> None:
    assert strict_cbor.loads_map(b"\xa1\x01\x02", what="it") == {1: 2}
    with pytest.raises(Malformed) as refusal:
        strict_cbor.loads_map(b"\x80", what="it")
    assert refusal.value.params["reason"] == "not_map"


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused_by_code(raw: bytes) -> None:
    try:
        value = strict_cbor.loads(raw, what="it")
    except Malformed:
        return
    assert cbor2.loads(raw) == value


def test_a_promise_of_much_costs_nothing() -> None:
    hostile = [bytes.fromhex("9b7fffffffffffffff"), bytes.fromhex("bb7fffffffffffffff"), b"\x81" * 200_000]
    tracemalloc.start()
    began = time.monotonic()
    for raw in hostile:
        assert refused(raw) in ("truncated", "limit_exceeded")
    assert time.monotonic() - began < 1
    assert tracemalloc.get_traced_memory()[1] < 2 * 1024 * 1024
    tracemalloc.stop()
