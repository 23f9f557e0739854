"""Our own worked cases: each row of the decision table, both sides of its limits, under each instrument.

The expected answers were written from the law before any of them was run; ``tests/rules/cases`` holds them in the
form of the oracle. A decision is compared as an applicant would feel it: outcome, whose law, which article, which
dates and document, where to go instead, and why.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.grant_check import check_grant
from portadoc.rules import decision_to_json, determine, law_for, read_facts

CASES = [
    json.loads(line)
    for path in sorted((Path(__file__).parent / "cases").glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
WHOSE_LAW = ("outcome", "competent_state", "article")
DOCUMENT = ("status_code", "action", "validity_start", "validity_end", "provisional")


MEMBERS = (
    "posting",
    "self_employed_home",
    "mariner",
    "aircrew",
    "telework",
    "contract_staff",
    "exception",
    "incoming",
    "procedure",
)
"""What every case has and most leave empty: left out of the files, filled in before anything is run."""


def whole(facts: dict[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(MEMBERS), **facts}


def decide(facts: dict[str, Any]) -> dict[str, Any]:
    read = read_facts(whole(facts))
    return decision_to_json(determine(read, law=law_for(read)))


def departures(expected: dict[str, Any], got: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The members in which a decision departs from what is expected; of a REVIEW only its reasons are."""
    compared: tuple[str, ...] = ("outcome",)
    if expected["outcome"] != "REVIEW":
        compared = WHOSE_LAW
    if expected["outcome"] == "GRANT":
        compared += DOCUMENT
    if expected["outcome"] in ("REFUSE", "EXCEPTION_ROUTE"):
        compared += ("redirect_state", "default_state")
    found = {name: (expected[name], got[name]) for name in compared if expected.get(name) not in (None, got[name])}
    for name in ("reasons", "info"):
        if not set(expected.get(name, ())) <= set(got[name]):
            found[name] = (expected[name], got[name])
    return found


def accepted(case: dict[str, Any], got: dict[str, Any]) -> bool:
    others = case["expected"]["alternatives"]
    return any(all(got[name] == value for name, value in other.items()) for other in others)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_a_worked_case_is_decided_as_the_law_says(case: dict[str, Any]) -> None:
    got = decide(case["facts"])
    found = departures(case["expected"], got)
    assert found == {} or accepted(case, got), (case["source"], case["explanation"], found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_the_independent_checker_accepts_the_grants_and_nothing_else(case: dict[str, Any]) -> None:
    got = decide(case["facts"])
    if got["action"] == "NONE":
        return  # nothing is issued
    if got["outcome"] == "GRANT":
        check_grant(whole(case["facts"]), got)
        return
    forged = {**got, "outcome": "GRANT", "action": "ISSUE_A1"}
    with pytest.raises(Refused):
        check_grant(whole(case["facts"]), forged)


def test_each_identifier_is_used_once() -> None:
    names = [case["id"] for case in CASES]
    assert len(names) == len(set(names)) >= 200
