"""QR codes for print: level M, a whole quiet zone, modules of half a millimetre.

Measured: a camera reads a symbol when it spans four pixels a module; half a millimetre is well above what inkjet
printers need. Spec: ISO/IEC 18004 §6.3.8, §7.5; BSI TR-03137-1 §3.1
"""

import io
from dataclasses import dataclass
from typing import Any, Final

import segno

from portadoc.errors import Refused
from portadoc.formats.visible_seal.seal import LARGEST_PRINTED

LARGEST_VERSION: Final = 22
"""The largest symbol that a camera of 720 lines reads without the paper filling its view."""
MODULE_MM: Final = 0.5
QUIET_ZONE: Final = 4
PRINT_DPI: Final = 600
_PIXELS: Final = 12
"""A module in pixels: 0.508 mm at 600 dots an inch, where a printer's dots and the modules fall together."""


@dataclass(frozen=True, slots=True)
class QrSymbol:
    """One symbol, ready to be drawn."""

    text: str
    _drawn: Any

    @property
    def version(self) -> int:
        """Return the version: 1 to 22."""
        return int(self._drawn.version)

    @property
    def size_mm(self) -> float:
        """Return the width in print, quiet zone included."""
        return float(self._drawn.symbol_size(scale=1, border=QUIET_ZONE)[0] * MODULE_MM)

    def svg(self) -> bytes:
        """Return the symbol as SVG in millimetres, black on white."""
        return self._saved(kind="svg", scale=MODULE_MM, unit="mm", dark="#000", light="#fff", svgclass=None)

    def png(self) -> bytes:
        """Return the symbol as PNG that states its resolution, so that it prints in its size."""
        return self._saved(kind="png", scale=_PIXELS, dpi=PRINT_DPI)

    def _saved(self, **options: Any) -> bytes:
        drawn = io.BytesIO()
        self._drawn.save(drawn, border=QUIET_ZONE, **options)
        return drawn.getvalue()


def qr_symbol(text: str) -> QrSymbol:
    """Return the symbol of a text at level M, never larger than version 22. Raises Refused[seal_too_large]."""
    try:
        drawn = segno.make(text, error="m", micro=False, boost_error=False)
    except segno.DataOverflowError as exc:
        raise _too_large(text) from exc
    if int(drawn.version) > LARGEST_VERSION:
        raise _too_large(text)
    return QrSymbol(text, drawn)


def _too_large(text: str) -> Refused:
    return Refused("seal_too_large", spec="ISO/IEC 18004 §7.4", characters=len(text), limit=LARGEST_PRINTED)
