"""Grants to lay before the checker, and grants that were tampered with: TEST DATA."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from tests.population.situations import Case, Grant

ARTICLES = {"12(1)": "13(1)(a)", "13(1)(a)": "13(1)(b)(i)", "13(1)(b)(i)": "13(1)(a)"}
CERTIFICATES = frozenset({"ISSUE_A1", "ISSUE_OTHER", "DETERMINE_AND_NOTIFY"})


def written(facts: Case, grant: Grant) -> dict[str, Any]:
    """Write the truth of a case as a decision, with one step that quotes the case."""
    step = {
        "rule": "row-9",
        "provision": "Reg. 883/2004 Title II",
        "result": "met",
        "facts": [["/request/kind", facts["request"]["kind"]], ["/regime", facts["regime"]]],
        "parameters": [],
    }
    return {
        "outcome": "GRANT",
        "competent_state": grant.state,
        "article": grant.article,
        "status_code": grant.code,
        "action": grant.action,
        "validity_start": grant.start,
        "validity_end": grant.end,
        "provisional": facts["request"]["kind"] == "multi_state",
        "questions": [],
        "derivation": [step],
    }


def tampered(decision: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the same grant with one printed member changed: none of them follows from the facts any more."""
    state, code, action = decision["competent_state"], decision["status_code"], decision["action"]
    yield "state", decision | {"competent_state": "SE" if state != "SE" else "FI"}
    yield "code", decision | {"status_code": "12" if code != "12" else "01"}
    yield "article", decision | {"article": ARTICLES.get(decision["article"], "12(1)")}
    yield "action", decision | {"action": "ISSUE_A1" if action != "ISSUE_A1" else "DETERMINE_AND_NOTIFY"}
    yield "start", decision | {"validity_start": _a_day_on(decision["validity_start"])}
    end = decision["validity_end"]
    yield "end", decision | {"validity_end": "2099-12-31" if end is None else _a_day_on(end)}
    yield "provisional", decision | {"provisional": not decision["provisional"]}
    yield "simulation", decision | {"simulation": True}
    steps = decision["derivation"]
    lie = {**steps[0], "facts": [*steps[0]["facts"], ["/person/residence_state", "ZZ"]]}
    yield "quoted fact", decision | {"derivation": [lie, *steps[1:]]}
    yield "derivation", decision | {"derivation": []}


def _a_day_on(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(1))
