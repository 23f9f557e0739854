"""Many files in one form: read strictly from bounded bytes, nothing written to disk. Spec: RFC 7578."""

import re
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request

from portadoc.errors import Malformed

MAX_FILES: Final = 200
MAX_UPLOAD_BYTES: Final = 64 * 1024 * 1024
MAX_NAME: Final = 255
_BOUNDARY: Final = re.compile(r'multipart/form-data;\s*boundary="?([A-Za-z0-9\'()+_,./:=? -]{1,70})"?', re.ASCII)
_NAME: Final = re.compile(rb'content-disposition:\s*form-data;[^\r\n]*?\bfilename="((?:[^"\\\r\n]|\\.)*)"', re.I)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sent: its name, which is only ever shown, and its bytes."""

    name: str
    content: bytes = field(repr=False)


async def read_uploads(request: Request) -> list[Upload]:
    """Return the files of a form.

    Raises Malformed[content_type_unsupported], [upload_malformed], [limit_exceeded].
    """
    found = _BOUNDARY.fullmatch(request.headers.get("content-type", ""))
    if found is None:
        raise Malformed("content_type_unsupported", allowed="multipart/form-data")
    body = await request.body()
    if len(body) > MAX_UPLOAD_BYTES:
        raise Malformed("limit_exceeded", what="body", limit=MAX_UPLOAD_BYTES)
    return parse_uploads(body, found[1].encode("ascii"))


def parse_uploads(body: bytes, boundary: bytes) -> list[Upload]:
    """Return the files between the boundaries, in order; those without name and content are left out.

    Raises Malformed[upload_malformed], Malformed[limit_exceeded].
    """
    opening, parts = b"--" + boundary, (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(parts) < 2 or not body.startswith(opening) or not parts[-1].startswith(b"--"):
        raise Malformed("upload_malformed")
    if len(parts) - 2 > MAX_FILES:
        raise Malformed("limit_exceeded", what="files", limit=MAX_FILES)
    return [each for each in map(_upload, parts[1:-1]) if each.name or each.content]


def _upload(part: bytes) -> Upload:
    head, blank, content = part.partition(b"\r\n\r\n")
    named = _NAME.search(head)
    if not blank or named is None:
        raise Malformed("upload_malformed")
    return Upload(named[1].decode("utf-8", "replace")[:MAX_NAME], content)
