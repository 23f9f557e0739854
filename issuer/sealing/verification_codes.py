"""The verification code of a sealed paper: ``XXXX-XXXX-XXXX-XXXX``, 75 random bits and a check character.

Crockford's 32 characters, so that no two look alike; the check character makes one wrong character, or any two
that changed places, show without asking anybody. What a reader types is forgiven case, hyphens, spaces and O, I,
L.
"""

import re
import unicodedata
from typing import Final

from portadoc.errors import Malformed
from portadoc.randomness import RandomBytes

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 16
MAX_SECOND_CHARS: Final = 256
_RANDOM_CHARS: Final = LENGTH - 1
_CODE: Final = re.compile(f"[{ALPHABET}]{{{LENGTH}}}", re.ASCII)
_FORGIVEN: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_MAX_TYPED: Final = 64


def new_verification_code(random_bytes: RandomBytes) -> str:
    """Return a new code in groups of four."""
    drawn = int.from_bytes(random_bytes(10), "big") >> 5
    places = range(5 * (_RANDOM_CHARS - 1), -1, -5)
    characters = "".join(ALPHABET[drawn >> place & 31] for place in places)
    return grouped(characters + ALPHABET[_doubled(_remainder(characters))])


def read_verification_code(unverified: str) -> str:
    """Return the sixteen characters of a code as typed. Raises Malformed[verification_code_malformed]."""
    typed = unverified[: _MAX_TYPED + 1]
    characters = typed.upper().translate(_FORGIVEN)
    if len(typed) > _MAX_TYPED or not _CODE.fullmatch(characters) or _remainder(characters) != 0:
        raise Malformed("verification_code_malformed")
    return characters


def grouped(characters: str) -> str:
    """Return the sixteen characters as they are printed."""
    return "-".join(characters[start : start + 4] for start in range(0, LENGTH, 4))


def verification_url(base_url: str, code: str) -> str:
    """Return what the QR code of a verification code says: upper case, which makes the symbol small.

    Scheme and host are the same in any case, and the path is served in both. Spec: RFC 3986 §6.2.2.1
    """
    return f"{base_url}/v/{code}".upper()


def second_factor(unverified: str) -> str:
    """Return a document number or a birth date (YYYY-MM-DD) as it is compared: letters and digits only, one case.

    Empty for a text without any. Raises Malformed[verification_second_invalid] for one that nothing could equal.
    """
    if len(unverified) > MAX_SECOND_CHARS:
        raise Malformed("verification_second_invalid", longest=MAX_SECOND_CHARS)
    plain = unicodedata.normalize("NFKC", unverified).casefold()
    return "".join(character for character in plain if character.isalnum())


def _remainder(characters: str) -> int:
    """Return the word modulo x + a in the field of 32, a being a primitive element: 0 for a whole code.

    The weights are powers of ``a``, all different in up to 31 places: no single change and no exchange of two
    different characters leaves the remainder as it was.
    """
    remainder = 0
    for character in characters:
        remainder = _doubled(remainder) ^ ALPHABET.index(character)
    return remainder


def _doubled(element: int) -> int:
    """Return an element times ``a`` in the field of 32 (x^5 + x^2 + 1)."""
    return element << 1 ^ (0b100101 if element & 16 else 0)
