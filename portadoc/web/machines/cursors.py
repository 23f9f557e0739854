"""Places in a list, told to whoever reads on: only those that we gave out are taken, each from its own reader."""

from typing import Final

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import strict_json
from portadoc.keys.signer import MacKey

Place = tuple[int, str]
"""Time and id of the last entry that was told."""
_MAX_CURSOR: Final = 512


class Cursors:
    """Writes and reads the cursors of one list. ``reader`` says which list and who reads it, unmistakably."""

    def __init__(self, key: MacKey, *, reader: str) -> None:
        self._key = key
        self._context = f"{reader}:".encode()

    def cursor(self, place: Place) -> str:
        """Return the text of a place."""
        told = strict_json.dumps(list(place))
        return f"{base64url.encode(told)}.{base64url.encode(self._key.tag(self._context + told))}"

    def place(self, unverified: str) -> Place:
        """Return the place behind a cursor of ours. Raises Malformed[cursor_invalid] (J15)."""
        told, _, tag = unverified.partition(".")
        try:
            if len(unverified) > _MAX_CURSOR:
                raise Malformed("cursor_invalid")
            content = base64url.decode(told)
            self._key.verify(self._context + content, base64url.decode(tag))
            at, entry_id = strict_json.loads(content, what="cursor")
        except (Malformed, Untrusted) as exc:
            raise Malformed("cursor_invalid") from exc
        return int(at), str(entry_id)


def page_size(unverified: str | None, *, usual: int, longest: int) -> int:
    """Return how many entries a reader wants. Raises Malformed[member_invalid]."""
    if unverified is None:
        return usual
    if not (unverified.isascii() and unverified.isdecimal() and 1 <= int(unverified[:4]) <= longest):
        raise Malformed("member_invalid", member="/limit", expected=f"1 to {longest}")
    return int(unverified[:4])
