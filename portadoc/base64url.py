"""Strict base64url without padding: one text for each byte string, so a token cannot be rewritten unseen."""

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Sequence
from typing import Final

from portadoc.errors import Malformed

# What only standard base64 has becomes an impossible letter, and so does the ending of an impossible text.
_TO_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_PADDING: Final = (b"", b"!", b"==", b"=")
_LAST_LETTERS: Final = (
    frozenset(range(256)),
    frozenset[int](),
    frozenset(b"AQgw"),
    frozenset(b"AEIMQUYcgkosw048"),
)
"""By length modulo four: the last letters whose idle bits are zero."""
_ENDINGS: Final = tuple(
    tuple(padding if letter in last_letters else b"!" for letter in range(256))
    for padding, last_letters in zip(_PADDING, _LAST_LETTERS, strict=True)
)
"""By length modulo four and last letter: the padding, or an impossible letter."""


def encode(data: bytes) -> str:
    """Return base64url text without padding. Spec: RFC 7515 §2."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def decode(text: str | bytes, *, what: str = "segment") -> bytes:
    """Return the bytes of canonical base64url text; ``what`` names the part in the refusal.

    Input is unverified. Raises Malformed[base64url_invalid] on padding, on any character outside the
    URL-safe alphabet (white space included), on an impossible length and on non-zero trailing bits.
    Spec: RFC 7515 §2, RFC 4648 §3.5.
    """
    try:
        raw = text if isinstance(text, bytes) else text.encode("ascii")
        rest = len(raw) % 4
        data = a2b_base64(raw.translate(_TO_STANDARD) + _PADDING[rest], strict_mode=True)
    except (UnicodeEncodeError, Error) as exc:
        raise Malformed("base64url_invalid", spec="RFC 7515 §2", what=what) from exc
    if rest and raw[-1] not in _LAST_LETTERS[rest]:
        raise Malformed("base64url_invalid", spec="RFC 4648 §3.5", what=what)
    return data


def decode_each(texts: Sequence[bytes], *, what: str = "segment") -> list[bytes]:
    """Return ``decode`` of each text, in one pass while all are in order. Raises as ``decode``."""
    try:
        return [
            a2b_base64(text.translate(_TO_STANDARD) + _ENDINGS[len(text) & 3][text[-1]], strict_mode=True)
            for text in texts
        ]
    except (IndexError, Error):  # an empty text, or one that ``decode`` refuses
        return [decode(text, what=what) for text in texts]
