"""The files that travel inside a PDF, read back: each with its name, its media type and what it is to the page.

pyHanko is an extra (``portadoc[pdf]``). Spec: ISO 32000-2 §7.11.4, §14.13; ISO 19005-3 §6.8.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from portadoc.errors import Malformed
from portadoc.paper.pades import require_pyhanko


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """One file as it lies in the PDF; ``relationship`` such as ``Data``. All of it is unverified."""

    name: str
    media_type: str
    relationship: str
    content: bytes = field(repr=False)


def attached_files(pdf: bytes) -> tuple[AttachedFile, ...]:
    """Return the associated files of a PDF, in their order; it is unverified.

    Raises Malformed[pdf_unreadable], Misconfigured[extra_missing].
    """
    require_pyhanko()
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        return tuple(_files(PdfFileReader(io.BytesIO(pdf)).root))
    except (PdfError, KeyError, AttributeError, TypeError, ValueError) as exc:
        raise Malformed("pdf_unreadable") from exc


def _files(root: Any) -> Iterator[AttachedFile]:
    for specification in root.get("/AF", ()):
        found = specification.get_object()
        stream = found["/EF"]["/F"]
        yield AttachedFile(
            name=str(found["/UF"]),
            media_type=str(stream["/Subtype"]).removeprefix("/"),
            relationship=str(found["/AFRelationship"]).removeprefix("/"),
            content=bytes(stream.data),
        )
