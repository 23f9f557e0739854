"""Strict ``application/x-www-form-urlencoded``: one reading of the bytes or none.

Lenient parsers accept ``;`` between pairs or the same name twice; two components that read such a body differently
can be played against each other.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from portadoc.errors import Malformed

_MAX_PAIRS: Final = 64
_MAX_ESCAPES: Final = 64 * 1024  # decoding one takes two hundred times its size
# Possessive, for a repetition that may be given back costs memory for every character.
_ENCODED: Final = re.compile(rb"(?:[A-Za-z0-9*\-._~+!'()@:/?,$\[\]\"\\^`{|}<>=]++|%[0-9A-Fa-f]{2})*+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def parse_form(body: bytes) -> dict[str, str]:
    """Return the parameters of a form body; those without a value are left out.

    Input is unverified. Raises: Malformed[form_invalid] with a reason: pair, too_many, encoding, utf8, control,
    duplicate.
    Spec: RFC 6749 §3.2 (no parameter twice, an empty one counts as absent), appendix B.
    """
    if not body:
        return {}
    pairs = body.split(b"&")
    if len(pairs) > _MAX_PAIRS:
        raise Malformed("form_invalid", reason="too_many")
    seen: dict[str, str] = {}
    for pair in pairs:
        raw_name, separator, raw_value = pair.partition(b"=")
        if not separator or not raw_name:
            raise Malformed("form_invalid", reason="pair")
        name, value = _decode(raw_name), _decode(raw_value)
        if name in seen:
            raise Malformed("form_invalid", reason="duplicate")
        seen[name] = value
    return {name: value for name, value in seen.items() if value}


def _decode(raw: bytes) -> str:
    if not _ENCODED.fullmatch(raw) or raw.count(b"%") > _MAX_ESCAPES:
        raise Malformed("form_invalid", reason="encoding")
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Malformed("form_invalid", reason="utf8") from exc
    if _CONTROL.search(text):
        raise Malformed("form_invalid", reason="control")
    return text
