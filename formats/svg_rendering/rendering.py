"""Write the claims of a credential into the drawing of its type. Spec: SD-JWT VC draft 19, SVG Rendering."""

import re
import unicodedata
from typing import Final

from portadoc.errors import Refused, Untrusted
from portadoc.formats.dcql.paths import PathPointer, select
from portadoc.formats.svg_rendering.drawings import PLACEHOLDER, checked_text
from portadoc.formats.svg_rendering.templates import SvgTemplate, invalid
from portadoc.formats.type_metadata import TypeMetadata, check_integrity
from portadoc.schemas.claims import Json, JsonObject

_MAX_VALUE: Final = 500
_ESCAPED: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_NO_LETTERS: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_STEERING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of the text around them. Spec: UAX 9 §2"""
_UNSEEN: Final = "\N{REPLACEMENT CHARACTER}"


def render(drawing: bytes, template: SvgTemplate, metadata: TypeMetadata, claims: JsonObject) -> bytes:
    """Return the drawing of a type with a credential's claims in place of its placeholders; all else is unchanged.

    ``drawing`` is unverified, ``claims`` are processed claims. A claim that is not there leaves nothing behind.
    Raises Untrusted[svg_template_invalid] with a reason: integrity_missing, integrity_mismatch,
    integrity_unsupported, those of ``checked_text``, placeholder_unknown.
    """
    # 1. the very bytes that the type means
    _check_bytes(drawing, template)
    # 2. shapes and text, nothing that could run or load; placeholders in text alone
    text = checked_text(drawing)
    # 3. each placeholder is a claim of the type
    paths = {claim.svg_id: claim.path for claim in metadata.claims if claim.svg_id is not None}
    if not set(PLACEHOLDER.findall(text)) <= paths.keys():
        raise invalid("placeholder_unknown")
    # 4. the claims, as text
    values = {svg_id: _escaped(_shown(claims, path)) for svg_id, path in paths.items()}
    return PLACEHOLDER.sub(lambda found: values[found[1]], text).encode()


def _check_bytes(drawing: bytes, template: SvgTemplate) -> None:
    if template.integrity is None:
        if template.embedded is None:  # what lies elsewhere may be another drawing for another reader
            raise invalid("integrity_missing")
        return
    try:
        check_integrity(drawing, template.integrity)
    except Untrusted as exc:
        raise invalid(str(exc.params["reason"])) from exc


def _shown(claims: JsonObject, path: PathPointer) -> str:
    """Return the plain values that a path selects, each once; what is not there is nothing."""
    try:
        found = [element.value for element in select(claims, path)]
    except Refused:
        return ""
    plain = [text for value in found for text in _texts(value)]
    shown = ", ".join(dict.fromkeys(plain))
    return shown if len(shown) <= _MAX_VALUE else f"{shown[:_MAX_VALUE]}…"


def _texts(value: Json) -> list[str]:
    if isinstance(value, list):
        return [text for element in value if not isinstance(element, list) for text in _texts(element)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)] if isinstance(value, str | int | float) else []


def _escaped(value: str) -> str:
    """Return a value as text of XML: markup spelt out, signs that steer or cannot be shown become one mark."""
    told = "".join(_UNSEEN if c in _STEERING or unicodedata.category(c) in _NO_LETTERS else c for c in value)
    return re.sub("[&<>\"']", lambda found: _ESCAPED[found[0]], told)
