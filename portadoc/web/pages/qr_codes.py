"""QR codes that stand in pages."""

from typing import Final

import segno

_QUIET_ZONE: Final = 4  # modules; ISO/IEC 18004 §6.3.8


def qr_code(text: str, title: str) -> str:
    """Return a QR code as SVG, escaped and fit to stand in a page; black on white whatever the page's colours."""
    drawn = segno.make(text, error="m", micro=False, boost_error=False)
    svg = drawn.svg_inline(
        border=_QUIET_ZONE, omitsize=True, dark="#000", light="#fff", svgclass="qr", title=title
    )
    return svg.replace("<svg ", '<svg role="img" ', 1)
