"""Write the conformance page: each requirement with the code that decides it and the tests that prove it.

The requirements stand in ``requirements.toml``. A test proves a requirement when its name or its case carries the
id (``test_v32_...``, ``[V-32 rollback]``, ``[A30_name_in_clear]``) or when the requirement names it.
"""

import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).resolve().parent
ROOT: Final = DOCS.parent
PAGE: Final = "conformance.md"
SHOWN: Final = 6
"""Tests named in a row; the others are counted."""
IN_A_BROWSER: Final = "tests/browser/inspector/"
"""Tests of the inspector app. What only a real browser can show is shown there; it needs Chromium."""
ELSEWHERE: Final = ("tests/interop/", "tests/vectors_shared/", "tests/browser/", "tests/fuzz/", "tests/test_")
"""Tests that need something which is not on every machine, and tests of pages such as this one: a row never rests
on them, so they are not listed. Tests in a browser are the exception, for the rows about the app."""
_COLLECTED: Final = re.compile(
    r"(?P<file>tests/[^:]+)::(?:\w+::)*(?P<function>\w+)(?:\[(?P<case>.*)\])?", re.DOTALL
)
_NUMBER: Final = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """A test that was collected; ``case`` is its parameter. There are many, so each equals only itself."""

    file: str
    function: str
    case: str

    @property
    def name(self) -> str:
        """How the page calls it: the file by its last name, the case in brackets."""
        return f"{self.file.rpartition('/')[2]}::{self.function}" + (f"[{self.case}]" if self.case else "")


@dataclass(frozen=True, eq=False)
class Tests:
    """The tests that were collected, to be found by what requirements know of them."""

    every: tuple[Test, ...]

    @cached_property
    def by_number(self) -> dict[str, list[Test]]:
        """The tests by each number, as it is written, in the name of their function or in their case."""
        found = defaultdict[str, list[Test]](list)
        for test in self.every:
            for number in {*_NUMBER.findall(test.function), *_NUMBER.findall(test.case)}:
                found[number].append(test)
        return found

    @cached_property
    def by_function(self) -> dict[str, list[Test]]:
        """The tests by the name of their function."""
        found = defaultdict[str, list[Test]](list)
        for test in self.every:
            found[test.function].append(test)
        return found


@cache
def _spellings(requirement_id: str) -> re.Pattern[str]:
    letters, _, number = requirement_id.rpartition("-")
    parts = (letters, number) if letters else (requirement_id[0], requirement_id[1:])
    spelled = r"[-_]?".join(map(re.escape, "-".join(parts).split("-")))
    # ``review_f11`` is the eleventh finding of a review and none of the rows F.
    before = "(?<!review_)" if requirement_id.startswith("F") else ""
    return re.compile(rf"{before}(?<![a-z0-9]){spelled}(?![0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the page."""

    id: str
    tried: str
    clause: str
    code: tuple[str, ...]
    tests: tuple[str, ...]
    scope: str

    def carrying(self, tests: Tests) -> list[Test]:
        """Return the tests whose own name or case carries the id."""
        number = self.id[len(self.id.rstrip("0123456789")) :]
        carried = _spellings(self.id)
        near = tests.by_number.get(number, [])
        return [test for test in near if carried.search(test.function) or carried.search(test.case)]


def named(tests: Tests, name: str) -> list[Test]:
    """Return the tests that a requirement calls ``file::function``, perhaps with a word of their case."""
    function, _, case = name.partition("[")
    word = case.removesuffix("]")
    near = tests.by_function.get(function.rpartition("::")[2], [])
    return [
        test for test in near if f"{test.file}::{test.function}".endswith(f"/{function}") and word in test.case
    ]


@dataclass(frozen=True, slots=True)
class Section:
    """Requirements of one kind."""

    title: str
    sources: str
    requirements: tuple[Requirement, ...]


def sections() -> tuple[Section, ...]:
    """Return the requirements as they stand in the file."""
    read = tomllib.loads((DOCS / "requirements.toml").read_text(encoding="utf-8"))
    return tuple(
        Section(each["title"], each["sources"], tuple(map(_requirement, each["requirement"])))
        for each in read["section"]
    )


def collected(lines: Iterable[str]) -> Tests:
    """Return the tests behind node ids, without those that are not on every machine."""
    listed = (line for line in lines if line.startswith(IN_A_BROWSER) or not line.startswith(ELSEWHERE))
    found = map(_COLLECTED.fullmatch, listed)
    return Tests(tuple(Test(each["file"], each["function"], each["case"] or "") for each in found if each))


def collect() -> Tests:
    """Ask pytest for every test of the project; none is run, so no assertion is prepared to explain itself."""
    asked = (sys.executable, "-m", "pytest", "--collect-only", "-q", "--no-header", "-m", "", "--assert=plain")
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return collected(told.splitlines())


@cache
def proofs(requirement: Requirement, tests: Tests) -> tuple[Test, ...]:
    """Return the tests of a requirement: first those that it names, then those that carry its id."""
    chosen = {test for name in requirement.tests for test in named(tests, name)}
    first = sorted((test for test in tests.every if test in chosen), key=lambda test: test.name) if chosen else []
    carrying = [test for test in requirement.carrying(tests) if test not in chosen]
    carrying.sort(key=lambda test: (not test.file.startswith(IN_A_BROWSER), test.name))
    return (*first, *carrying)


def page(tests: Tests) -> str:
    """Return the page for the tests that were collected."""
    listed = sections()
    proven = sum(bool(proofs(each, tests)) for section in listed for each in section.requirements)
    total = sum(len(section.requirements) for section in listed)
    return "\n".join((*_head(proven, total), *(line for section in listed for line in _section(section, tests))))


def _head(proven: int, total: int) -> Iterator[str]:
    yield "# Conformance"
    yield ""
    yield (
        "What must be refused, or accepted against expectation, where the code decides it and which tests prove "
        "it. Requirement ids are those of the negative-check matrix (V, W, S) and of the abuse catalogue (A to H, "
        "J to L) that this project was planned with."
    )
    yield ""
    yield (
        f"{total} requirements, {proven} of them with tests. Written by `make docs` from "
        "`docs/requirements.toml` and from the names of the tests that are collected; `make test` runs those "
        "tests and fails when the page is another one, when an id has no test, or when a name leads nowhere."
    )
    yield ""
    yield (
        "- **code** is `file:name`, from the root of the repository.\n"
        "- **tests** are `file::function[case]`; of many cases the first stand here.\n"
        "- **scope** says what is deliberately otherwise here.\n"
        "- Each row of K (codes and the inspector app) has a test in a real browser (`tests/browser/inspector`), "
        "which is left out where there is no Chromium."
    )
    yield ""
    yield ("Key store, the other bulk and persistence rows (I, J, L) follow with the rooms that they belong to.")
    yield ""


def _section(section: Section, tests: Tests) -> Iterator[str]:
    yield from (f"## {section.title}", "", section.sources, "")
    yield "| id | tried | clause | code | tests | scope |"
    yield "|---|---|---|---|---|---|"
    for each in section.requirements:
        code = "<br>".join(f"`{reference}`" for reference in each.code)
        cells = (each.id, each.tried, each.clause, code, _shown(proofs(each, tests)), each.scope)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _shown(found: Sequence[Test]) -> str:
    """Show the first case of each function before the second of any."""
    seen: Counter[tuple[str, str]] = Counter()
    ranked: list[tuple[int, Test]] = []
    for test in found:
        seen[test.file, test.function] += 1
        ranked.append((seen[test.file, test.function], test))
    first = [test for _, test in sorted(ranked, key=lambda each: each[0])][:SHOWN]
    shown = [f"`{test.name.replace('|', '&#124;')}`" for test in first]
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "<br>".join((*shown, *more))


def _requirement(read: dict[str, object]) -> Requirement:
    code, tests = read["code"], read["tests"]
    assert isinstance(code, list)
    assert isinstance(tests, list)
    return Requirement(
        id=str(read["id"]),
        tried=str(read["tried"]),
        clause=str(read["clause"]),
        code=tuple(code),
        tests=tuple(tests),
        scope=str(read.get("scope", "")),
    )


if __name__ == "__main__":
    (DOCS / PAGE).write_text(page(collect()), encoding="utf-8")
