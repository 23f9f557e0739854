"""``portadoc verify`` and ``portadoc inspect`` on the text of a seal."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.seal_world import LIST_URI, SealWorld, text_of

AT = "2026-11-22T12:00"


@pytest.fixture(scope="module")
def sealing() -> SealWorld:
    return SealWorld()


@pytest.fixture
def terms(sealing: SealWorld, tmp_path: Path) -> list[str]:
    """Return the options that say whom to believe."""
    chain = [base64.b64encode(each).decode() for each in sealing.sealer.chain]
    files = {
        "trust.json": json.dumps(sealing.trust()),
        "certificates.json": json.dumps({"chains": [chain]}),
        "list.jwt": sealing.status_lists()[LIST_URI]["token"],
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    trust = ["--trust", str(tmp_path / "trust.json"), "--status-list", str(tmp_path / "list.jwt"), "--at", AT]
    return [*trust, "--seal-certificates", str(tmp_path / "certificates.json")]


def test_a_seal_is_judged_and_told_as_bound_to_nobody(run: Any, sealing: SealWorld, terms: list[str]) -> None:
    result = run("verify", "-", *terms, stdin=text_of(sealing.message()) + "\n")
    assert result.exit_code == 3
    assert "Amber: Document authentic and in force; holder not proven" in result.stdout
    assert "What FR:TEST01 attests (urn:portadoc:seal:pda1:1):" in result.stdout
    assert "Surnames: Maréchal-Testelin" in result.stdout


def test_the_report_of_a_seal_is_one_json_object(run: Any, sealing: SealWorld, terms: list[str]) -> None:
    result = run("verify", "-", *terms, "--json", stdin=text_of(sealing.message(sealing.claims(sealing.prc()))))
    report = json.loads(result.stdout)
    assert (report["verdict"], report["colour"], report["layout"]) == ("holder_not_proven", "amber", "seal-prc")
    assert report["record"]["valid_to"] == "2027-02-15"


@pytest.mark.parametrize(
    ("preset", "kind", "code"), [("inspector-full", "pda1", 3), ("inspector-full", "ehic", 1)]
)
def test_a_preset_asks_for_seals_of_its_kinds(
    run: Any, sealing: SealWorld, terms: list[str], preset: str, kind: str, code: int
) -> None:
    seal = text_of(sealing.message(sealing.claims(getattr(sealing, kind)())))
    result = run("verify", "-", *terms, "--preset", preset, "--json", stdin=seal)
    assert result.exit_code == code, result.output


def test_without_certificates_one_is_told_what_is_missing(run: Any, sealing: SealWorld, terms: list[str]) -> None:
    result = run("verify", "-", *terms[:-2], stdin=text_of(sealing.message()))
    assert result.exit_code == 4
    assert "--seal-certificates" in result.output


def test_an_altered_seal_is_red(run: Any, sealing: SealWorld, terms: list[str]) -> None:
    text = text_of(sealing.message())
    result = run("verify", "-", *terms, stdin=text[:50] + ("A" if text[50] != "A" else "B") + text[51:])
    assert result.exit_code == 1


def test_a_seal_is_inspected_with_its_record_and_nothing_verified(run: Any, sealing: SealWorld) -> None:
    result = run("inspect", "-", "--json", stdin=text_of(sealing.message()) + "\n")
    found = json.loads(result.stdout)
    assert (found["verified"], found["kind"], found["findings"]) == (False, "seal", [])
    assert found["content"]["record"]["person"]["surnames"] == "Maréchal-Testelin"
    assert found["content"]["claims"]["iss"] == "FR:TEST01"


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (lambda world: "PD1:AAA", "seal_malformed"),
        (lambda world: "PD1:_", "base45_invalid"),
        (lambda world: text_of(world.message(world.claims({**world.pda1(), 0: 9}))), "seal_kind_unknown"),
        (lambda world: text_of(world.message(world.claims({**world.pda1(), 99: 9}))), "claim_unknown"),
        (lambda world: text_of(world.message(world.claims(exp=7))), "expired"),
    ],
)
def test_what_a_strict_reader_minds_about_a_seal_is_found(
    run: Any, sealing: SealWorld, spoilt: Any, code: str
) -> None:
    result = run("inspect", "-", "--json", stdin=spoilt(sealing))
    assert code in [each["code"] for each in json.loads(result.stdout)["findings"]], result.output


def test_a_blank_in_a_seal_counts(run: Any, sealing: SealWorld) -> None:
    """White space that is taken out of other inputs is a character of base45."""
    text = next(
        seal
        for idx in range(64)
        if " " in (seal := text_of(sealing.message(sealing.claims(iat=1_795_262_400 + idx))))
    )
    assert json.loads(run("inspect", "-", "--json", stdin=text).stdout)["findings"] == []
