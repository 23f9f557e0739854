"""Fuzz every reader for a while, several at a time, and say what came of it: ``make fuzz``.

Each reader runs in a process of its own under atheris, which keeps inputs that reach new branches. A finding (an
exception that is not of our own tree, an input that takes longer than ten seconds or more than the memory allowed)
is kept as a file and makes the campaign fail.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SECONDS_AN_INPUT: Final = 10
MEMORY_MIB: Final = 1024
_RUNS: Final = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_BRANCHES: Final = re.compile(r" cov: (\d+) ")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one reader. ``corpus`` counts the inputs that each reached something new."""

    target: str
    seconds: float
    executions: int
    corpus: int
    corpus_bytes: int
    branches: int
    findings: tuple[str, ...]


def fuzz(target: str, *, seconds: int, folder: Path) -> Outcome:
    """Fuzz one reader and return what came of it; its log stands beside its corpus."""
    corpus, findings = folder / target / "corpus", folder / target / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    command = (
        *(sys.executable, "-W", "ignore", "-m", "tests.fuzz.run", target, str(corpus)),
        *(f"-max_total_time={seconds}", f"-timeout={SECONDS_AN_INPUT}", f"-rss_limit_mb={MEMORY_MIB}"),
        *("-print_final_stats=1", "-max_len=16384", f"-artifact_prefix={findings}/"),
    )
    began = time.monotonic()
    with (folder / target / "log").open("wb") as log:
        code = subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    told = (folder / target / "log").read_text(encoding="utf-8", errors="replace")
    kept = list(corpus.iterdir())
    found = [path.name for path in findings.iterdir()]
    if code != 0 and not found:
        found.append(f"ended with {code}, see the log")
    return Outcome(
        target=target,
        seconds=round(time.monotonic() - began, 1),
        executions=int(next(iter(_RUNS.findall(told)), 0)),
        corpus=len(kept),
        corpus_bytes=sum(path.stat().st_size for path in kept),
        branches=int(next(reversed(_BRANCHES.findall(told)), 0)),
        findings=tuple(found),
    )


def names() -> tuple[str, ...]:
    """Return every reader, asked in a process of its own so that this one stays small."""
    asked = (sys.executable, "-W", "ignore", "-m", "tests.fuzz.run", "--list")
    return tuple(subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


def show(outcomes: list[Outcome]) -> None:
    """Print the table."""
    print(f"{'reader':28} {'seconds':>8} {'executions':>12} {'corpus':>7} {'bytes':>10} {'branches':>9}  findings")
    for each in outcomes:
        found = ", ".join(each.findings) or "none"
        print(
            f"{each.target:28} {each.seconds:8.0f} {each.executions:12,} {each.corpus:7,} {each.corpus_bytes:10,} "
            f"{each.branches:9,}  {found}"
        )
    runs, corpus = sum(each.executions for each in outcomes), sum(each.corpus for each in outcomes)
    print(f"{len(outcomes)} readers, {runs:,} executions, {corpus:,} inputs in the corpus")


def main() -> int:
    """Run the campaign; return 1 when anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="readers (default: all)")
    parser.add_argument("--seconds", type=int, default=600, help="for each reader")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="readers at a time")
    parser.add_argument("--folder", type=Path, default=ROOT / ".fuzz", help="where corpus, findings and logs go")
    chosen = parser.parse_args()
    with ThreadPoolExecutor(chosen.jobs) as pool:
        outcomes = list(
            pool.map(
                lambda target: fuzz(target, seconds=chosen.seconds, folder=chosen.folder),
                chosen.targets or names(),
            )
        )
    show(outcomes)
    (chosen.folder / "outcome.json").write_text(json.dumps([asdict(each) for each in outcomes], indent=1))
    return 1 if any(each.findings for each in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
