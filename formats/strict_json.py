"""JSON with exactly one reading: what two parsers could understand differently is refused.

Policy: valid UTF-8 without a byte order mark, no duplicate members at any depth, no lone surrogates, integers in
``[-2**63, 2**64 - 1]``, finite floats, no negative zero, bounded size and depth. Spec: RFC 8259, RFC 7493.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

import orjson

from portadoc.errors import Malformed
from portadoc.schemas.claims import Json, JsonObject

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32
_SMALLEST_INT: Final = -(2**63)
_LARGEST_INT: Final = 2**64 - 1
_LONGEST_INT: Final = 20
_ONE_READING: Final = frozenset((str, bool, type(None)))


def loads(raw: bytes | str, *, what: str, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Json:
    """Return the value of strict JSON text; ``what`` names the text in the refusal.

    Input is unverified. Raises Malformed[json_malformed] (reason: encoding, syntax, duplicate_member, number) and
    Malformed[limit_exceeded].
    """
    encoded = _utf8(raw, what) if isinstance(raw, str) else raw
    if len(encoded) > max_bytes:
        raise Malformed("limit_exceeded", what=what, limit=max_bytes)
    if encoded.count(b"{") + encoded.count(b"[") > max_depth:
        _check_depth(encoded, what, max_depth)
    try:
        value = orjson.loads(encoded)
    except orjson.JSONDecodeError as exc:
        raise Malformed("json_malformed", spec="RFC 8259 §2", what=what, reason="syntax") from exc
    # A writer never repeats a member, so text that it gives back unchanged repeats none.
    if orjson.dumps(value) == encoded and b"-0.0" not in encoded:
        return value
    if b"{" not in encoded and type(value) is list and _ONE_READING.issuperset(map(type, value)):
        return value
    return _read_again_with_hooks(encoded, what)


def loads_object(
    raw: bytes | str, *, what: str, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH
) -> JsonObject:
    """Return the members of a strict JSON object. Raises as ``loads``, and json_malformed (reason not_object)."""
    value = loads(raw, what=what, max_bytes=max_bytes, max_depth=max_depth)
    if type(value) is not dict:
        raise Malformed("json_malformed", spec="RFC 8259 §4", what=what, reason="not_object")
    return value


def dumps(value: Json) -> bytes:
    """Return compact UTF-8 JSON. Raises Malformed[json_malformed] (reason not_representable)."""
    return dumps_each([value])[0]


def dumps_each(values: Iterable[Json]) -> list[bytes]:
    """Return ``dumps`` of each value."""
    try:
        return [orjson.dumps(value) for value in values]
    except orjson.JSONEncodeError as exc:
        raise Malformed("json_malformed", spec="RFC 8259", what="value", reason="not_representable") from exc


def _utf8(text: str, what: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as exc:
        raise Malformed("json_malformed", spec="RFC 8259 §8.1", what=what, reason="encoding") from exc


# The closing quote is optional so that an open string swallows the rest: one pass whatever the input.
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")


def _check_depth(encoded: bytes, what: str, max_depth: int) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", encoded)):
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth:
            raise Malformed("limit_exceeded", what=what, limit=max_depth)


class _Fault(ValueError):
    """A reading that orjson tolerates and we refuse; the argument is the reason."""


def _members(pairs: list[tuple[str, Any]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Fault("duplicate_member")
    return members


def _integer(text: str) -> int:
    number = int(text) if len(text) <= _LONGEST_INT else _LARGEST_INT + 1
    if text == "-0" or not _SMALLEST_INT <= number <= _LARGEST_INT:
        raise _Fault("number")
    return number


def _float(text: str) -> float:
    number = float(text)
    if number == 0 and text.startswith("-"):
        raise _Fault("number")
    return number


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_float=_float)


def _read_again_with_hooks(encoded: bytes, what: str) -> Json:
    try:
        return _DECODER.decode(encoded.decode())
    except _Fault as exc:
        raise Malformed("json_malformed", spec="RFC 7493 §2", what=what, reason=str(exc)) from exc
