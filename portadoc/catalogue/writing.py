"""Text that comes from elsewhere, made fit for a printed page: it says what it says and steers nothing.

A page shows Latin, Greek and Cyrillic letters. Everything else (other scripts, marks that pile up, invisible and
direction characters) is spelt out as ``\\u202e``, so that nothing is lost and nothing deceives.
"""

import json
import unicodedata
from typing import Final

LONGEST: Final = 300
"""Characters of one value on a page; a longer one ends with how many are missing."""
_WRITABLE: Final = (
    (0x20, 0x7E),
    (0xA1, 0xAC),
    (0xAE, 0x2FF),
    (0x370, 0x4FF),
    (0x1E00, 0x1FFF),
    (0x2010, 0x2027),
    (0x2030, 0x2040),
    (0x20A0, 0x20C0),
)
"""What the font of the page has in full, of the scripts that are written there."""


def on_paper(unverified: str, *, longest: int = LONGEST) -> str:
    """Return a value as it is printed: one line, every character visible, of bounded length."""
    composed = unicodedata.normalize("NFC", unverified)
    shown = "".join(map(_visible, composed[:longest]))
    left_out = len(composed) - longest
    return f"{shown} […+{left_out}]" if left_out > 0 else shown


def _visible(character: str) -> str:
    if character == "\u00a0":  # a space that does not break
        return " "
    code = ord(character)
    if unicodedata.category(character)[0] not in "CM" and any(first <= code <= last for first, last in _WRITABLE):
        return character
    return json.dumps(character)[1:-1]
