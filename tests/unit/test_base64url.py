"""One text for each byte string, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.errors import Malformed


@given(st.binary(max_size=200))
def test_what_is_encoded_is_read_back(data: bytes) -> None:
    text = base64url.encode(data)
    assert "=" not in text
    assert base64url.decode(text) == base64url.decode(text.encode()) == data


@given(st.text(alphabet="ABYZabyz0189-_=+/ \n.", max_size=12))
def test_whatever_is_read_is_the_only_text_of_its_bytes(text: str) -> None:
    try:
        data = base64url.decode(text)
    except Malformed as refusal:
        assert refusal.code == "base64url_invalid"
    else:
        assert base64url.encode(data) == text


@pytest.mark.parametrize(
    "text",
    ["A", "AB", "AAB", "AA=", "AA==", "QQ==", "A A", "AA\n", "+A", "/A", "é", "A-_=", "AAAA====", "\ud800"],
)
def test_a07_a08_a09_other_texts_are_refused(text: str) -> None:
    with pytest.raises(Malformed, match="base64url_invalid"):
        base64url.decode(text, what="test")
