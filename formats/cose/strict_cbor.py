"""CBOR with exactly one reading: the part of it that signed claims need, at a cost that its bytes bound.

Whole numbers, byte and text strings, arrays, maps with keys of numbers or texts, false, true and null. Refused:
indefinite lengths, floats, other simple values, tags (but the one that a caller expects), duplicate keys, and
bytes after the end. The form is walked here before the library decodes it, so no tag and no promised length ever
reaches the library. Spec: RFC 8949 §3, §5.
"""

from collections.abc import Mapping
from typing import Any, Final

import cbor2

from portadoc.errors import Malformed

Cbor = Any
CborMap = Mapping[int | str, Any]

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 8
MAX_ITEMS: Final = 4096
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_KEYS: Final = frozenset({_UNSIGNED, _NEGATIVE, _TEXT})
_FALSE_TRUE_NULL: Final = frozenset({20, 21, 22})
_LARGEST_NEGATIVE: Final = 2**63 - 1
"""The argument of -2^63, the smallest number that is read; the largest is 2^64 - 1."""


def loads(raw: bytes, *, what: str, tag: int | None = None, max_bytes: int = MAX_BYTES) -> Cbor:
    """Return the value of strict CBOR; ``tag`` has to stand before it when one is named, and is left out.

    Input is unverified; ``what`` names it in the refusal. Raises Malformed[cbor_malformed] (reason: truncated,
    trailing, indefinite, reserved, type, tag, key, duplicate_key, number, utf8) and Malformed[limit_exceeded].
    """
    if len(raw) > max_bytes:
        raise Malformed("limit_exceeded", what=what, limit=max_bytes)
    walk = _Walk(raw, what)
    start = 0 if tag is None else walk.after_tag(tag)
    if walk.after_item(start, MAX_DEPTH) != len(raw):
        raise walk.refusal("trailing")
    try:
        return cbor2.loads(raw[start:], allow_duplicate_keys=False, allow_indefinite=False)
    except cbor2.CBORDecodeError as exc:  # all that the walk does not look at
        reason = "utf8" if isinstance(exc.__cause__, UnicodeDecodeError) else "duplicate_key"
        raise walk.refusal(reason) from exc


def loads_map(raw: bytes, *, what: str, max_bytes: int = MAX_BYTES) -> CborMap:
    """Return the entries of a strict CBOR map. Raises as ``loads``, and cbor_malformed (reason not_map)."""
    value = loads(raw, what=what, max_bytes=max_bytes)
    if type(value) is not dict:
        raise Malformed("cbor_malformed", spec="RFC 8949 §3.1", what=what, reason="not_map")
    return value


def dumps(value: Cbor, *, tag: int | None = None) -> bytes:
    """Return the deterministic encoding of a value, under ``tag`` when one is named. Spec: RFC 8949 §4.2."""
    return cbor2.dumps(value if tag is None else cbor2.CBORTag(tag, value), canonical=True)


class _Walk:
    """Goes from head to head over encoded items, each counted, none made into a value."""

    def __init__(self, raw: bytes, what: str) -> None:
        self._raw = raw
        self._what = what
        self._items = 0

    def refusal(self, reason: str) -> Malformed:
        return Malformed("cbor_malformed", spec="RFC 8949 §3", what=self._what, reason=reason)

    def after_tag(self, tag: int) -> int:
        """Return where the item under the one tag expected begins."""
        major, found, at = self._head(0)
        if (major, found) != (_TAG, tag):
            raise self.refusal("tag")
        return at

    def after_item(self, at: int, depth: int) -> int:
        """Return where the item that begins at ``at`` ends."""
        self._items += 1
        if depth < 0 or self._items > MAX_ITEMS:
            limit = MAX_DEPTH if depth < 0 else MAX_ITEMS
            raise Malformed("limit_exceeded", spec="RFC 8949 §5.1", what=self._what, limit=limit)
        major, argument, at = self._head(at)
        if major in (_BYTES, _TEXT):
            return self._after_string(at, argument)
        if major == _ARRAY:
            for _ in range(argument):
                at = self.after_item(at, depth - 1)
        elif major == _MAP:
            for _ in range(argument):
                at = self.after_item(self._after_key(at, depth - 1), depth - 1)
        else:
            self._check_plain(major, argument)
        return at

    def _after_key(self, at: int, depth: int) -> int:
        major, _, _ = self._head(at)
        if major not in _KEYS:
            raise self.refusal("key")
        return self.after_item(at, depth)

    def _after_string(self, at: int, length: int) -> int:
        if length > len(self._raw) - at:
            raise self.refusal("truncated")
        return at + length

    def _check_plain(self, major: int, argument: int) -> None:
        if major == _TAG:
            raise self.refusal("tag")
        if major == _NEGATIVE and argument > _LARGEST_NEGATIVE:
            raise self.refusal("number")
        if major == _SIMPLE and argument not in _FALSE_TRUE_NULL:
            raise self.refusal("type")

    def _head(self, at: int) -> tuple[int, int, int]:
        """Return major type and argument of the head at ``at``, and where it ends."""
        if at >= len(self._raw):
            raise self.refusal("truncated")
        major, low = divmod(self._raw[at], 32)
        if low < 24:
            return major, low, at + 1
        if low > 27:
            raise self.refusal("indefinite" if low == 31 else "reserved")
        if major == _SIMPLE:  # a float, or a simple value without a name
            raise self.refusal("type")
        end = at + 1 + (1 << low - 24)
        if end > len(self._raw):
            raise self.refusal("truncated")
        return major, int.from_bytes(self._raw[at + 1 : end], "big"), end
