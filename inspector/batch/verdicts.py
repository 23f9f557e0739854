"""One verdict a file, totals, and tables that no spreadsheet takes for formulas."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portadoc.inspector.batch.reading import FileKind, read_documents
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import RULES, Verdict

UNREAD: Final = "unread"
COLUMNS: Final = ("file", "kind", "documents", "verdict", "colour", "code", "institution", "number")
_GRAVITY: Final = tuple(dict.fromkeys(rule.verdict for rule in RULES))
_FORMULA: Final = frozenset("=+-@\t\r\n\0")
Judge = Callable[[str], VerificationReport]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVerdict:
    """What came of one file: the gravest verdict over the documents in it, ``unread`` where there are none."""

    file: str
    kind: FileKind
    documents: int = 0
    verdict: str = UNREAD
    colour: str = ""
    code: str = ""
    institution: str = ""
    number: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the members by name, exactly as they are."""
        return {name: getattr(self, name) for name in COLUMNS}


@dataclass(frozen=True, slots=True)
class Totals:
    """How many files came to which colour; ``unread`` are those without a document."""

    files: int
    green: int
    amber: int
    red: int
    unread: int

    @property
    def exit_code(self) -> int:
        """Return 0 when every file is green, 3 when some are amber, 1 when something is not to be relied on."""
        return 1 if self.red or self.unread or not self.files else 3 if self.amber else 0


def judge_file(name: str, raw: bytes | bytearray, judge: Judge) -> FileVerdict:
    """Return the verdict on one file. Raises Misconfigured[extra_missing]."""
    read = read_documents(raw)
    if read.problem:
        return FileVerdict(file=name, kind=read.kind, code=read.problem)
    reports = [judge(text) for text in read.unverified_texts]
    gravest = min(reports, key=lambda each: _gravity(each.verdict))
    reason = gravest.deciding_check
    return FileVerdict(
        file=name,
        kind=read.kind,
        documents=len(reports),
        verdict=gravest.verdict.value,
        colour=gravest.colour.value,
        code="" if reason is None else reason.full_code,
        institution=gravest.institution_id or "",
        number=_number(gravest),
    )


def totals(verdicts: Iterable[FileVerdict]) -> Totals:
    """Count the verdicts."""
    found = Counter(each.colour or UNREAD for each in verdicts)
    return Totals(found.total(), found["green"], found["amber"], found["red"], found[UNREAD])


def as_csv(verdicts: Sequence[FileVerdict]) -> str:
    """Return the verdicts as a table for spreadsheets, every cell quoted and none a formula. Spec: RFC 4180."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([neutral(str(value)) for value in each.to_json().values()] for each in verdicts)
    return written.getvalue()


def neutral(cell: str) -> str:
    """Return a cell that is text to every spreadsheet: what could begin a formula gets an apostrophe before it.

    What only steers the direction of writing is left out. The exact value stands in the JSON. Spec: ASVS 1.2.10.
    """
    plain = "".join(_plain(cell))
    return f"'{plain}" if plain[:1] in _FORMULA and plain else plain


def _plain(cell: str) -> Iterator[str]:
    for each in cell:
        if each in "\ufeff\u200e\u200f" or "\u202a" <= each <= "\u202e" or "\u2066" <= each <= "\u2069":
            continue
        yield "" if each == "\0" else each


def _gravity(verdict: Verdict) -> int:
    return _GRAVITY.index(verdict) if verdict in _GRAVITY else len(_GRAVITY)


def _number(report: VerificationReport) -> str:
    document = report.record.get("document")
    found = document.get("number") if isinstance(document, Mapping) else report.record.get("card_number")
    return found if isinstance(found, str) else ""
