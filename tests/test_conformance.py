"""The conformance page tells the truth: every requirement is there, is decided somewhere and has its own tests."""

import ast
import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@cache
def conformance() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_conformance", ROOT / "docs" / "conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    *numbered("E", 1, 24),
    *numbered("S-", 1, 12),
    *("S-20", "S-22", "S-23", "S-24"),
    *numbered("F", 1, 18),
    "S-21",
    *numbered("S-", 30, 33),
    *numbered("G", 1, 22),
    *numbered("H", 1, 12),
    *numbered("J", 1, 6),
    *("J09", "J10", "J12", "J13"),
    *numbered("J", 15, 22),
    *numbered("K", 1, 10),
    *("L01", "L09"),
)
_EXPORTED = re.compile(r"^export (?:async )?(?:function|class) (\w+)", re.MULTILINE)
ROWS = tuple(each for section in conformance().sections() for each in section.requirements)


@pytest.fixture(scope="module")
def tests() -> Any:
    return conformance().collect()


@cache
def defined_in(path: Path) -> frozenset[str]:
    if path.suffix == ".ts":
        return frozenset(_EXPORTED.findall(path.read_text(encoding="utf-8")))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def test_every_requirement_stands_on_the_page_once() -> None:
    assert [row.id for row in ROWS] == list(REQUIREMENTS)


def test_every_requirement_is_decided_somewhere() -> None:
    assert [row.id for row in ROWS if not row.code] == []


def test_every_requirement_has_a_test(tests: Any) -> None:
    assert [row.id for row in ROWS if not conformance().proofs(row, tests)] == []


def test_every_row_about_the_app_has_a_test_in_a_real_browser(tests: Any) -> None:
    browsers = (test for test in tests.every if test.file.startswith(conformance().IN_A_BROWSER))
    browsing = conformance().Tests(tuple(browsers))
    assert [row.id for row in ROWS if row.id.startswith("K") and not conformance().proofs(row, browsing)] == []


def test_every_test_that_a_requirement_names_is_there(tests: Any) -> None:
    named = conformance().named
    assert [(row.id, name) for row in ROWS for name in row.tests if not named(tests, name)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_code_that_a_row_names_is_there(row: Any) -> None:
    for reference in row.code:
        file, _, name = reference.partition(":")
        assert name in defined_in(ROOT / file), reference


def test_the_page_is_current(tests: Any) -> None:
    page = (ROOT / "docs" / conformance().PAGE).read_text(encoding="utf-8")
    assert page == conformance().page(tests), "run: make docs"
