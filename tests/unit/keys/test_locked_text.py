"""A text that only a secret opens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Untrusted
from portadoc.keys.locked_text import SALT_BYTES, lock_text, unlock_text
from portadoc.randomness import system_random_bytes

SECRET, CONTEXT = b"a secret that nobody can guess", b"test"


def locked(text: str = "text") -> bytes:
    return lock_text(text, secret=SECRET, context=CONTEXT, random_bytes=system_random_bytes)


@given(st.text())
def test_the_secret_opens_it(text: str) -> None:
    assert unlock_text(locked(text), secret=SECRET, context=CONTEXT) == text


def test_the_same_text_is_locked_differently_each_time() -> None:
    assert locked() != locked()


@pytest.mark.parametrize(("secret", "context"), [(b"another", CONTEXT), (b"", CONTEXT), (SECRET, b"other")])
def test_nothing_else_opens_it(secret: bytes, context: bytes) -> None:
    with pytest.raises(Untrusted, match="text_stays_locked"):
        unlock_text(locked(), secret=secret, context=context)


def test_any_changed_or_missing_byte_keeps_it_locked() -> None:
    whole = locked()
    changed = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))]
    for broken in (*changed, *(whole[:end] for end in range(len(whole))), whole + b"\0"):
        with pytest.raises(Untrusted, match="text_stays_locked"):
            unlock_text(broken, secret=SECRET, context=CONTEXT)


def test_the_length_tells_no_more_than_that_of_the_text() -> None:
    assert len(locked("abc")) == SALT_BYTES + 3 + 16
