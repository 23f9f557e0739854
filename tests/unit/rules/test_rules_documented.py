"""docs/rules.md lists every row of the rules, with provisions that the rules really name."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def table() -> dict[str, list[str]]:
    lines = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| [0-9]+ \|", line)
    ]
    return {row[0]: row[1:] for row in cells}


def literals() -> set[str]:
    return {
        node.value
        for path in (ROOT / "rules").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_row_of_the_rules_stands_in_the_table(table: dict[str, list[str]]) -> None:
    rows = {value.removeprefix("row-") for value in literals() if re.fullmatch(r"row-[0-9]+", value)}
    assert rows <= set(table)
    assert set(table) - rows == {"6"}


def test_every_code_of_the_table_is_one_of_the_rules(table: dict[str, list[str]]) -> None:
    known = literals()
    codes = {code for row in table.values() for code in re.findall(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b(?!\*)", row[2])}
    assert sorted(code for code in codes if code not in known and not code.endswith("_")) == []
