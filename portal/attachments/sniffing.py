"""What a file is, by its own bytes: what the sender says about it counts for nothing.

Pure. A file has to begin and end as its format does; whatever else could be read into it, it is only ever handed
out as a download of that type.
"""

import re
import unicodedata
from enum import Enum
from typing import Final

from portadoc.errors import Malformed

_PDF: Final = re.compile(rb"%PDF-[12]\.[0-9]")
_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG: Final = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]", re.DOTALL)
_JPEG_END: Final = b"\xff\xd9"
_PDF_TAIL: Final = 1024
_MAX_NAME: Final = 100
_SHOWN: Final = frozenset({"L", "N"})


class AttachmentType(Enum):
    """A type of file that may be attached: its media type and the ending of its name."""

    PDF = ("application/pdf", ".pdf")
    PNG = ("image/png", ".png")
    JPEG = ("image/jpeg", ".jpg")

    @property
    def media_type(self) -> str:
        return self.value[0]

    @property
    def ending(self) -> str:
        return self.value[1]


def sniff(content: bytes) -> AttachmentType:
    """Return what a file is. Raises Malformed[attachment_type_unsupported] for anything else, also cut short."""
    if _PDF.match(content) and b"%%EOF" in content[-_PDF_TAIL:]:
        return AttachmentType.PDF
    if content.startswith(_PNG) and content.endswith(_PNG_END):
        return AttachmentType.PNG
    if _JPEG.match(content) and content.endswith(_JPEG_END):
        return AttachmentType.JPEG
    raise Malformed("attachment_type_unsupported")


def shown_name(unverified_name: str, kind: AttachmentType) -> str:
    """Return a name for showing and downloading: without folders, signs that mislead, or another ending."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", unverified_name))[-1]
    stem = last.rpartition(".")[0] or last
    kept = "".join(each if unicodedata.category(each)[0] in _SHOWN or each in " -_()" else "_" for each in stem)
    return (kept.strip(" _.")[:_MAX_NAME].rstrip() or "attachment") + kind.ending
