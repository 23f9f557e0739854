"""Parts of a card: its ground, its emblem, its fields. A card is 340 by 214 units, the shape of a bank card.

Whatever stands between double braces is a placeholder for a claim; it is written in text only.
Spec: SD-JWT VC draft 19, SVG Rendering
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape as html_escape
from typing import Final

escape: Final = partial(html_escape, quote=False)

WIDTH: Final = 340
HEIGHT: Final = 214
MARGIN: Final = 20
_SANS: Final = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_MONO: Final = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_TURNS: Final = range(0, 180, 15)


@dataclass(frozen=True, slots=True)
class Colours:
    """``ink`` is for text on both grounds (contrast of 7 at least), ``accent`` for shapes and labels (4.5)."""

    ink: str
    accent: str
    light: str
    deep: str


@dataclass(frozen=True, slots=True)
class Field:
    """A label and, below it, a line or two of text with placeholders; ``x``, ``y`` is where the label stands."""

    x: int
    y: int
    label: str
    text: str
    size: float = 13
    mono: bool = False
    end: bool = False
    second: str = ""


def card(
    title: str,
    institution: str,
    about: str,
    *,
    colours: Colours,
    emblem: str,
    shapes: str,
    fields: Sequence[Field],
) -> bytes:
    """Return the template of a card; ``emblem`` and ``shapes`` are markup of ours, everything else is text."""
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-labelledby="title about" font-family="{_SANS}" fill="{colours.ink}">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="about">{escape(about)}</desc>',
        _ground(colours),
        f'<g transform="translate(284 18)" fill="none" stroke="{colours.accent}" stroke-width="2.2" '
        f'stroke-linecap="round" stroke-linejoin="round">{emblem}</g>',
        f'<text x="{MARGIN}" y="34" font-size="17" font-weight="700">{escape(title)}</text>',
        f'<text x="{MARGIN}" y="51" font-size="11" clip-path="url(#head)">{escape(institution)}</text>',
        f'<g fill="none" stroke="{colours.accent}" stroke-width="2" stroke-linecap="round">{shapes}</g>',
        '<g clip-path="url(#page)">',
        *(_field(each, colours) for each in fields),
        "</g></g></svg>\n",
    )
    return "\n".join(parts).encode()


def _ground(colours: Colours) -> str:
    """Return the paper of the card: a soft gradient, a rosette of fine lines, a rim; long texts end before it."""
    rosette = "".join(
        f'<ellipse rx="112" ry="44" transform="translate(270 138) rotate({turn})"/>' for turn in _TURNS
    )
    sheet = f'width="{WIDTH}" height="{HEIGHT}" rx="14"'
    return (
        f'<defs><linearGradient id="paper" x2="1" y2="1"><stop stop-color="{colours.light}"/>'
        f'<stop offset="1" stop-color="{colours.deep}"/></linearGradient>'
        f'<clipPath id="rim"><rect {sheet}/></clipPath>'
        f'<clipPath id="head"><rect width="276" height="{HEIGHT}"/></clipPath>'
        f'<clipPath id="page"><rect width="{WIDTH - 12}" height="{HEIGHT}"/></clipPath></defs>\n'
        f'<g clip-path="url(#rim)"><rect {sheet} fill="url(#paper)"/>\n'
        f'<g fill="none" stroke="{colours.accent}" stroke-width=".7" opacity=".2">{rosette}</g>\n'
        f'<rect width="6" height="{HEIGHT}" fill="{colours.accent}"/>'
        f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="13.5" fill="none" '
        f'stroke="{colours.accent}" opacity=".35"/>'
    )


def _field(field: Field, colours: Colours) -> str:
    anchor = ' text-anchor="end"' if field.end else ""
    face = f' font-family="{_MONO}"' if field.mono else ' font-weight="600"'
    below = field.y + round(field.size * 0.95) + 4
    lines = [
        *([_label(field, colours, anchor)] if field.label else []),
        f'<text x="{field.x}" y="{below}" font-size="{field.size:g}"{face}{anchor}>{escape(field.text)}',
        *([f'<text x="{field.x}" y="{below + 16}" font-size="12">{escape(field.second)}'] if field.second else []),
    ]
    return "".join(f"{line}</text>" for line in lines)


def _label(field: Field, colours: Colours, anchor: str) -> str:
    return (
        f'<text x="{field.x}" y="{field.y}" font-size="10" fill="{colours.accent}"{anchor}>{escape(field.label)}'
    )
