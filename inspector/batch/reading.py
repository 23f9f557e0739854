"""What is in a file: the texts of seals and presentations, out of text, photographs and PDF. All of it hostile.

Photographs and PDF are opened by a child process with bounds on time, memory and pixels: what breaks there breaks
nothing here. They need the extra ``portadoc[scan]``.
"""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portadoc.errors import Misconfigured
from portadoc.formats.visible_seal import PREFIX

MAX_FILE_BYTES: Final = 20 * 1024 * 1024
MAX_TEXT_BYTES: Final = 256 * 1024
MAX_DOCUMENTS: Final = 20
CHILD_S: Final = 30.0
CHILD_MODULE: Final = "portadoc.inspector.batch.codes"
_PACKAGES: Final = {"zxingcpp": "zxing-cpp", "PIL": "pillow", "pypdfium2": "pypdfium2"}
_HEADS: Final = ((b"\x89PNG\r\n\x1a\n", "image"), (b"\xff\xd8\xff", "image"), (b"%PDF-", "pdf"))


class FileKind(StrEnum):
    """What a file is, by its first bytes."""

    TEXT = "text"
    IMAGE = "image"
    PDF = "pdf"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file holds: the unverified texts of documents, or why there are none (a code of the messages)."""

    kind: FileKind
    unverified_texts: tuple[str, ...] = ()
    problem: str = ""


def read_documents(raw: bytes | bytearray) -> ReadFile:
    """Return the documents in a file. Raises Misconfigured[extra_missing] where no picture can be read at all."""
    read = read_codes(raw)
    return read if read.problem else _found(read.kind, read.unverified_texts)


def read_codes(raw: bytes | bytearray) -> ReadFile:
    """Return every text in a file: a line of text, or the codes in a picture. Raises as ``read_documents``."""
    kind = kind_of(raw)
    if len(raw) > MAX_FILE_BYTES:
        return ReadFile(kind, problem="batch_file_too_large")
    if kind is FileKind.OTHER:
        return ReadFile(kind, problem="batch_file_unreadable")
    if kind is FileKind.TEXT:
        return ReadFile(kind, (raw.decode("ascii").strip(),))
    require_scanner()
    return _of_child(kind, raw)


def kind_of(raw: bytes | bytearray) -> FileKind:
    """Return what a file is, by its first bytes; a text is one line of printable ASCII."""
    for head, kind in _HEADS:
        if raw.startswith(head):
            return FileKind(kind)
    stripped = raw.strip() if len(raw) <= MAX_TEXT_BYTES else b""
    is_text = len(stripped) > 0 and stripped.isascii() and stripped.decode("ascii").isprintable()
    return FileKind.TEXT if is_text else FileKind.OTHER


def is_document(text: str) -> bool:
    """Tell whether a text is meant to be a seal or a presentation."""
    return text.startswith(PREFIX) or (text.startswith("ey") and "~" in text)


def require_scanner() -> None:
    """Raise Misconfigured[extra_missing] unless everything is there that reads codes off pictures."""
    for module, package in _PACKAGES.items():
        if importlib.util.find_spec(module) is None:
            raise Misconfigured("extra_missing", package=package, extra="scan")


def _of_child(kind: FileKind, raw: bytes | bytearray) -> ReadFile:
    command = [sys.executable, "-I", "-m", CHILD_MODULE, kind.value]
    try:
        ended = subprocess.run(  # noqa: S603
            command, input=raw, capture_output=True, timeout=CHILD_S, check=False, env=_bare_environment()
        )
    except subprocess.TimeoutExpired:
        return ReadFile(kind, problem="batch_file_too_large")
    if ended.returncode:
        return ReadFile(kind, problem="batch_file_unreadable")
    told = json.loads(ended.stdout)
    return ReadFile(kind, () if told["problem"] else tuple(told["texts"]), told["problem"])


def _bare_environment() -> dict[str, str]:
    """Return what a process needs to start at all: the service's own environment may hold its passphrase."""
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}


def _found(kind: FileKind, texts: tuple[str, ...]) -> ReadFile:
    documents = tuple(dict.fromkeys(each for each in texts if is_document(each)))
    if not documents:
        return ReadFile(kind, problem="batch_no_document")
    if len(documents) > MAX_DOCUMENTS:
        return ReadFile(kind, problem="batch_file_too_large")
    return ReadFile(kind, documents)
