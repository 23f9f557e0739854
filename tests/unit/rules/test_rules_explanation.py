"""Every decision explains itself: every code, row, article and question that the engine can give has its words."""

import ast
import copy
import json
import os
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from portadoc.catalogue import texts
from portadoc.errors import Malformed, Misconfigured
from portadoc.rules import Decision, Facts, determine, law_for, read_facts
from portadoc.rules.explanation import BOOK, article_key, explain, question_key
from portadoc.rules.facts import RequestKind, model

CODE = re.compile(
    r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|REPLACEMENT|URGENT|RETROACTIVE|EXTENSION|BILATERAL|SUPERSEDES|DISPUTED|DEFINITIVE"
)
WORDS_OF_THE_PROGRAM = re.compile(
    r"ISSUE_.*|DETERMINE_AND_NOTIFY|SEND_A001|AWAIT_REPLY|REQUEST_INFO|MANUAL_REVIEW|REQUEST_REVIEW|EXCEPTION_ROUTE"
    r"|UK_TCA|UK_WA|EFTA_UK|CH_UK|EEA_EFTA|[A-Z]+_[A-Z]+_PACK|CURRENT_PACK"
)


def literals() -> Iterator[str]:
    for path in resources_of(resources.files("portadoc.rules")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def resources_of(folder: Any) -> Iterator[Any]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from resources_of(entry)
        elif entry.name.endswith(".py"):
            yield entry


def test_every_code_that_stands_in_the_rules_has_words() -> None:
    found = texts("en", BOOK).entries
    codes = {
        value
        for value in literals()
        if CODE.fullmatch(value)
        and not WORDS_OF_THE_PROGRAM.fullmatch(value)
        and value not in set(RequestKind) | {"BILATERAL", "CURRENT_PACK"}
    }
    assert len(codes) > 100
    assert sorted(code for code in codes if not {f"reason.{code}", f"info.{code}"} & set(found)) == []


def test_every_row_that_stands_in_the_rules_has_words() -> None:
    found = texts("en", BOOK).entries
    rows = {value for value in literals() if re.fullmatch(r"row-[0-9]+", value)}
    assert {"row-1", "row-39", "row-54", "row-95"} <= rows
    assert sorted(row for row in rows if f"row.{row}" not in found) == []


def changed(facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the case, and the case without each of its facts in turn."""
    yield facts
    for path in places(facts):
        other = copy.deepcopy(facts)
        place: Any = other
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = None
        yield other


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if path:
        yield path
    for name, member in members:
        yield from places(member, (*path, name))


def decided(facts: dict[str, Any]) -> tuple[Decision, Facts] | None:
    try:
        read = read_facts(facts)
    except Malformed:
        return None
    return determine(read, law=law_for(read)), read


def worked_cases() -> list[dict[str, Any]]:
    folder = Path(os.environ.get("PORTADOC_ORACLE", Path(__file__).resolve().parents[4] / "shared" / "oracle"))
    file = folder / "cases.jsonl"
    if not file.is_file():
        pytest.skip("the oracle of worked cases is not here; set PORTADOC_ORACLE to its folder")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.soak)], ids="gaps-of-every-{}".format)
def test_every_worked_case_and_every_gap_in_it_is_explained_in_full(every: int) -> None:
    for number, case in enumerate(worked_cases()):
        for facts in changed(case["facts"]) if number % every == 0 else (case["facts"],):
            found = decided(facts)
            if found is None:
                continue
            explanation = explain(*found, "en")
            shown = [explanation.headline, *explanation.paragraphs, explanation.remedy, *explanation.steps]
            assert not [text for text in shown if "{" in text or not text], case["id"]
            assert len(explanation.questions) == len(found[0].questions)


def multi_state(share: float, **request: Any) -> tuple[Decision, Facts]:
    facts = {
        "applicant_kind": "employee",
        "regime": "EU",
        "request": {
            "asked_state": "BE",
            "kind": "multi_state",
            "request_date": "2026-11-23",
            "period_start": "2027-01-01",
            "period_end": "2027-12-31",
        }
        | request,
        "person": {"nationality_class": "EU", "residence_state": "BE", "deceased": False},
        "existing_a1": [],
        "employers": [{"ref": "E1", "seat_state": "NL", "kind": "private", "seat_clear": True}],
        "activities": [
            {
                "state": state,
                "kind": "employed",
                "share_of_time": part,
                "share_of_pay": part,
                "employer": "E1",
                "regular": True,
            }
            for state, part in (("BE", share), ("NL", 100 - share))
        ],
    }
    found = decided(facts)
    assert found is not None
    return found


def test_a_grant_names_the_state_the_article_the_days_and_its_deciding_facts() -> None:
    explanation = explain(*multi_state(40.0), "en")
    whole = " ".join(explanation.paragraphs)
    assert explanation.headline == "Yes: the legislation of Belgium applies, and an A1 certificate can be issued."
    for part in (
        "article 13(1)(a) of Regulation (EC) No 883/2004",
        "25 % or more",
        "from 1 January 2027 to 31 December 2027",
        "percent?”: 40.",
    ):
        assert part in whole
    assert "computer program" in explanation.paragraphs[-1]
    assert ("/activities/0/share_of_time", "40") in explanation.facts_used


def test_a_refusal_names_every_remedy() -> None:
    explanation = explain(*multi_state(40.0, requested_legislation="NL"), "en")
    assert "No automatic refusal is final" in explanation.remedy
    assert "national law of Belgium" in explanation.remedy
    assert "article 16" in explanation.remedy
    assert "Netherlands" in explanation.paragraphs[0]


def test_a_question_of_the_rules_is_asked_in_words() -> None:
    explanation = explain(*multi_state(40.0, asked_state=None), "en")
    assert explanation.questions == (("/request/asked_state", "Which State's institution is asked?"),)
    assert explanation.headline.startswith("We need more")


def test_a_simulation_says_that_it_gives_no_right() -> None:
    _, facts = multi_state(40.0)
    decision = determine(facts, law=law_for(facts, pack="eu-2026-revision"))
    assert any("gives no right" in text for text in explain(decision, facts, "en").paragraphs)


def test_texts_that_are_not_translated_yet_are_english_and_unknown_languages_an_error() -> None:
    assert explain(*multi_state(40.0), "fi").headline == explain(*multi_state(40.0), "en").headline
    with pytest.raises(Misconfigured) as raised:
        explain(*multi_state(40.0), "xx")
    assert raised.value.code == "language_unknown"


def test_keys_of_questions_and_articles() -> None:
    assert question_key("/activities/3/share_of_time") == "question.activities.share_of_time"
    assert article_key("13(1)(b)(iv)") == "article.13_1_b_iv"
    assert article_key("15") == "article.15"


def test_every_fact_about_a_person_s_request_can_be_asked() -> None:
    found = texts("en", BOOK).entries
    parts = {"telework": model.Telework, "posting": model.Posting, "contract_staff": model.ContractStaff}
    missing = [
        f"{part}.{name}"
        for part, kind in parts.items()
        for name in kind.__dataclass_fields__
        if f"question.{part}.{name}" not in found
    ]
    assert missing == []
