"""Read disclosures: text, digest, content. Spec: RFC 9901 §4.2."""

from binascii import a2b_base64, b2a_base64
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

# What only standard base64 has becomes an impossible letter, so that no text has two spellings.
_TO_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING: Final = (b"", b"!", b"==", b"=")
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
    contents = dict(zip(digests(encoded, function), map(_content, encoded), strict=True))
    if len(contents) != len(texts):
        raise Malformed("disclosure_duplicate", spec="RFC 9901 §7.1")
    return contents


def _content(encoded: bytes) -> Content:
    standard = encoded.translate(_TO_STANDARD) + _PADDING[len(encoded) % 4]
    try:
        raw = a2b_base64(standard)
        content: Content = orjson.loads(raw)
    except ValueError as exc:
        raise _unreadable(encoded) from exc
    if b2a_base64(raw, newline=False) != standard:
        raise _unreadable(encoded)
    simple = type(content) is list and len(content) == 3 and type(content[2]) in _ONE_READING
    if simple and type(content[0]) is type(content[1]) is str:
        return content
    return _strict_content(raw)


def _strict_content(raw: bytes) -> Content:
    try:
        content = strict_json.loads(raw, what="disclosure", max_bytes=MAX_DISCLOSURE_CHARS)
    except Malformed as exc:
        raise _refusal(exc) from exc
    if type(content) is not list or len(content) not in (2, 3) or not _TEXT.issuperset(map(type, content[:-1])):
        raise _malformed("shape")
    return content


def _unreadable(encoded: bytes) -> Malformed:
    """Tell idle bits apart from letters that mean nothing and from base64url that holds no JSON."""
    try:
        _strict_content(base64url.decode(encoded))
    except Malformed as exc:
        if exc.code != "base64url_invalid":
            return exc
        if exc.spec == "RFC 4648 §3.5":
            return Malformed("malformed_token", spec=exc.spec, part="disclosure", reason="base64url")
    return _malformed("base64url")


def _malformed(reason: str) -> Malformed:
    return Malformed("disclosure_malformed", spec="RFC 9901 §4.2", reason=reason)


def _refusal(fault: Malformed) -> Malformed:
    if fault.code != "json_malformed":
        return fault
    if fault.params["reason"] == "duplicate_member":
        return Malformed("malformed_token", spec="RFC 7519 §4", part="disclosure", reason="duplicate_member")
    return _malformed(str(fault.params["reason"]))
