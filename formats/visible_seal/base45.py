"""Base45: bytes in the 45 characters that a QR code packs tightest. One spelling for each value.

Spec: RFC 9285
"""

from typing import Final

from portadoc.errors import Malformed

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_PAIR, _SINGLE = 0x10000, 0x100


def encode(raw: bytes) -> str:
    """Return three characters for each two bytes, two for a last single one. Spec: RFC 9285 §4."""
    pieces = [_three(raw[at] << 8 | raw[at + 1]) for at in range(0, len(raw) - 1, 2)]
    if len(raw) % 2:
        pieces.append(_three(raw[-1])[:2])
    return "".join(pieces)


def decode(text: str) -> bytes:
    """Return the bytes; upper case only, nothing passed over, no value that bytes cannot have.

    Input is unverified. Raises Malformed[base45_invalid] (reason: character, length, overflow). Spec: RFC 9285
    §4, §6.
    """
    try:
        values = [_VALUES[character] for character in text]
    except KeyError:
        raise _invalid("character") from None
    if len(values) % 3 == 1:
        raise _invalid("length")
    whole = len(values) - len(values) % 3
    numbers = [values[at] + values[at + 1] * 45 + values[at + 2] * 2025 for at in range(0, whole, 3)]
    last = [values[whole] + values[whole + 1] * 45] if whole < len(values) else []
    if any(number >= _PAIR for number in numbers) or any(number >= _SINGLE for number in last):
        raise _invalid("overflow")
    return b"".join([*(number.to_bytes(2, "big") for number in numbers), *(n.to_bytes(1, "big") for n in last)])


def _three(number: int) -> str:
    upper, first = divmod(number, 45)
    third, second = divmod(upper, 45)
    return ALPHABET[first] + ALPHABET[second] + ALPHABET[third]


def _invalid(reason: str) -> Malformed:
    return Malformed("base45_invalid", spec="RFC 9285 §6", reason=reason)
