"""Looking into a picture or a PDF: every code in it, each looked into in turn. Nothing is verified."""

import re
from collections.abc import Callable
from typing import Final

from portadoc.cli.inspection.finding import Finding, Inspection, Said, Severity, refusal
from portadoc.errors import Error
from portadoc.inspector.batch.reading import FileKind, kind_of, read_codes

PICTURES: Final = frozenset({FileKind.IMAGE, FileKind.PDF})
_VERIFICATION: Final = re.compile(r"https?://(?P<host>[^/?#\s]+)/v/(?P<code>[0-9a-z-]+)", re.IGNORECASE)


def is_picture(raw: bytes) -> bool:
    """Tell whether a file is a PNG, a JPEG or a PDF, by its first bytes."""
    return kind_of(raw) in PICTURES


def inspect_picture(raw: bytes, inspect_text: Callable[[bytes], Inspection]) -> Inspection:
    """Return the codes in a picture. Raises Misconfigured[extra_missing] where nothing can read it."""
    read = read_codes(raw)
    said = (Said("what_picture", {"form": read.kind.value, "count": len(read.unverified_texts)}),)
    if read.problem:
        return Inspection(kind="picture", said=said, findings=(Finding(Severity.FAULT, read.problem),))
    findings = () if read.unverified_texts else (Finding(Severity.WARNING, "picture_without_code"),)
    parts = {f"{number}": _code(text, inspect_text) for number, text in enumerate(read.unverified_texts, 1)}
    return Inspection(kind="picture", said=said, findings=findings, parts=parts)


def _code(text: str, inspect_text: Callable[[bytes], Inspection]) -> Inspection:
    address = _VERIFICATION.fullmatch(text)
    if address is not None:
        told = {"host": address["host"], "code": address["code"]}
        return Inspection(kind="verification_address", said=(Said("what_verification_address", told),))
    try:
        return inspect_text(text.encode("utf-8", "surrogateescape"))
    except Error as error:
        shown = Inspection(kind="code", said=(Said("what_other_code"),), content={"text": text})
        return shown if error.code == "input_unknown" else _with(shown, refusal(error))


def _with(inspection: Inspection, finding: Finding) -> Inspection:
    return Inspection(kind=inspection.kind, said=inspection.said, findings=(finding,), content=inspection.content)
