"""Status list content: packing, bounded inflation, references."""

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats.status_list.statuses import (
    StatusList,
    StatusReference,
    StatusValue,
    decode_lst,
    status_reference,
)

LIMIT = 1024
WIDTHS = (1, 2, 4, 8)


def lst_of(compressed: bytes) -> str:
    return base64url.encode(compressed)


def test_first_entry_is_the_least_significant_bit() -> None:
    assert StatusList.of(8, bits=1).set({0: 1}).packed == b"\x01"
    assert StatusList.of(8, bits=2).set({1: 2}).packed == b"\x08\x00"


def test_change_makes_a_new_list_and_leaves_the_old_one() -> None:
    before = StatusList.of(16, bits=1)
    after = before.with_status([3, 9], StatusValue.INVALID)
    assert [before.get(3), after.get(3), after.get(9), after.get(4)] == [0, 1, 1, 0]
    assert after.set({3: 0, 9: 0}) == before


@pytest.mark.parametrize(("size", "bits", "capacity"), [(1, 1, 8), (8, 1, 8), (9, 1, 16), (5, 2, 8), (3, 8, 3)])
def test_capacity_fills_the_last_byte(size: int, bits: int, capacity: int) -> None:
    assert StatusList.of(size, bits=bits).capacity == capacity


@given(bits=st.sampled_from(WIDTHS), data=st.data())
def test_every_list_survives_encoding(bits: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, 2**bits - 1), min_size=1, max_size=200))
    statuses = StatusList.of(len(values), bits=bits).set(dict(enumerate(values)))
    read = decode_lst(statuses.encode_lst(), bits=bits, max_inflated=LIMIT)
    assert read == statuses
    assert [read.get(idx) for idx in range(len(values))] == values
    assert not any(read.get(idx) for idx in range(len(values), read.capacity))


@given(st.binary(max_size=60), st.sampled_from(WIDTHS))
def test_arbitrary_bytes_are_a_list_or_a_coded_refusal(noise: bytes, bits: int) -> None:
    with suppress(Untrusted, Malformed):
        assert decode_lst(lst_of(noise), bits=bits, max_inflated=LIMIT).capacity > 0


@pytest.mark.parametrize("bits", [0, 3, 16, -1, "1", 1.0, True, None])
def test_other_widths_are_refused(bits: object) -> None:
    with pytest.raises(Untrusted, match="status_invalid") as refusal:
        decode_lst(StatusList.of(8, bits=1).encode_lst(), bits=bits, max_inflated=LIMIT)
    assert refusal.value.params["reason"] == "bits"


RAW = zlib.compressobj(9, zlib.DEFLATED, -15)
BAD_COMPRESSION = {
    "raw_deflate": RAW.compress(b"\x01" * 9) + RAW.flush(),
    "gzip": gzip.compress(b"\x01" * 9),
    "truncated": zlib.compress(b"\x01" * 9)[:-1],
    "trailing_bytes": zlib.compress(b"\x01" * 9) + b"\x00",
    "second_stream": zlib.compress(b"\x01") * 2,
    "wrong_checksum": zlib.compress(b"\x01" * 9)[:-1] + b"\xff",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BAD_COMPRESSION)
def test_anything_but_one_whole_zlib_stream_is_refused(name: str) -> None:
    with pytest.raises(Untrusted) as refusal:
        decode_lst(lst_of(BAD_COMPRESSION[name]), bits=1, max_inflated=LIMIT)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("status_invalid", "lst_compression")


@pytest.mark.parametrize(
    "lst", [None, 5, ["eNoDAAAAAAE"], "eNrbuRgAAhcBXQ==", "eNrb+RgAAhcBXQ", "eNrb uRgAAhcBXQ"]
)
def test_lst_has_to_be_canonical_base64url(lst: object) -> None:
    with pytest.raises(Untrusted) as refusal:
        decode_lst(lst, bits=1, max_inflated=LIMIT)
    assert refusal.value.params["reason"] == "lst_form"


def test_empty_list_is_refused() -> None:
    with pytest.raises(Untrusted) as refusal:
        decode_lst(lst_of(zlib.compress(b"")), bits=1, max_inflated=LIMIT)
    assert refusal.value.params["reason"] == "list_empty"


def test_inflation_stops_at_the_limit() -> None:
    assert decode_lst(lst_of(zlib.compress(bytes(LIMIT))), bits=8, max_inflated=LIMIT).capacity == LIMIT
    bomb = lst_of(zlib.compress(bytes(50 * 1024 * 1024), 9))
    with pytest.raises(Malformed) as refusal:
        decode_lst(bomb, bits=1, max_inflated=LIMIT)
    assert refusal.value.code == "limit_exceeded"


@pytest.mark.parametrize("idx", [-1, 1.5, "5", True, None, 2**53])
def test_index_has_to_be_a_whole_number(idx: int) -> None:
    with pytest.raises(Untrusted) as refusal:
        StatusList.of(8, bits=1).get(idx)
    assert refusal.value.params["reason"] == "index_form"


@pytest.mark.parametrize("bits", WIDTHS)
def test_first_index_beyond_the_list_is_refused(bits: int) -> None:
    statuses = StatusList.of(16, bits=bits)
    assert statuses.get(statuses.capacity - 1) == 0
    with pytest.raises(Untrusted) as refusal:
        statuses.get(statuses.capacity)
    assert refusal.value.params["reason"] == "index_out_of_range"


@pytest.mark.parametrize("value", [2, -1, True, "1"])
def test_status_that_does_not_fit_is_not_written(value: int) -> None:
    with pytest.raises(Untrusted) as refusal:
        StatusList.of(8, bits=1).set({0: value})
    assert refusal.value.params["reason"] == "value_out_of_range"


def test_reference_goes_there_and_back() -> None:
    reference = StatusReference("https://status.example/lists/1", 7)
    assert status_reference({"status": reference.to_claim()}) == reference


def test_absence_of_a_status_claim_is_told_apart() -> None:
    assert status_reference({"vct": "urn:example"}) is None


URI = "https://status.example/lists/1"
BAD_REFERENCES = [
    (None, "reference_form"),
    ("text", "reference_form"),
    ({}, "mechanism_unknown"),
    ({"type": "TokenStatusList", "purpose": "revocation", "index": 3, "uri": URI}, "mechanism_unknown"),
    ({"status_list": [URI, 3]}, "reference_form"),
    ({"status_list": {"idx": 3}}, "uri_form"),
    ({"status_list": {"idx": 3, "uri": ""}}, "uri_form"),
    ({"status_list": {"idx": 3, "uri": 5}}, "uri_form"),
    ({"status_list": {"idx": 3, "uri": "h" * 3000}}, "uri_form"),
    *(({"status_list": {"idx": 3, "uri": URI + end}}, "uri_form") for end in ("\x00", "\n", " ", "é", "\u202e")),
    *(({"status_list": {"idx": idx, "uri": URI}}, "index_form") for idx in (-1, 1.5, 1.0, "5", True, None, 2**63)),
]


@pytest.mark.parametrize(("status", "reason"), BAD_REFERENCES)
def test_reference_without_meaning_is_refused(status: object, reason: str) -> None:
    with pytest.raises(Untrusted) as refusal:
        status_reference({"status": status})
    assert (refusal.value.code, refusal.value.params["reason"]) == ("status_invalid", reason)
