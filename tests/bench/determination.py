"""Print how many requests a second one core decides, without and with the checker.

Run: .venv/bin/python -m tests.bench.determination [--requests N] [--rounds N]
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from portadoc.grant_check import check_grant
from tests.population.engine import decide
from tests.population.requests import requests

Case = dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--requests", type=int, default=5_000)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    cases = [facts for facts, _ in requests(given.requests)]
    for name, work in (("decided", decide), ("decided and checked", decide_and_check)):
        rates = [rate(cases, work) for _ in range(given.rounds)]
        print(f"{name:<24}{statistics.median(rates):8.0f} /s   (worst {min(rates):.0f}, best {max(rates):.0f})")


def decide_and_check(facts: Case) -> Case:
    decision = decide(facts)
    if decision["outcome"] == "GRANT":
        check_grant(facts, decision)
    return decision


def rate(cases: list[Case], work: Callable[[Case], Case]) -> float:
    begun = time.perf_counter()
    for facts in cases:
        work(facts)
    return len(cases) / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
