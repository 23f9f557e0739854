"""Base45: the examples of the specification, and every text that is not the one of its bytes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Malformed
from portadoc.formats.visible_seal import base45


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")],
)
def test_the_examples_of_rfc_9285(raw: bytes, text: str) -> None:
    assert base45.encode(raw) == text
    assert base45.decode(text) == raw


@given(st.binary(max_size=200))
def test_bytes_come_back_and_have_one_text(raw: bytes) -> None:
    text = base45.encode(raw)
    assert base45.decode(text) == raw
    assert len(text) == len(raw) // 2 * 3 + len(raw) % 2 * 2


@given(st.text(alphabet=base45.ALPHABET, max_size=30))
def test_a_text_that_is_read_is_the_one_that_is_written(text: str) -> None:
    with contextlib.suppress(Malformed):
        assert base45.encode(base45.decode(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("GGW", "overflow"),
        (":::", "overflow"),
        ("V5", "overflow"),
        ("::", "overflow"),
        ("A", "length"),
        ("BB8A", "length"),
        ("bb8", "character"),
        ("BB_", "character"),
        ("BB8\n", "character"),
        ("ＢＢ8", "character"),
    ],
)
def test_what_no_bytes_have_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Malformed) as refusal:
        base45.decode(text)
    assert (refusal.value.code, refusal.value.params) == ("base45_invalid", {"reason": reason})


def test_the_largest_values_are_read() -> None:
    assert base45.decode("FGW") == b"\xff\xff"
    assert base45.decode("U5") == b"\xff"
