"""What the guide to the portal shows works as it stands there: settings, register files, the machine's client."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from portadoc.portal.registers.files import COMPANIES, PERSONS, open_file_registers
from tests.cli.conftest import Served
from tests.cli.test_cli_guides import Follow, follow, line_of, shown_commands  # noqa: F401  a fixture

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "portal.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_settings_of_the_guide_are_accepted(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_CLIENT_SECRET", "only-for-this-test")
    opening, machine = blocks("toml")
    folder = tmp_path / "trial"
    text = (opening + machine).replace("/srv/portadoc-trial", str(folder))
    (tmp_path / "portadoc.toml").write_text(text, encoding="utf-8")
    assert run("keys", "init").exit_code == 0
    (line,) = shown_commands("docs/portal.md")
    result = run(*line.split()[1:])
    assert result.exit_code == 0, result.output


def test_the_register_files_of_the_guide_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "registers"
    folder.mkdir()
    for name, text in zip((COMPANIES, PERSONS), blocks("json"), strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    companies, persons = open_file_registers(tmp_path, with_examples=False)
    assert companies.company("TEST12345") is not None
    person = persons.person("TEST185041201")
    assert person is not None
    assert person.cover_now is not None


def test_the_machine_of_the_guide_files_a_posting_and_fetches_the_paper(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (client,) = blocks("python")
    key = json.dumps(str(served.folder / "machines" / "payroll-test.json"))
    client = client.replace('"http://127.0.0.1:8700"', json.dumps(served.base_url))
    client = client.replace('".portadoc/machines/payroll-test.json"', key)
    exec(compile(client, "docs/portal.md", "exec"), {})
    assert re.fullmatch(r"A1-\d{4}-\d{6}-. granted 12\(1\)\n", capsys.readouterr().out)
    assert (tmp_path / "a1.pdf").read_bytes().startswith(b"%PDF-")


def test_what_the_readme_shows_for_the_field(follow: Follow) -> None:  # noqa: F811
    lines = shown_commands("README.md")
    seal = line_of(lines, "portadoc issuer seal")
    follow(seal.partition(" > ")[0], {})
    follow(line_of(lines, "portadoc trust pack"), {})
    told = follow(line_of(lines, "portadoc inspector pair"), {}).stdout
    assert re.search(r"\b[A-Z0-9]{4}-?[A-Z0-9]{4}\b", told)
    follow(line_of(lines, "portadoc trust anchors"), {})
    judged = follow(line_of(lines, "portadoc verify --batch"), {}, exit_code=3).stdout
    assert "amber" in judged
