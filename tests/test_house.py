"""The house rules that a program can measure."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "conformance",
    "schemas",
    "rules",
    "keys",
    "formats",
    "verification",
    "inspector",
    "issuer",
    "portal",
    "verifier",
    "wallet_sim",
    "portadoc",
)
BANNED = re.compile(
    r"(^|_)(utils?|helpers?|misc|common|manager|handler|processor|base|dynamic)(_|$)", re.IGNORECASE
)
PURE = ("schemas", "rules", "formats", "verification", "portadoc/access", "portadoc/grant_check")
IMPURE_CALLS = {"datetime.now", "datetime.today", "date.today", "time.time", "os.urandom", "secrets.token_bytes"}


def sources() -> list[Path]:
    found: list[Path] = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            inside = path.relative_to(ROOT)
            if not any((ROOT / parent).is_symlink() for parent in list(inside.parents)[:-1]):
                found.append(path)
    return found


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_no_function_is_over_60_lines_and_the_median_is_at_most_12() -> None:
    sizes = dict(pair for path in sources() for pair in functions(path))
    assert {name: size for name, size in sizes.items() if size > 60} == {}
    assert statistics.median(sizes.values()) <= 12


def test_no_module_is_over_400_lines() -> None:
    counts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in sources()}
    assert {name: count for name, count in counts.items() if count > 400} == {}


def test_no_package_holds_more_than_12_modules() -> None:
    folders: dict[str, int] = {}
    for path in sources():
        if path.name != "__init__.py":
            folders[str(path.parent.relative_to(ROOT))] = folders.get(str(path.parent.relative_to(ROOT)), 0) + 1
    assert {folder: count for folder, count in folders.items() if count > 12} == {}


@pytest.mark.parametrize("kind", ["files", "classes"])
def test_names_are_words_of_the_field(kind: str) -> None:
    if kind == "files":
        names = [path.stem for path in sources()]
    else:
        names = [
            node.name
            for path in sources()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ClassDef)
        ]
    assert [name for name in names if BANNED.search(name)] == []


def test_the_pure_core_reads_no_clock_and_no_generator() -> None:
    breaches = []
    for path in sources():
        if not str(path.relative_to(ROOT)).startswith(PURE):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in IMPURE_CALLS:
                breaches.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert breaches == []


def test_broad_except_stands_only_in_the_outermost_adapters() -> None:
    breaches = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
                if broad and path.name not in {"app.py", "cli.py", "__main__.py"}:
                    breaches.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert breaches == []
