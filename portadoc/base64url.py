"""Strict base64url without padding: one text for each byte string, so a token cannot be rewritten unseen."""

import binascii
from typing import Final

from portadoc.errors import Malformed

# What only standard base64 has becomes an impossible letter; so does the filling of an impossible length.
_TO_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_PADDING: Final = (b"", b"!", b"==", b"=")
_LAST_LETTERS: Final = (frozenset[int](), frozenset[int](), frozenset(b"AQgw"), frozenset(b"AEIMQUYcgkosw048"))
"""By length modulo four: the last letters whose idle bits are zero."""


def encode(data: bytes) -> str:
    """Return base64url text without padding. Spec: RFC 7515 §2."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def decode(text: str | bytes, *, what: str = "segment") -> bytes:
    """Return the bytes of canonical base64url text; ``what`` names the part in the refusal.

    Input is unverified. Raises Malformed[base64url_invalid] on padding, on any character outside the
    URL-safe alphabet (white space included), on an impossible length and on non-zero trailing bits.
    Spec: RFC 7515 §2, RFC 4648 §3.5.
    """
    try:
        raw = text if isinstance(text, bytes) else text.encode("ascii")
        rest = len(raw) % 4
        data = binascii.a2b_base64(raw.translate(_TO_STANDARD) + _PADDING[rest], strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise Malformed("base64url_invalid", spec="RFC 7515 §2", what=what) from exc
    if rest and raw[-1] not in _LAST_LETTERS[rest]:
        raise Malformed("base64url_invalid", spec="RFC 4648 §3.5", what=what)
    return data
