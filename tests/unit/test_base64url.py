"""Base64url: one text for each byte string, and no other text is read."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.errors import Malformed

REFUSED = {
    "padding": "YQ==",
    "padding_that_fits": "YWI=",
    "padding_after_whole_groups": "YWJj====",
    "padding_inside": "YQ==YQ",
    "one_letter": "Y",
    "impossible_length": "YWJjZ",
    "plus": "+-8_",
    "slash": "/-8_",
    "space": "YW Jj",
    "leading_space": " YWJj",
    "newline": "YWJj\n",
    "nul": "YWJ\x00",
    "exclamation_mark": "YWJ!",
    "not_ascii": "YWé",
    "idle_bits_two": "YWJ",
    "idle_bits_four": "YR",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        base64url.decode(text, what="part")
    assert (refusal.value.code, refusal.value.params) == ("base64url_invalid", {"what": "part"})


@pytest.mark.parametrize("raw", [b"", b"a", b"ab", b"abc", b"\xff\xfe\xfd", bytes(range(256))])
def test_text_and_bytes_are_read_alike(raw: bytes) -> None:
    text = base64url.encode(raw)
    assert base64url.decode(text) == base64url.decode(text.encode()) == raw


@given(st.binary(max_size=100))
def test_the_text_is_that_of_the_standard_library_without_padding(raw: bytes) -> None:
    assert base64url.encode(raw) == base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert base64url.decode(base64url.encode(raw)) == raw


@given(st.text(st.sampled_from("AQgw_-09azZ+/= "), max_size=12))
def test_whatever_is_read_has_no_other_spelling(text: str) -> None:
    try:
        raw = base64url.decode(text)
    except Malformed:
        return
    assert base64url.encode(raw) == text
