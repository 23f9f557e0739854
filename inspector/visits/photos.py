"""How many pixels a photograph has, read from its head alone: what is too large is not unpacked."""

from typing import Final

MAX_PIXELS: Final = 40_000_000
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})


def pixels(data: bytes, media_type: str) -> int | None:
    """Return width times height, None where the head does not say. Spec: PNG §11.2.2, ITU-T T.81 §B.2.2."""
    if media_type == "image/png":
        whole = len(data) >= 24 and data[12:16] == b"IHDR"
        return int.from_bytes(data[16:20]) * int.from_bytes(data[20:24]) if whole else None
    return _of_jpeg(data)


def may_be_shown(data: bytes, media_type: str) -> bool:
    """Tell whether a photograph says a size within bounds."""
    found = pixels(data, media_type)
    return found is not None and 0 < found <= MAX_PIXELS


def _of_jpeg(data: bytes) -> int | None:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in _FRAMES:
            return int.from_bytes(data[place + 5 : place + 7]) * int.from_bytes(data[place + 7 : place + 9])
        place += 2 if marker in _ALONE else 2 + max(2, int.from_bytes(data[place + 2 : place + 4]))
    return None
