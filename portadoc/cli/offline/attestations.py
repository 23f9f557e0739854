"""The one attestation in a file: what is none gets no verdict, only a word about what it is."""

import re
from typing import Final

from portadoc.cli.inputs import MAX_INPUT_BYTES, read_file
from portadoc.cli.output import language
from portadoc.errors import Error, Malformed
from portadoc.formats.visible_seal import PREFIX
from portadoc.i18n import render

_SD_JWT: Final = re.compile(r"[^.~\s]+\.[^.~\s]+\.[^.~\s]+~")
_LINES: Final = re.compile(r"[\r\n]")


def attestation_in(file: str, *, now: int) -> str:
    """Return the text of the seal or presentation in a text, a picture or a PDF, without the last end of line.

    Raises Malformed[no_attestation], [attestation_in_lines], [attestations_several], [batch_no_document],
    [batch_file_unreadable], [batch_file_too_large], [limit_exceeded], Misconfigured[extra_missing].
    """
    from portadoc.inspector.batch.reading import MAX_FILE_BYTES, FileKind, kind_of

    raw = read_file(file, max_bytes=MAX_FILE_BYTES)
    if kind_of(raw) in (FileKind.IMAGE, FileKind.PDF):
        return _only_one(raw)
    if len(raw) > MAX_INPUT_BYTES:
        raise Malformed("limit_exceeded", what="input", limit=MAX_INPUT_BYTES)
    text = raw.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    if not (text.startswith(PREFIX) or _SD_JWT.match(text)):
        raise _no_attestation(raw, now)
    if _LINES.search(text):
        raise Malformed("attestation_in_lines")
    return text


def _only_one(raw: bytes) -> str:
    from portadoc.inspector.batch.reading import read_documents

    read = read_documents(raw)
    if read.problem:
        raise Malformed(read.problem)
    if len(read.unverified_texts) > 1:
        raise Malformed("attestations_several", count=len(read.unverified_texts))
    return read.unverified_texts[0]


def _no_attestation(raw: bytes, now: int) -> Malformed:
    """Return the refusal of what is no attestation, with what it is where that is known."""
    from portadoc.cli.inspection.recognise import inspect_input

    try:
        said = inspect_input(raw, now=now).said[0]
    except Error:
        return Malformed("batch_file_unreadable")
    return Malformed("no_attestation", what=render(said.code, said.params, language()).text)
