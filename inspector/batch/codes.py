"""The child process that opens pictures: a file on standard input, the texts of its codes on standard output.

Run as ``python -I -m portadoc.inspector.batch.codes image|pdf``. Bounds are set before a byte is looked at.
"""

import io
import json
import sys
from collections.abc import Iterator
from typing import Any, Final

MAX_PIXELS: Final = 40_000_000
MAX_PAGES: Final = 20
SCALE: Final = 200 / 72
"""Dots an inch over points an inch: a seal has 7 pixels a module then."""
_MEMORY_BYTES: Final = 2 * 1024**3
_CPU_S: Final = 20


class TooLarge(Exception):
    """The picture has more pixels, or the document more pages, than are looked at."""


def main() -> None:
    """Read one file and tell what codes are in it."""
    _bound()
    told: dict[str, Any] = {"problem": "", "texts": []}
    try:
        found = _pictures(sys.argv[1], sys.stdin.buffer.read())
        told["texts"] = [text for picture in found for text in _texts(picture)]
    except TooLarge:
        told["problem"] = "batch_file_too_large"
    sys.stdout.write(json.dumps(told))


def _bound() -> None:
    """Bound the memory and the time of this process, where the system knows how."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))


def _pictures(kind: str, raw: bytes) -> Iterator[Any]:
    yield from _pages(raw) if kind == "pdf" else _image(raw)


def _image(raw: bytes) -> Iterator[Any]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own bound comes first, from the head of the file
    with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise TooLarge
        yield picture.convert("L")


def _pages(raw: bytes) -> Iterator[Any]:
    import pypdfium2

    document = pypdfium2.PdfDocument(raw)
    if len(document) > MAX_PAGES:
        raise TooLarge
    for page in document:
        if page.get_width() * page.get_height() * SCALE**2 > MAX_PIXELS:
            raise TooLarge
        yield page.render(scale=SCALE, grayscale=True).to_pil()


def _texts(picture: Any) -> Iterator[str]:
    import zxingcpp

    for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])):
        yield code.text


if __name__ == "__main__":
    main()
