"""Many files in one form, one after the other as they arrive, and nothing of them written to disk. Spec: RFC 7578.

Never more than one file is held: a form of many megabytes takes no more memory than the largest file in it.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request

from portadoc.errors import Malformed

MAX_NAME: Final = 255
MAX_HEAD: Final = 4096
_BOUNDARY: Final = re.compile(r'multipart/form-data;\s*boundary="?([A-Za-z0-9\'()+_,./:=? -]{1,70})"?', re.ASCII)
_NAME: Final = re.compile(rb'content-disposition:\s*form-data;[^\r\n]*?\bfilename="((?:[^"\\\r\n]|\\.)*)"', re.I)
_SLICE: Final = 64 * 1024
_BLANK: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How many files one form may hold, and of how many bytes each is looked at."""

    files: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sent: its name, which is only ever shown, and its bytes.

    Of a file that is larger than any that is looked at, ``content`` is a beginning that is too large as well.
    """

    name: str
    content: bytes | bytearray = field(repr=False)


async def read_uploads(request: Request, limits: UploadLimits) -> AsyncIterator[Upload]:
    """Yield the files of a form while it arrives; those without name and content are left out.

    Raises Malformed[content_type_unsupported], [upload_malformed], [limit_exceeded]: also behind the first files.
    """
    found = _BOUNDARY.fullmatch(request.headers.get("content-type", ""))
    if found is None:
        raise Malformed("content_type_unsupported", allowed="multipart/form-data")
    reader = UploadReader(found[1].encode("ascii"), limits)
    async for piece in request.stream():
        for upload in reader.feed(piece):
            yield upload
    reader.close()


def parse_uploads(body: bytes, boundary: bytes, limits: UploadLimits) -> Iterator[Upload]:
    """Yield the files of a form that is at hand. Raises as ``read_uploads``."""
    reader = UploadReader(boundary, limits)
    for start in range(0, len(body), _SLICE):
        yield from reader.feed(body[start : start + _SLICE])
    reader.close()


class UploadReader:
    """Takes a form in pieces and gives each file once its end has come."""

    def __init__(self, boundary: bytes, limits: UploadLimits) -> None:
        self._limits = limits
        self._opening, self._mark = b"--" + boundary, b"\r\n--" + boundary
        self._buffer = bytearray()
        self._searched = 0
        self._begun = self._ended = False
        self._name: str | None = None
        self._files = 0

    def feed(self, piece: bytes) -> Iterator[Upload]:
        """Yield the files that end in a piece. Raises Malformed[upload_malformed], Malformed[limit_exceeded]."""
        self._buffer += piece
        if not self._begun and not self._begins():
            return
        while not self._ended and (self._name is not None or self._reads_head()):
            at = self._buffer.find(self._mark, self._searched)
            if at < 0:
                self._hold_back()
                return
            upload = Upload(self._name or "", self._taken(at))
            self._name = None
            if upload.name or upload.content:
                yield upload
        if self._ended:
            self._buffer.clear()  # what follows the last boundary means nothing

    def close(self) -> None:
        """Require the last boundary to have come. Raises Malformed[upload_malformed]."""
        if not self._ended:
            raise Malformed("upload_malformed")

    def _begins(self) -> bool:
        length = min(len(self._buffer), len(self._opening))
        if self._buffer[:length] != self._opening[:length]:
            raise Malformed("upload_malformed")
        self._begun = length == len(self._opening)
        if self._begun:
            del self._buffer[:length]
        return self._begun

    def _reads_head(self) -> bool:
        """Read what stands between a boundary and its file, or notice that the boundary was the last."""
        self._ended = self._buffer.startswith(b"--")
        if self._ended:
            return False
        blank = self._buffer.find(_BLANK, 0, MAX_HEAD)
        if blank < 0 and len(self._buffer) < MAX_HEAD:
            return False
        named = _NAME.search(self._buffer, 0, max(blank, 0))
        if named is None:
            raise Malformed("upload_malformed")
        self._files += 1
        if self._files > self._limits.files:
            raise Malformed("limit_exceeded", what="files", limit=self._limits.files)
        self._name = named[1].decode("utf-8", "replace")[:MAX_NAME]
        del self._buffer[: blank + len(_BLANK)]
        self._searched = 0
        return True

    def _hold_back(self) -> None:
        """Keep no more of a file than shows that it is too large, and the end, where a boundary may have begun."""
        self._searched = max(0, len(self._buffer) - len(self._mark) + 1)
        most = self._limits.file_bytes + 1
        if self._searched > most:
            del self._buffer[most : self._searched]
            self._searched = most

    def _taken(self, at: int) -> bytearray:
        """Return what stands before a boundary, without copying it."""
        content = self._buffer
        self._buffer = content[at + len(self._mark) :]
        del content[at:]
        self._searched = 0
        return content
