"""Change the code of the verdict in small ways and count how many changes a test notices: ``make mutants``.

mutmut changes files in place and knows one tree of packages, so the project is copied first, with the rooms in the
package where the links stand. A change that no test notices is a survivor; the score is the share that is noticed.

``--again`` keeps what was noticed before, and tries only the survivors, and functions that changed since, against
code and tests as they are now. ``--workshop`` names another folder: two runs can go side by side.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
MUTATED: Final = ("portadoc/verification/*", "portadoc/formats/sd_jwt/*")
TESTS: Final = ("tests/unit/formats", "tests/unit/verification", "tests/vectors")
NOTICED: Final = frozenset({"killed", "timeout", "segfault", "caught by type check"})
_RESULT: Final = re.compile(r"\s*(?P<name>[\w.ǁ]+): (?P<outcome>[a-z ]+)")


def prepare(workshop: Path, *, again: bool) -> None:
    """Copy the project to where it may be changed, and tell mutmut what to change."""
    for outdated in (workshop / "tests", workshop / "mutants" / "tests") if again else (workshop,):
        shutil.rmtree(outdated, ignore_errors=True)
    left_out = shutil.ignore_patterns("__pycache__", "node_modules", "*.pyc")
    for folder in ("portadoc", "tests", "docs"):
        shutil.copytree(ROOT / folder, workshop / folder, ignore=left_out, dirs_exist_ok=True)
    if again:  # mutmut renews modules that changed, and neither what lies beside them nor who tests what
        (workshop / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
        texts = shutil.ignore_patterns("__pycache__", "node_modules", "*.py", "*.pyc")
        shutil.copytree(ROOT / "portadoc", workshop / "mutants" / "portadoc", ignore=texts, dirs_exist_ok=True)
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (workshop / "pyproject.toml").write_text(
        f"{settings}\n[tool.mutmut]\n"
        'source_paths = ["portadoc"]\n'
        f"only_mutate = {list(MUTATED)}\n"
        'also_copy = ["tests", "docs", "pyproject.toml"]\n'
        'pytest_add_cli_args = ["-x", "-p", "no:cacheprovider", "--import-mode=importlib"]\n'
        f"pytest_add_cli_args_test_selection = {list(TESTS)}\n",
        encoding="utf-8",
    )


def mutmut(workshop: Path, *arguments: str) -> str:
    """Run mutmut in the copy and return what it says; end with its last words when it fails."""
    environment = {**os.environ, "PYTHONPATH": "", "HYPOTHESIS_PROFILE": "mutation"}
    command = (str(Path(sys.executable).parent / "mutmut"), *arguments)
    told = subprocess.run(command, cwd=workshop, env=environment, capture_output=True, text=True, check=False)
    if told.returncode:
        sys.exit((told.stdout + told.stderr)[-4000:])
    return told.stdout


def outcomes(workshop: Path) -> dict[str, str]:
    """Return what came of every change, by its name."""
    told = mutmut(workshop, "results", "--all", "true")
    found = (_RESULT.fullmatch(line) for line in told.splitlines())
    return {each["name"]: each["outcome"] for each in found if each}


def named(found: Mapping[str, str], pattern: str, chosen: Callable[[str], bool]) -> list[str]:
    """Return the names of changes that fit a pattern and came to a chosen outcome."""
    return [name for name, outcome in found.items() if fnmatch(name, pattern) and chosen(outcome)]


def show(found: dict[str, str]) -> float:
    """Print the score of each module and of all; return the latter."""
    noticed, every = Counter[str](), Counter[str]()
    for name, outcome in found.items():
        module = name.partition(".x")[0].removeprefix("portadoc.")
        every[module] += 1
        noticed[module] += outcome in NOTICED
    print(f"{'module':44} {'changes':>8} {'noticed':>8} {'score':>7}")
    for module in sorted(every):
        score = 100 * noticed[module] / every[module]
        print(f"{module:44} {every[module]:8} {noticed[module]:8} {score:6.1f}%")
    total = 100 * noticed.total() / max(1, every.total())
    print(f"{'all':44} {every.total():8} {noticed.total():8} {total:6.1f}%")
    return total


def main() -> int:
    """Run the campaign; return 1 when the score is below what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="modules to change, such as portadoc.verification.verdict*")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--survivors", action="store_true", help="print every change that nobody noticed")
    parser.add_argument("--at-least", type=float, default=90.0)
    parser.add_argument("--again", action="store_true", help="try only what nobody noticed the last time")
    parser.add_argument("--workshop", type=Path, default=ROOT / ".mutants", help="folder for the copy")
    chosen = parser.parse_args()
    workshop = chosen.workshop.resolve()
    prepare(workshop, again=chosen.again)
    wanted = [chosen.only or "*"]
    if chosen.again:
        wanted = named(outcomes(workshop), wanted[0], lambda outcome: outcome not in NOTICED)
    while wanted:
        mutmut(workshop, "run", "--max-children", str(chosen.jobs), *wanted)
        wanted = named(outcomes(workshop), chosen.only or "*", "not checked".__eq__)
    found = {name: outcome for name, outcome in outcomes(workshop).items() if outcome != "not checked"}
    if chosen.survivors:
        for name, outcome in found.items():
            if outcome not in NOTICED:
                print(mutmut(workshop, "show", name))
    return 0 if show(found) >= chosen.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
