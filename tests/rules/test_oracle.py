"""The worked cases of others, read in place: guide, judgments, national production systems."""

import json
import os
import sys
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from portadoc.rules import decision_to_json, determine, law_for, read_facts

GOOD = ("exact", "accepted_alternative")


@pytest.fixture(scope="module")
def oracle() -> Path:
    """The folder of the oracle; the test is skipped, and says so, where there is none."""
    folder = Path(os.environ.get("PORTADOC_ORACLE", Path(__file__).resolve().parents[3] / "shared" / "oracle"))
    if not (folder / "cases.jsonl").is_file():
        pytest.skip("the oracle of worked cases is not here; set PORTADOC_ORACLE to its folder")
    return folder


@pytest.fixture(scope="module")
def compare(oracle: Path) -> ModuleType:
    """The oracle's own judge."""
    spec = util.spec_from_file_location("oracle_compare", oracle / "compare.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    spec.loader.exec_module(module)
    sys.dont_write_bytecode = writes
    return module


@pytest.fixture(scope="module")
def judged(oracle: Path, compare: ModuleType) -> list[tuple[dict[str, Any], dict[str, Any], str]]:
    found = []
    for line in (oracle / "cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        facts = read_facts(case["facts"])
        got = decision_to_json(determine(facts, law=law_for(facts)))
        found.append((case, got, compare.judge(case, got)))
    return found


def test_no_grant_is_wrong(judged: list[tuple[dict[str, Any], dict[str, Any], str]]) -> None:
    wrong = [case["id"] for case, got, how in judged if got["outcome"] == "GRANT" and how not in GOOD]
    assert wrong == []


def test_every_hard_case_is_exact_or_accepted(
    judged: list[tuple[dict[str, Any], dict[str, Any], str]], compare: ModuleType
) -> None:
    failed = {
        case["id"]: (how, compare.differences(case, got))
        for case, got, how in judged
        if compare.strictness(case) == "hard" and how not in GOOD
    }
    assert failed == {}


def test_every_fact_that_a_derivation_quotes_is_in_the_case(
    judged: list[tuple[dict[str, Any], dict[str, Any], str]],
) -> None:
    for case, got, _ in judged:
        assert got["derivation"], case["id"]
        for step in got["derivation"]:
            for pointer, value in step["facts"]:
                assert _at(case["facts"], pointer) == value, (case["id"], step["rule"], pointer)


def _at(facts: Any, pointer: str) -> Any:
    place = facts
    for part in pointer.removeprefix("/").split("/"):
        if place is None:
            return None
        if isinstance(place, list):
            place = place[int(part)] if int(part) < len(place) else None
        else:
            place = place.get(part)
    return place
