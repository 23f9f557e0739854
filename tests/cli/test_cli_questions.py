"""``portadoc verifier presets`` and ``lint``: what can be asked, and whether a question goes too far."""

import json
from pathlib import Path
from typing import Any

import pytest

from portadoc.verification.presets.presets import PRESETS


def query(*paths: list[str]) -> str:
    claims = [{"path": path} for path in paths]
    wanted = {"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pda1:1"]}, "claims": claims}
    return json.dumps({"credentials": [wanted]})


def test_the_presets_are_listed_with_their_titles_types_and_versions(run: Any) -> None:
    lines = run("verifier", "presets", "--lang", "fr").stdout.splitlines()
    assert len(lines) == 1 + len(PRESETS)
    assert "Inspection : contrôle rapide d'un A1" in lines[1]
    rows = json.loads(run("verifier", "presets", "--json").stdout)["presets"]
    assert [(row["id"], row["version"]) for row in rows] == [(each.id, each.version) for each in PRESETS.values()]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_stays_within_its_purpose(run: Any, tmp_path: Path, name: str) -> None:
    file = tmp_path / "query.json"
    file.write_text(json.dumps(PRESETS[name].query))
    result = run("verifier", "lint", str(file), "--purpose", str(PRESETS[name].purpose), "--lang", "en")
    assert (result.exit_code, "nothing beyond" in result.stdout) == (0, True)


def test_a_question_that_goes_too_far_is_told_with_what_to_do(run: Any) -> None:
    asked = query(["personal_administrative_number"], ["legislation_country"])
    result = run("verifier", "lint", "-", "--purpose", "principal-contractor", "--lang", "fr", stdin=asked)
    assert result.exit_code == 1
    assert "personal_administrative_number" in result.stdout
    assert "legislation_country" not in result.stdout
    told = run("verifier", "lint", "-", "--purpose", "inspector", "--json", "--lang", "en", stdin=asked)
    (finding,) = json.loads(told.stdout)["findings"]
    assert (finding["code"], finding["column"]) == ("purpose_needs_reason", "Personal numbers")
    assert finding["message"]["action"]


def test_what_is_no_query_is_refused(run: Any) -> None:
    for nothing in ("{}", "[", "x"):
        assert run("verifier", "lint", "-", "--purpose", "inspector", stdin=nothing).exit_code == 1
    assert run("verifier", "lint", "-", "--purpose", "curiosity", stdin="{}").exit_code == 2
