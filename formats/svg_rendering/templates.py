"""Which drawings a type offers, and the one that fits best; nothing is fetched.

Spec: SD-JWT VC draft 19, Rendering Method "svg_templates", SVG Template Properties
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from portadoc.errors import Untrusted
from portadoc.schemas.claims import JsonObject

SPEC: Final = "SD-JWT VC, SVG Rendering"
CODE: Final = "svg_template_invalid"
MAX_DRAWING_BYTES: Final = 128 * 1024
_MAX_ENTRIES: Final = 64
_EMBEDDED: Final = re.compile(r"data:image/svg\+xml((?:;[a-z0-9=-]+)*),", re.IGNORECASE)
_PROPERTIES: Final = {
    "orientation": ("landscape", "portrait"),
    "color_scheme": ("light", "dark"),
    "contrast": ("normal", "high"),
}


@dataclass(frozen=True, slots=True)
class SvgTemplate:
    """A drawing as a type offers it; a property that is not told is empty. ``uri`` is https or ``data:``."""

    locale: str
    uri: str
    integrity: str | None
    orientation: str = ""
    color_scheme: str = ""
    contrast: str = ""

    @property
    def embedded(self) -> bytes | None:
        """The drawing, when it travels with the type; None when it lies elsewhere.

        Raises Untrusted[svg_template_invalid] (reason ``uri``, ``size``).
        """
        found = _EMBEDDED.match(self.uri)
        if found is None:
            return None
        content = self.uri[found.end() :]
        if len(content) > 4 * MAX_DRAWING_BYTES:
            raise invalid("size")
        if not found[1].lower().endswith(";base64"):
            return unquote_to_bytes(content)
        try:
            return base64.b64decode(unquote_to_bytes(content), validate=True)
        except binascii.Error as exc:
            raise invalid("uri") from exc


def read_templates(document: JsonObject) -> tuple[SvgTemplate, ...]:
    """Return the drawings of a Type Metadata document that ``resolve_type_metadata`` accepted.

    Raises Untrusted[svg_template_invalid] with a reason: templates, uri, integrity, properties.
    """
    return tuple(
        _template(entry, str(display.get("locale", "")))
        for display in _objects(document.get("display", []))
        for entry in _objects(_templates_of(display))
    )


def best_template(
    templates: Sequence[SvgTemplate], *, locale: str, orientation: str, color_scheme: str, contrast: str
) -> SvgTemplate | None:
    """Return the drawing that fits the reader best, the first of several; None when there is none at all."""
    wanted = {"orientation": orientation, "color_scheme": color_scheme, "contrast": contrast}

    def fit(template: SvgTemplate) -> tuple[bool, bool, int, int]:
        told = [(getattr(template, name), value) for name, value in wanted.items()]
        return (
            template.locale.lower() == locale.lower(),
            template.locale.partition("-")[0].lower() == locale.partition("-")[0].lower(),
            -sum(has not in ("", value) for has, value in told),
            sum(has == value for has, value in told),
        )

    return max(templates, key=fit, default=None)


def invalid(reason: str) -> Untrusted:
    """Return the one error of this room."""
    return Untrusted(CODE, spec=SPEC, reason=reason)


def _templates_of(display: JsonObject) -> Any:
    rendering = display.get("rendering", {})
    if not isinstance(rendering, dict):
        raise invalid("templates")
    return rendering.get("svg_templates", [])


def _objects(value: Any) -> list[JsonObject]:
    if (
        not isinstance(value, list)
        or len(value) > _MAX_ENTRIES
        or not all(isinstance(each, dict) for each in value)
    ):
        raise invalid("templates")
    return value


def _template(entry: JsonObject, locale: str) -> SvgTemplate:
    uri, integrity, properties = entry.get("uri"), entry.get("uri#integrity"), entry.get("properties", {})
    if not isinstance(uri, str) or not (uri.startswith("https://") or _EMBEDDED.match(uri)):
        raise invalid("uri")
    if not isinstance(integrity, str | None):
        raise invalid("integrity")
    if not isinstance(properties, dict):
        raise invalid("properties")
    told = {name: properties[name] for name in _PROPERTIES if name in properties}
    if any(value not in _PROPERTIES[name] for name, value in told.items()):
        raise invalid("properties")
    return SvgTemplate(locale=locale, uri=uri, integrity=integrity, **told)
