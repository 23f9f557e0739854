"""Frames: a text that is too long for one QR code, cut into several that a screen shows one after the other.

``PX1:I/N:CCCCCCCC:DATA``: the place (from 1) and the number of frames, the CRC-32 of the compressed text in eight
hexadecimal digits, and a piece of it in base45. All of it is in the alphanumeric mode of a QR code. The checksum
tells the sequences apart and finds errors of reading; it proves nothing. Described in docs/proximity.md.
"""

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Malformed, Refused
from portadoc.formats.visible_seal import base45

SPEC: Final = "Animated QR"
PREFIX: Final = "PX1:"
MAX_FRAMES: Final = 40
MAX_TEXT: Final = 64 * 1024
FRAME_CHARS: Final = 600
"""Characters of a frame: all that a QR code of version 15 at level M holds, read from a screen at arm's length."""
_FORM: Final = re.compile(r"PX1:([1-9][0-9]?)/([1-9][0-9]?):([0-9A-F]{8}):([0-9A-Z $%*+\-./:]+)", re.ASCII)
_HEAD_CHARS: Final = len("PX1:40/40:00000000:")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: ``place`` counts from 1 to ``count``; ``checksum`` is that of the whole sequence."""

    place: int
    count: int
    checksum: int
    piece: str


def make_frames(text: str, *, frame_chars: int = FRAME_CHARS) -> tuple[str, ...]:
    """Return the frames of an ASCII text, each of ``frame_chars`` characters at most.

    Raises Refused[frames_too_many] for a text that takes more than forty, or that no reader would take.
    """
    compressed = zlib.compress(text.encode("ascii"), 9)
    encoded = base45.encode(compressed)
    room = frame_chars - _HEAD_CHARS
    pieces = [encoded[at : at + room] for at in range(0, len(encoded), room)]
    if len(pieces) > MAX_FRAMES or len(text) > MAX_TEXT:
        raise Refused("frames_too_many", spec=SPEC, limit=MAX_FRAMES)
    checksum = f"{zlib.crc32(compressed):08X}"
    return tuple(f"{PREFIX}{at}/{len(pieces)}:{checksum}:{piece}" for at, piece in enumerate(pieces, start=1))


def parse_frame(text: str) -> Frame:
    """Return a frame; nothing says yet that its piece is right.

    Raises Malformed[frame_malformed] with a reason: form, place, count.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise _malformed("form")
    place, count = int(found[1]), int(found[2])
    if count > MAX_FRAMES:
        raise _malformed("count")
    if place > count:
        raise _malformed("place")
    return Frame(place, count, int(found[3], 16), found[4])


def read_frames(texts: Iterable[str]) -> str:
    """Return the text of one whole sequence; frames may come in any order and more than once.

    Raises Malformed[frame_malformed] with a reason: as ``parse_frame``; foreign (of another sequence), differs
    (two frames for one place), missing, checksum, encoding, text; Malformed[limit_exceeded].
    """
    pieces: dict[int, str] = {}
    first: Frame | None = None
    for frame in map(parse_frame, texts):
        first = first or frame
        if (frame.count, frame.checksum) != (first.count, first.checksum):
            raise _malformed("foreign")
        if pieces.setdefault(frame.place, frame.piece) != frame.piece:
            raise _malformed("differs")
    if first is None or len(pieces) != first.count:
        raise _malformed("missing")
    return _text("".join(pieces[place] for place in sorted(pieces)), first.checksum)


def _text(encoded: str, checksum: int) -> str:
    try:
        compressed = base45.decode(encoded)
    except Malformed as exc:
        raise _malformed("encoding") from exc
    if zlib.crc32(compressed) != checksum:
        raise _malformed("checksum")
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(compressed, MAX_TEXT + 1)
    except zlib.error as exc:
        raise _malformed("encoding") from exc
    if len(text) > MAX_TEXT:
        raise Malformed("limit_exceeded", spec=SPEC, what="frames", limit=MAX_TEXT)
    if not stream.eof or stream.unused_data:
        raise _malformed("encoding")
    if not text.isascii():
        raise _malformed("text")
    return text.decode("ascii")


def _malformed(reason: str) -> Malformed:
    return Malformed("frame_malformed", spec=SPEC, reason=reason)
