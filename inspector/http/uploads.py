"""The files of a batch: how many at a time and how large, read one after the other as they arrive."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from fastapi import Request

from portadoc.inspector.batch.reading import MAX_FILE_BYTES
from portadoc.web.pages import uploads
from portadoc.web.pages.uploads import Upload, UploadLimits

MAX_FILES: Final = 200
MAX_UPLOAD_BYTES: Final = 64 * 1024 * 1024
LIMITS: Final = UploadLimits(files=MAX_FILES, file_bytes=MAX_FILE_BYTES)


def read_uploads(request: Request) -> AsyncIterator[Upload]:
    """Yield the files of a form while it arrives. Raises as ``portadoc.web.pages.uploads.read_uploads``."""
    return uploads.read_uploads(request, LIMITS)


def parse_uploads(body: bytes, boundary: bytes) -> Iterator[Upload]:
    """Yield the files of a form that is at hand. Raises as ``read_uploads``."""
    return uploads.parse_uploads(body, boundary, LIMITS)
