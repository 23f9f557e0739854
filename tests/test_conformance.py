"""The conformance page tells the truth: every requirement is there, and what it names exists."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "conformance.md"
FAULTS = ROOT / "wallet_sim" / "faults"  # many tests take their cases from there
_REFERENCE = re.compile(r"`([^`]+)`")
_TEST = re.compile(r"(?P<file>[\w/]+\.py)::(?P<function>\w+)(?:\[(?P<case>[^\]]+)\])?")


def numbered(letters: str, first: int, last: int) -> list[str]:
    return [f"{letters}{number:02}" for number in range(first, last + 1)]


REQUIREMENTS = (
    *numbered("V-", 1, 19),
    *numbered("V-", 20, 28),
    *numbered("V-", 30, 36),
    *numbered("V-", 40, 49),
    *numbered("V-", 50, 59),
    *(f"W-SDJ-{number}" for number in range(1, 7)),
    "W-CI-1",
    *numbered("W-", 20, 22),
    *numbered("A", 1, 46),
    *numbered("B", 1, 14),
    *numbered("C", 1, 18),
    *numbered("D", 1, 22),
    *numbered("G", 1, 22),
    *numbered("H", 1, 12),
)


@dataclass(frozen=True)
class Row:
    """One line of the page."""

    id: str
    code: tuple[str, ...]
    tests: tuple[str, ...]
    open: str


def rows() -> Iterator[Row]:
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 6 and re.match(r"[A-Z](-|\d)", cells[0]):
            code, tests = (tuple(_REFERENCE.findall(cell)) for cell in (cells[3], cells[4]))
            yield Row(cells[0], code, tests, cells[5])


ROWS = tuple(rows())


@cache
def defined_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@cache
def file_of_tests(name: str) -> Path:
    (found,) = [path for path in (ROOT / "tests").rglob("*.py") if path.as_posix().endswith(f"/{name}")]
    return found


@cache
def cases_known_to(path: Path) -> str:
    sources = [path, *sorted(FAULTS.glob("*.py"))]
    return "\n".join(source.read_text(encoding="utf-8") for source in sources)


def test_every_requirement_stands_on_the_page_once() -> None:
    assert [row.id for row in ROWS] == list(REQUIREMENTS)


def test_a_row_names_code_and_tests_or_says_why_it_is_open() -> None:
    assert [row.id for row in ROWS if not (row.open or (row.code and row.tests))] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_code_that_a_row_names_is_there(row: Row) -> None:
    for reference in row.code:
        file, _, name = reference.partition(":")
        assert name in defined_in(ROOT / file), reference


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_tests_that_a_row_names_are_there(row: Row) -> None:
    for reference in row.tests:
        named = _TEST.fullmatch(reference)
        assert named is not None, reference
        path = file_of_tests(named["file"])
        assert named["function"] in defined_in(path), reference
        assert named["case"] is None or named["case"] in cases_known_to(path), reference
