"""Files for a batch whose size, inside or outside, is the attack. Everything is made when a test asks for it."""

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

MIB: Final = 2**20


def png(width: int, height: int, *, text: bytes = b"") -> bytes:
    """Return a grey picture without anything on it; ``text`` is a comment that is inflated to 100 MiB if asked."""
    row = zlib.compressobj(9)
    pixels = b"".join(row.compress(bytes(width + 1)) for _ in range(height)) + row.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    more = _chunk(b"zTXt", b"Comment\0\0" + text) if text else b""
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + more + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def vast_png() -> bytes:
    """Return the head of a picture of 60,000 by 60,000 points, and next to nothing behind it."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    content = _chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + content + _chunk(b"IEND", b"")


def pdf(content: bytes, *, pages: int = 1, box: str = "0 0 595 842", more: tuple[bytes, ...] = ()) -> bytes:
    """Return a PDF whose pages all have one compressed stream of content."""
    kids = " ".join(f"{3 + place} 0 R" for place in range(pages))
    stream, first_more = 3 + pages, 4 + pages
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents {stream} 0 R"
    page += f"/Resources<</XObject<</I {first_more} 0 R>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {pages}/Kids[{kids}]>>".encode(),
        *[page.encode()] * pages,
        _stream(b"/Filter/FlateDecode", content),
        *more,
    ]
    return b"%PDF-1.7\n" + b"".join(_numbered(objects)) + b"trailer<</Root 1 0 R>>\n%%EOF\n"


def pdf_image(side: int) -> bytes:
    """Return a picture object of ``side`` by ``side`` points that is compressed twice."""
    squeezed = zlib.compress(zlib.compress(bytes(side * side // 8), 9), 9)
    head = f"/Type/XObject/Subtype/Image/Width {side}/Height {side}/BitsPerComponent 1/ColorSpace/DeviceGray"
    return _stream(head.encode() + b"/Filter[/FlateDecode/FlateDecode]", squeezed)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _stream(head: bytes, content: bytes) -> bytes:
    return b"<<" + head + b"/Length %d>>stream\n" % len(content) + content + b"\nendstream"


def _numbered(objects: list[bytes]) -> Iterator[bytes]:
    for number, content in enumerate(objects, start=1):
        yield b"%d 0 obj\n" % number + content + b"\nendobj\n"


FILES: Final[Mapping[str, Callable[[], bytes]]] = {
    "head of 60,000 by 60,000 points": vast_png,
    "39 million points": lambda: png(6_200, 6_200),
    "comment of 100 MiB": lambda: png(10, 10, text=zlib.compress(bytes(100 * MIB), 9)),
    "PDF with 100 MiB of content": lambda: pdf(zlib.compress(b"0 0 m " * (100 * MIB // 6), 9)),
    "PDF with a picture of 30,000 by 30,000": lambda: pdf(zlib.compress(b"/I Do"), more=(pdf_image(30_000),)),
    "PDF of 10,000 pages": lambda: pdf(zlib.compress(b" "), pages=10_000),
    "PDF of 100 by 100 metres": lambda: pdf(zlib.compress(b" "), box="0 0 280000 280000"),
    "PDF of brackets": lambda: b"%PDF-1.7\n1 0 obj\n" + b"[" * MIB,
    "PDF of objects": lambda: b"%PDF-1.7\n" + b"1 0 obj<<>>endobj\n" * (MIB // 18),
    "text as long as may be": lambda: b"PD1:" + b"A" * (256 * 1024 - 4),
}
