"""Cursors are ours and of one reader; keys of repeated requests have one plain form."""

import pytest
from fastapi import Request

from portadoc.errors import Malformed
from portadoc.keys.signer import MacKey
from portadoc.web.machines.cursors import Cursors, page_size
from portadoc.web.machines.idempotency import idempotency_key

KEY = MacKey(bytes(32))


def test_a_place_comes_back_to_its_own_reader_only() -> None:
    ours = Cursors(KEY, reader="list:one")
    told = ours.cursor((1_795_343_400, "entry-1"))
    assert ours.place(told) == (1_795_343_400, "entry-1")
    for other in (Cursors(KEY, reader="list:two"), Cursors(MacKey(bytes(31) + b"1"), reader="list:one")):
        with pytest.raises(Malformed, match="cursor_invalid"):
            other.place(told)


@pytest.mark.parametrize("altered", ["", ".", "x.y", "e30.e30", "é.é", "x" * 513])
def test_j15_what_we_never_told_is_refused(altered: str) -> None:
    with pytest.raises(Malformed, match="cursor_invalid"):
        Cursors(KEY, reader="list:one").place(altered)


def test_a_page_has_a_size_within_bounds() -> None:
    assert page_size(None, usual=50, longest=100) == 50
    assert page_size("100", usual=50, longest=100) == 100
    for wrong in ("0", "101", "-1", "1.5", "", "٣", "1" * 400):
        with pytest.raises(Malformed, match="member_invalid"):
            page_size(wrong, usual=50, longest=100)


def request(*keys: bytes) -> Request:
    return Request({"type": "http", "headers": [(b"idempotency-key", key) for key in keys]})


def test_a_key_is_one_plain_text() -> None:
    assert idempotency_key(request(b"k-1")) == "k-1"
    for wrong in ((), (b"",), (b"a", b"b"), (b"x" * 201,), (b"a\tb",), ("é".encode(),)):
        with pytest.raises(Malformed, match="idempotency_key_invalid"):
            idempotency_key(request(*wrong))
