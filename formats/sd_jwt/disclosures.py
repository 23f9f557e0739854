"""Read disclosures: text, digest, content. Spec: RFC 9901 §4.2."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from portadoc import base64url
from portadoc.errors import Malformed
from portadoc.formats import strict_json
from portadoc.formats.sd_jwt.digests import HashFunction, digests
from portadoc.formats.sd_jwt.parse import MAX_DISCLOSURE_CHARS

Content = list[Any]
"""``[salt, name, value]`` for a member of an object, ``[salt, value]`` for an element of an array."""

_TEXT: Final = frozenset((str,))
_ONE_READING: Final = frozenset((str, bool, type(None)))
"""A member with such a value is JSON that nobody can read in a second way, whatever its spelling."""


def read(texts: Sequence[str], function: HashFunction) -> dict[str, Content]:
    """Return the content of each disclosure by its digest, in the order given.

    Input is unverified. Raises Malformed[disclosure_malformed] when a text has no reading,
    Malformed[malformed_token] when it has more than one (idle bits, a duplicate member),
    Malformed[disclosure_duplicate], Malformed[limit_exceeded]. Spec: RFC 9901 §7.1 step 3.
    """
    encoded = [text.encode("ascii", "replace") for text in texts]
    contents = dict(zip(digests(encoded, function), _contents(encoded), strict=True))
    if len(contents) != len(texts):
        raise Malformed("disclosure_duplicate", spec="RFC 9901 §7.1")
    return contents


def _contents(encoded: list[bytes]) -> list[Content]:
    """Read all at once while all are simple members, which is the rule; one by one as soon as one is not."""
    try:
        contents: list[Content] = list(map(orjson.loads, base64url.decode_each(encoded)))
    except (Malformed, ValueError):
        return list(map(_strict_content, encoded))
    return contents if _are_simple_members(contents) else list(map(_strict_content, encoded))


def _are_simple_members(contents: list[Content]) -> bool:
    """Tell whether all are members with plain values: JSON without a second reading, whatever its spelling."""
    for content in contents:
        if type(content) is not list or len(content) != 3:
            return False
        salt, name, value = content
        if type(salt) is not str or type(name) is not str or type(value) not in _ONE_READING:
            return False
    return True


def _strict_content(encoded: bytes) -> Content:
    try:
        raw = base64url.decode(encoded)
        content = strict_json.loads(raw, what="disclosure", max_bytes=MAX_DISCLOSURE_CHARS)
    except Malformed as exc:
        raise _refusal(exc) from exc
    if type(content) is not list or len(content) not in (2, 3) or not _TEXT.issuperset(map(type, content[:-1])):
        raise _malformed("shape")
    return content


def _malformed(reason: str) -> Malformed:
    return Malformed("disclosure_malformed", spec="RFC 9901 §4.2", reason=reason)


def _refusal(fault: Malformed) -> Malformed:
    """Tell texts with two readings apart from texts with none."""
    if fault.spec == "RFC 4648 §3.5" or fault.params.get("reason") == "duplicate_member":
        reason = str(fault.params.get("reason", "base64url"))
        return Malformed("malformed_token", spec=fault.spec, part="disclosure", reason=reason)
    return fault if fault.code == "limit_exceeded" else _malformed(str(fault.params.get("reason", "base64url")))
