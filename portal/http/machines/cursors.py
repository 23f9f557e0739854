"""Places in a list, told to whoever reads on: only those that we gave out are taken, each from its own reader."""

from typing import Final

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import strict_json
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose

Place = tuple[int, str]
"""Time and id of the last entry that was told."""
_MAX_CURSOR: Final = 512


class Cursors:
    """Writes and reads the cursors of one list."""

    def __init__(self, key_ring: KeyRing, slug: str, client: str) -> None:
        self._key = key_ring.mac(slug, KeyPurpose.NONCE)
        self._context = f"portal cursor:{slug}:{client}:".encode()

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
            at, application_id = strict_json.loads(content, what="cursor")
        except (Malformed, Untrusted) as exc:
            raise Malformed("cursor_invalid") from exc
        return int(at), str(application_id)
