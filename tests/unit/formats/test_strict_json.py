"""Strict JSON: whatever two parsers could read differently is refused, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Malformed
from portadoc.formats import strict_json

ACCEPTED = {
    "scalar": (b"7", 7),
    "white_space": (b' { "a" : [ 1 , "x" ] } ', {"a": [1, "x"]}),
    "escapes": (b'{"\\u00e9":"\\ud83d\\ude00\\/"}', {"é": "😀/"}),
    "empty_member_name": (b'{ "":1}', {"": 1}),
    "largest_integer": (b"[ 18446744073709551615]", [2**64 - 1]),
    "smallest_integer": (b"[ -9223372036854775808]", [-(2**63)]),
    "float": (b"[3.140]", [3.14]),
    "exponent": (b"[1E5]", [100000.0]),
    "zero_float": (b"[0.00]", [0.0]),
    "text_like_negative_zero": (b'{"a":"-0.0"}', {"a": "-0.0"}),
    "array_of_plain_values_in_any_spelling": (b'["salt", "\\u006eame", null, true]', ["salt", "name", None, True]),
    "same_name_at_other_levels": (b'{"a":{"a":[{"a":1}]}} ', {"a": {"a": [{"a": 1}]}}),
    "brackets_inside_texts": (b'["' + b"[{" * 100 + b'"]', ["[{" * 100]),
    "quotes_inside_texts": (b'["\\"' + b"[" * 40 + b'"]', ['"' + "[" * 40]),
}

REFUSED = {
    "empty": (b"", "syntax"),
    "byte_order_mark": (b"\xef\xbb\xbf{}", "syntax"),
    "invalid_utf8": (b'"\xff"', "syntax"),
    "overlong_utf8": (b'"\xc0\xaf"', "syntax"),
    "utf16": ('{"a":1}'.encode("utf-16"), "syntax"),
    "surrogate_bytes": (b'"\xed\xa0\x80"', "syntax"),
    "lone_surrogate_escape": (b'{"a":"\\ud800"}', "syntax"),
    "lone_low_surrogate_escape": (b'["\\udc00"]', "syntax"),
    "not_a_number": (b'{"a":NaN}', "syntax"),
    "infinity": (b"[-Infinity]", "syntax"),
    "float_beyond_range": (b"[1e400]", "syntax"),
    "integer_of_5000_digits": (b"[" + b"9" * 5000 + b"]", "syntax"),
    "single_quotes": (b"{'a':1}", "syntax"),
    "trailing_comma": (b"[1,]", "syntax"),
    "comment": (b"[1/*x*/]", "syntax"),
    "two_values": (b"{}{}", "syntax"),
    "control_character": (b'["\n"]', "syntax"),
    "duplicate_member": (b'{"a":1,"a":1}', "duplicate_member"),
    "duplicate_member_deep": (b'[{"b":[{"a":1,"b":2,"a":3}]}]', "duplicate_member"),
    "duplicate_member_by_escape": (b'{"a":1,"\\u0061":2}', "duplicate_member"),
    "negative_zero": (b"[-0]", "number"),
    "negative_zero_float": (b"[-0.0]", "number"),
    "negative_zero_exponent": (b"[-0e0]", "number"),
    "integer_too_large": (b"[18446744073709551616]", "number"),
    "integer_too_small": (b"[-9223372036854775809]", "number"),
    "integer_of_22_digits": (b"[1000000000000000000000]", "number"),
}


@pytest.mark.parametrize(("raw", "value"), ACCEPTED.values(), ids=ACCEPTED)
def test_text_with_one_reading_is_accepted(raw: bytes, value: object) -> None:
    assert strict_json.loads(raw, what="message") == value
    assert strict_json.loads(raw.decode(), what="message") == value


@pytest.mark.parametrize(("raw", "reason"), REFUSED.values(), ids=REFUSED)
def test_ambiguous_text_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as refusal:
        strict_json.loads(raw, what="message")
    assert refusal.value.code == "json_malformed"
    assert refusal.value.params == {"what": "message", "reason": reason}


def test_python_text_with_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        strict_json.loads('"\ud800"', what="message")
    assert refusal.value.params["reason"] == "encoding"


@pytest.mark.parametrize("raw", [b"[]", b'"{}"', b"null", b"1"])
def test_an_object_is_asked_for_and_nothing_else_is_taken(raw: bytes) -> None:
    assert strict_json.loads_object(b'{"a":1}', what="message") == {"a": 1}
    with pytest.raises(Malformed) as refusal:
        strict_json.loads_object(raw, what="message")
    assert refusal.value.params["reason"] == "not_object"


TOO_MUCH = {
    "deep_arrays": b"[" * 33 + b"]" * 33,
    "deep_objects": b'{"a":' * 33 + b"1" + b"}" * 33,
    "unbalanced": b"[" * 100_000,
    "brackets_before_an_open_text": b"[" * 33 + b'"' + b'\\"' * 50_000,
    "too_long": b'"' + b"x" * strict_json.MAX_BYTES + b'"',
}


@pytest.mark.parametrize("raw", TOO_MUCH.values(), ids=TOO_MUCH)
def test_limits_are_kept_before_parsing(raw: bytes) -> None:
    with pytest.raises(Malformed) as refusal:
        strict_json.loads(raw, what="message")
    assert refusal.value.code == "limit_exceeded"
    assert refusal.value.params["what"] == "message"


def test_limits_are_exact() -> None:
    assert strict_json.loads(b"[" * 32 + b"]" * 32, what="message")
    assert strict_json.loads(b"[[],[],[]]", what="message", max_depth=2) == [[], [], []]
    assert strict_json.loads(b'"abc"', what="message", max_bytes=5) == "abc"
    with pytest.raises(Malformed):
        strict_json.loads(b'"abcd"', what="message", max_bytes=5)


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, 2**64, {1: 2}, object()])
def test_what_json_cannot_carry_is_not_written(value: object) -> None:
    with pytest.raises(Malformed) as refusal:
        strict_json.dumps(value)
    assert refusal.value.params["reason"] == "not_representable"


def test_writing_is_compact_utf8() -> None:
    assert strict_json.dumps({"é": [1, None, "a b"]}) == '{"é":[1,null,"a b"]}'.encode()
    assert strict_json.dumps_each([1, "a"]) == [b"1", b'"a"']


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: not (number == 0 and str(number).startswith("-"))
)
TREES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(TREES)
def test_what_is_written_reads_back_the_same(tree: Any) -> None:
    assert strict_json.loads(strict_json.dumps(tree), what="tree") == tree


@given(TREES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_other_spellings_read_the_same(tree: Any, indent: Any, ascii_only: bool) -> None:
    spelled = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)
    assert strict_json.loads(spelled, what="tree") == tree


@given(st.dictionaries(TEXTS, TREES, min_size=1, max_size=4), st.data())
def test_a_repeated_member_is_never_accepted(members: dict[str, Any], data: st.DataObject) -> None:
    repeated = data.draw(st.sampled_from(sorted(members)))
    pairs = [*members.items(), (repeated, data.draw(TREES))]
    text = "{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs) + "}"
    with pytest.raises(Malformed):
        strict_json.loads(text, what="tree")


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        value = strict_json.loads(raw, what="bytes")
    except Malformed:
        return
    assert strict_json.loads(strict_json.dumps(value), what="bytes") == value
