"""``portadoc determine``: a case a line in, a decision a line out; a bad line stops nobody but itself."""

import json
from pathlib import Path
from typing import Any

import pytest

CASE: dict[str, Any] = {
    "applicant_kind": "inactive",
    "regime": "EU",
    "request": {
        "asked_state": "DE",
        "kind": "single_state",
        "request_date": "2027-01-10",
        "period_start": "2027-03-01",
        "period_end": None,
    },
    "existing_a1": [],
    "person": {"nationality_class": "EU", "residence_state": "DE", "deceased": False},
}


def line(name: str, **change: Any) -> str:
    return json.dumps({"id": name, "facts": CASE | change})


def test_each_line_is_decided_and_explained(run: Any, tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text(f"{line('one')}\n\n{line('two', regime='NONE')}", encoding="utf-8")
    result = run("determine", "cases.jsonl")
    assert result.exit_code == 0, result.stderr
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["id"], first["outcome"], first["article"], first["action"]) == (
        "one",
        "GRANT",
        "11(3)(e)",
        "ISSUE_OTHER",
    )
    assert (second["id"], second["outcome"], second["reasons"]) == ("two", "REFUSE", ["HOST_OUTSIDE_COORDINATION"])
    for decided in (first, second):
        assert {"competent_state", "status_code", "validity_start", "redirect_state", "info"} <= set(decided)
        assert len(decided["explanation"]) > 40
        assert "derivation" not in decided


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        '"text"',
        '{"id": "x"}',
        '{"id": "x", "facts": []}',
        '{"id": "x", "facts": {}}',
        '{"id": "x", "facts": {"applicant_kind": "employee", "applicant_kind": "inactive"}}',
        line("x", applicant_kind="astronaut"),
        line("x", unknown=1),
        '{"id": "' + "x" * 1_100_000 + '"}',
    ],
)
def test_a_bad_line_is_told_with_its_number_and_the_others_go_on(run: Any, bad: str) -> None:
    result = run("determine", "-", stdin="\n".join([line("one"), bad, line("three")]))
    assert result.exit_code == 1
    assert [json.loads(each)["id"] for each in result.stdout.splitlines()] == ["one", "three"]
    assert result.stderr.startswith("Line 2: ")
    assert len(result.stderr.splitlines()) == 1


def test_bytes_that_are_no_text_are_told(run: Any) -> None:
    result = run("determine", "-", stdin=b'{"id": "\xff"}\n' + line("two").encode())
    assert result.exit_code == 1
    assert json.loads(result.stdout)["id"] == "two"


def test_a_derivation_is_written_on_request(run: Any) -> None:
    result = run("determine", "-", "--derivation", stdin=line("one"))
    steps = json.loads(result.stdout)["derivation"]
    assert steps[0] == {
        "rule": "row-1",
        "provision": "Reg. 883/2004 art. 2(1)",
        "result": "met",
        "facts": [["/person/deceased", False]],
        "parameters": [],
    }


def test_the_revision_can_be_tried_but_not_every_name(run: Any) -> None:
    tried = run("determine", "-", "--pack", "eu-2026-revision", stdin=line("one"))
    assert json.loads(tried.stdout)["simulation"] is True
    refused = run("determine", "-", "--pack", "eu-3000", stdin=line("one"))
    assert refused.exit_code == 1
    assert "eu-3000" in refused.stderr


def test_a_file_that_is_not_there_is_wrong_use(run: Any) -> None:
    assert run("determine", "nothing.jsonl").exit_code == 2


@pytest.mark.parametrize("nothing", ["", "\n\n"])
def test_an_empty_file_is_wrong_use_and_gives_nothing_out(run: Any, nothing: str) -> None:
    result = run("determine", "-", stdin=nothing)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "There is no case to decide" in result.stderr


def test_a_word_that_is_none_of_the_words_is_told_with_those_that_are(run: Any) -> None:
    result = run("determine", "-", stdin=line("x", regime="MOON"))
    assert "at /regime: one of EU, " in result.stderr


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ("article 11(3)(e) of Regulation (EC) No 883/2004", "live?”: Germany.")),
        ("fr", ("l’article 11(3)(e) du règlement (CE) nº 883/2004", "à partir du 1er mars 2027")),
    ],
)
def test_the_law_the_facts_and_the_days_are_told_in_words(run: Any, language: str, told: tuple[str, ...]) -> None:
    result = run("determine", "-", "--language", language, stdin=line("one"))
    explanation = json.loads(result.stdout)["explanation"]
    assert [each for each in told if each not in explanation] == []
