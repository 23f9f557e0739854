"""Frames of an animated QR code: cut and put together again, and every way in which that can fail."""

import hashlib
import zlib

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Error, Malformed, Refused
from portadoc.formats.animated_qr.frames import (
    FRAME_CHARS,
    MAX_FRAMES,
    MAX_TEXT,
    make_frames,
    parse_frame,
    read_frames,
)
from portadoc.formats.visible_seal import base45

TEXT = "".join(hashlib.sha256(bytes([at])).hexdigest() for at in range(80)) + "~"


def frames_of(compressed: bytes, *, checksum: int | None = None) -> list[str]:
    """One frame over bytes of any kind."""
    value = zlib.crc32(compressed) if checksum is None else checksum
    return [f"PX1:1/1:{value:08X}:{base45.encode(compressed)}"]


def refusal(frames: list[str]) -> tuple[str, object]:
    with pytest.raises(Error) as found:
        read_frames(frames)
    return found.value.code, found.value.params.get("reason")


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=4000), st.randoms())
def test_what_was_cut_is_put_together_in_any_order_and_with_repetitions(text: str, order: object) -> None:
    frames = [*make_frames(text), *make_frames(text)[:2]]
    order.shuffle(frames)  # type: ignore[attr-defined]
    assert read_frames(frames) == text


def test_each_frame_is_a_small_qr_code_in_alphanumeric_mode() -> None:
    frames = make_frames(TEXT)
    assert 4 < len(frames) < 12
    assert all(len(frame) <= FRAME_CHARS for frame in frames)
    drawn = [segno.make(frame, error="m", micro=False, boost_error=False) for frame in frames]
    assert {symbol.mode for symbol in drawn} == {"alphanumeric"}
    assert max(int(symbol.version) for symbol in drawn) <= 15


def test_a_text_that_takes_more_than_forty_frames_is_refused() -> None:
    with pytest.raises(Refused) as found:
        make_frames(TEXT, frame_chars=80)
    assert found.value.code == "frames_too_many"


def test_a_text_that_no_reader_would_take_is_refused() -> None:
    with pytest.raises(Refused):
        make_frames("A" * (MAX_TEXT + 1))


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("PX2:1/1:00000000:A", "form"),
        ("PX1:0/1:00000000:A", "form"),
        ("PX1:01/1:00000000:A", "form"),
        ("PX1:1/1:0000000g:A", "form"),
        ("PX1:1/1:00000000:a", "form"),
        ("PX1:1/1:00000000:", "form"),
        ("PX1:1/1:00000000:A\n", "form"),
        (f"PX1:1/{MAX_FRAMES + 1}:00000000:A", "count"),
        ("PX1:3/2:00000000:A", "place"),
    ],
)
def test_k02_a_frame_of_another_form_is_refused(frame: str, reason: str) -> None:
    with pytest.raises(Malformed) as found:
        parse_frame(frame)
    assert (found.value.code, found.value.params["reason"]) == ("frame_malformed", reason)


def test_k02_a_missing_frame_is_told() -> None:
    assert refusal(list(make_frames(TEXT)[:-1])) == ("frame_malformed", "missing")
    assert refusal([]) == ("frame_malformed", "missing")


def test_k02_a_frame_of_another_sequence_is_told() -> None:
    assert refusal([make_frames(TEXT)[0], make_frames(TEXT + "~")[1]]) == ("frame_malformed", "foreign")


def test_k02_two_frames_that_differ_for_one_place_are_told() -> None:
    first = make_frames(TEXT)[0]
    assert refusal([first, first[:-1] + ("A" if first[-1] != "A" else "B")]) == ("frame_malformed", "differs")


def test_k02_a_piece_that_was_read_wrongly_is_told() -> None:
    frames = list(make_frames(TEXT))
    frames[1] = frames[1][:-1] + ("A" if frames[1][-1] != "A" else "B")
    assert refusal(frames) == ("frame_malformed", "checksum")


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (["PX1:1/1:00000000::::"], ("frame_malformed", "encoding")),
        (frames_of(b"no zlib"), ("frame_malformed", "encoding")),
        (frames_of(zlib.compress(b"text") + b"more"), ("frame_malformed", "encoding")),
        (frames_of(zlib.compress(b"text")[:-2]), ("frame_malformed", "encoding")),
        (frames_of(zlib.compress("é".encode())), ("frame_malformed", "text")),
        (frames_of(zlib.compress(bytes(MAX_TEXT + 1))), ("limit_exceeded", None)),
    ],
    ids=["base45", "zlib", "trailing", "truncated", "not ascii", "bomb"],
)
def test_k02_what_is_no_compressed_text_is_refused(frames: list[str], expected: tuple[str, object]) -> None:
    assert refusal(frames) == expected
