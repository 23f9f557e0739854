"""What a drawing may hold: shapes and text by name, and references to its own parts only.

The drawing of somebody else is shown inside a wallet: what could run, load or move is not on the lists below, and
what is not on the lists makes the whole drawing unusable. There are no styles, since they can load.
Spec: SD-JWT VC draft 19, SVG Rendering; SVG 2 §5, §11, §13
"""

import re
from typing import Final

from lxml import etree

from portadoc.formats.svg_rendering.templates import MAX_DRAWING_BYTES, invalid

PLACEHOLDER: Final = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}")
_SVG: Final = "{http://www.w3.org/2000/svg}"
_XML: Final = "{http://www.w3.org/XML/1998/namespace}"
_DECLARATION: Final = re.compile(
    r"""<\?xml\s+version=["']1\.0["'](?:\s+encoding=["']utf-8["'])?(?:\s+standalone=["'](?:yes|no)["'])?\s*\?>""",
    re.IGNORECASE,
)
_MAX_ELEMENTS: Final = 2000
_ELEMENTS: Final = frozenset(
    [
        "svg",
        "g",
        "title",
        "desc",
        "defs",
        "clipPath",
        "linearGradient",
        "radialGradient",
        "stop",
        "rect",
        "circle",
        "ellipse",
        "line",
        "path",
        "polygon",
        "polyline",
        "text",
        "tspan",
    ]
)
_ATTRIBUTES: Final = frozenset(
    [
        "id",
        "role",
        "lang",
        "aria-label",
        "aria-labelledby",
        "aria-describedby",
        "aria-hidden",
        "version",
        "viewBox",
        "preserveAspectRatio",
        "width",
        "height",
        "x",
        "y",
        "dx",
        "dy",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "fx",
        "fy",
        "d",
        "points",
        "pathLength",
        "transform",
        "fill",
        "fill-opacity",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-dasharray",
        "stroke-dashoffset",
        "opacity",
        "color",
        "offset",
        "stop-color",
        "stop-opacity",
        "gradientUnits",
        "gradientTransform",
        "spreadMethod",
        "clip-path",
        "clip-rule",
        "clipPathUnits",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
        "font-variant",
        "letter-spacing",
        "word-spacing",
        "text-anchor",
        "dominant-baseline",
        "textLength",
        "lengthAdjust",
        "direction",
        "visibility",
    ]
)
_SPOKEN: Final = frozenset(
    ["id", "role", "lang", "aria-label", "aria-labelledby", "aria-describedby", "aria-hidden"]
)
_XML_ATTRIBUTES: Final = frozenset({f"{_XML}lang", f"{_XML}space"})
_FUNCTIONS: Final = frozenset(
    ["rgb", "rgba", "hsl", "hsla", "translate", "rotate", "scale", "skewx", "skewy", "matrix"]
)
_FUNCTION: Final = re.compile(r"([^\s,();]*)\s*\(")
_OWN_PART: Final = re.compile(r"url\(#[A-Za-z_][A-Za-z0-9_.-]*\)")


def checked_text(drawing: bytes) -> str:
    """Return the text of a drawing that holds nothing but what is on the lists.

    Raises Untrusted[svg_template_invalid] with a reason: size, form (no well-formed SVG in UTF-8, or a doctype,
    an instruction, a character section), element, attribute, reference, placeholder (outside text).
    """
    if len(drawing) > MAX_DRAWING_BYTES or drawing.count(b"<") > 2 * _MAX_ELEMENTS:
        raise invalid("size")
    root = _parsed(drawing)
    for node in root.iter():
        _check(node)
    text = drawing.decode("utf-8")
    # a placeholder in a comment, or one that is spelt with character references, is no text that we would replace
    if PLACEHOLDER.findall(text) != PLACEHOLDER.findall("\0".join(_texts(root))):
        raise invalid("placeholder")
    return text


def told_by(drawing: bytes) -> str:
    """Return what a drawing says of itself to those who do not see it: its title and its description.

    Raises Untrusted[svg_template_invalid] as ``checked_text``, of which the drawing may be what was made of it.
    """
    told = [node.text or "" for node in _parsed(drawing) if node.tag in (f"{_SVG}title", f"{_SVG}desc")]
    return ". ".join(each.strip().rstrip(".") for each in told if each.strip())


def _parsed(drawing: bytes) -> etree._Element:
    try:
        content = _DECLARATION.sub("", drawing.decode("utf-8"), count=1)
        if any(mark in content for mark in ("<?", "<!DOCTYPE", "<!ENTITY", "<![CDATA[", "\ufeff")):
            raise invalid("form")
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
        )
        root = etree.fromstring(drawing, parser=parser)
    except (UnicodeDecodeError, etree.XMLSyntaxError, ValueError) as exc:
        raise invalid("form") from exc
    if root.tag != f"{_SVG}svg":
        raise invalid("element")
    return root


def _check(node: etree._Element) -> None:
    if isinstance(node, etree._Comment):
        return
    tag = str(node.tag)
    if not tag.startswith(_SVG) or tag.removeprefix(_SVG) not in _ELEMENTS:
        raise invalid("element")
    for name, value in node.attrib.items():
        _check_attribute(str(name), str(value))


def _check_attribute(name: str, value: str) -> None:
    if name not in _ATTRIBUTES | _XML_ATTRIBUTES:
        raise invalid("attribute")
    if "{{" in value:
        raise invalid("placeholder")
    if name in _SPOKEN:
        return
    outward = _OWN_PART.sub("", value)
    functions = {found.lower() for found in _FUNCTION.findall(outward)}
    if functions - _FUNCTIONS or any(mark in outward for mark in (":", "\\", "@", "/*")):
        raise invalid("reference")


def _texts(root: etree._Element) -> list[str]:
    """Return the text nodes in the order of the document."""
    texts: list[str] = []
    for event, node in etree.iterwalk(root, events=("start", "end", "comment")):
        if event == "start":
            texts.append(node.text or "")
        else:
            texts.append(node.tail or "")
    return texts
