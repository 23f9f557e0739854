"""What in a compressed seal is read by nobody is refused; how it was compressed is left to whoever did it."""

import zlib

import pytest

from portadoc.errors import Malformed
from portadoc.formats.visible_seal.one_spelling import inflated

MESSAGE = bytes(range(200, 250))


def test_a_stored_block_is_read() -> None:
    assert inflated(zlib.compress(MESSAGE, 0), limit=100) == MESSAGE


@pytest.mark.parametrize("bit", range(3, 8))
def test_idle_bits_behind_the_head_of_a_stored_block_are_refused(bit: int) -> None:
    stream = bytearray(zlib.compress(MESSAGE, 0))
    stream[2] |= 1 << bit
    assert zlib.decompress(bytes(stream)) == MESSAGE
    with pytest.raises(Malformed) as caught:
        inflated(bytes(stream), limit=100)
    assert caught.value.params["reason"] == "padding"


def test_another_compression_of_one_message_is_the_same_seal() -> None:
    """A reference to what was read before may lead to either of two equal places: no reader can refuse that."""
    message = MESSAGE + b"institution" + b"?" * 9 + b"institution" + b"!" * 9 + b"institution"
    streams = {zlib.compress(message, level) for level in (0, 1, 9)}
    assert len(streams) > 1
    assert {inflated(stream, limit=1000) for stream in streams} == {message}
