"""Attachments over HTTP: the files of a form, and a download that no browser opens as a page of ours."""

from typing import Final
from urllib.parse import quote

from fastapi import Request, Response

from portadoc.portal.attachments.attachments import MAX_FILE_BYTES, MAX_FILES_AT_ONCE, Sent
from portadoc.portal.store.attachment_store import Attachment
from portadoc.web.pages.uploads import UploadLimits, read_uploads

LIMITS: Final = UploadLimits(files=MAX_FILES_AT_ONCE, file_bytes=MAX_FILE_BYTES)
_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


async def sent_files(request: Request) -> tuple[Sent, ...]:
    """Return the files of a form (``multipart/form-data`` with nothing but files).

    Raises Malformed[content_type_unsupported], [upload_malformed], [limit_exceeded].
    """
    return tuple([Sent(each.name, bytes(each.content)) async for each in read_uploads(request, LIMITS)])


def download(attachment: Attachment, content: bytes) -> Response:
    """Return a file as a download. Spec: RFC 6266 §4, RFC 8187, CSP Level 3 §6.2.2 (sandbox)."""
    plain = attachment.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(attachment.name, safe='')}"
    headers = {
        "Content-Disposition": disposition,
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(content, headers=headers, media_type=attachment.media_type)
