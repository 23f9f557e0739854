"""The commands that README and the guides show are run as they stand there, on an installation that is served."""

import json
import re
import shlex
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.cli.conftest import Served

ROOT = Path(__file__).resolve().parents[2]
PURPOSE_QUERY = {
    "credentials": [
        {
            "id": "a1",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": ["urn:eudi:pda1:1"]},
            "claims": [{"path": ["legislation_country"]}],
        }
    ]
}
Follow = Callable[..., Result]


def shown_commands(name: str) -> list[str]:
    """Return the commands of a page's console blocks, without the prompt and what a comment says of them."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    shown = [line.strip() for each in blocks for line in each.splitlines()]
    lines = [line.removeprefix("$ ").removeprefix(".venv/bin/") for line in shown]
    return [line.partition("   ")[0] for line in lines if line.startswith(("portadoc ", "curl "))]


@pytest.fixture
def follow(run: Any, served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Follow:
    """Run a line as it is shown, with what stands for the reader's own values replaced; it has to succeed."""
    monkeypatch.setenv("PORTADOC_DATA_DIR", str(served.folder))

    def call(line: str, values: Mapping[str, str], *, stdin: str | None = None, exit_code: int = 0) -> Result:
        for shown, value in values.items():
            assert shown in line, f"{line}: {shown} is not shown any more"
            line = line.replace(shown, value)
        line = re.sub(r'"\$\(cat ([^)]+)\)"', lambda found: (tmp_path / found[1]).read_text(), line)
        result: Result = run(*shlex.split(line)[1:], stdin=stdin)
        assert result.exit_code == exit_code, (line, result.output)
        return result

    return call


def line_of(lines: list[str], start: str) -> str:
    found = next((line for line in lines if line.startswith(start)), None)
    assert found is not None, start
    return found


def with_a1_in_the_wallet(follow: Follow, lines: list[str]) -> None:
    offered = follow(line_of(lines, "portadoc issuer offer"), {}).stdout
    link = re.findall(r"^openid-credential-offer://\S+", offered, re.MULTILINE)[0]
    code = re.findall(r"\b\d{6}\b", offered.split(link)[1])[0]
    values = {"openid-credential-offer://?...": link, "123456": code}
    follow(line_of(lines, "portadoc wallet accept"), values)


def asked(follow: Follow, line: str, values: Mapping[str, str]) -> tuple[str, str, str]:
    """Return link, transaction and session secret."""
    told = follow(line, values).stdout
    link = re.findall(r"^openid4vp://\S+", told, re.MULTILINE)[0]
    transaction, secret = re.findall(r"^(?:transaction|session secret): (\S+)$", told, re.MULTILINE)
    return link, transaction, secret


def test_what_the_readme_shows(follow: Follow, tmp_path: Path) -> None:
    lines = shown_commands("README.md")
    with_a1_in_the_wallet(follow, lines)
    credential = follow("portadoc wallet list", {}).stdout.splitlines()[-1].split()[0]
    link, transaction, secret = asked(follow, line_of(lines, "portadoc verifier ask"), {})
    follow(line_of(lines, "portadoc wallet present"), {"openid4vp://?...": link}, stdin="y\n")
    told = follow(line_of(lines, "portadoc verifier result"), {"TRANSACTION": transaction}, stdin=secret).stdout
    assert "ACCEPTED" in told
    assert "Legislation applies until: 2027-08-31" in told
    shown = follow("portadoc wallet show CREDENTIAL", {"CREDENTIAL": credential}).stdout
    (tmp_path / "credential.txt").write_text(shown)
    assert "/status/" in follow("portadoc inspect credential.txt", {}).stdout


def test_what_the_guide_to_asking_shows(follow: Follow, tmp_path: Path) -> None:
    lines = shown_commands("docs/asking.md")
    with_a1_in_the_wallet(follow, shown_commands("README.md"))
    (tmp_path / "question.json").write_text(json.dumps(PURPOSE_QUERY))
    questions = [line for line in lines if line.startswith("portadoc verifier ask")]
    assert len(questions) >= 4
    sessions = [asked(follow, line, {}) for line in questions]
    link, transaction, secret = sessions[0]
    follow("portadoc wallet present LINK --yes --save shown", {"LINK": shlex.quote(link)})
    result = line_of(lines, "portadoc verifier result")
    follow(result, {"TRANSACTION": transaction}, stdin=secret)
    follow("portadoc trust anchors --out operator.pem", {})
    follow(line_of(lines, "portadoc verify shown/"), {})
    told = follow(line_of(lines, "portadoc receipt verify case-17/"), {}).stdout
    assert "was not checked" not in told
    declined = follow(
        "portadoc wallet present LINK", {"LINK": shlex.quote(sessions[1][0])}, stdin="n\n", exit_code=1
    )
    assert "share this?" in declined.output
    said = follow(
        "portadoc verifier result de-inspection TRANSACTION -",
        {"TRANSACTION": sessions[1][1]},
        stdin=sessions[1][2],
        exit_code=3,
    )
    assert "DECLINED" in said.stdout


def test_what_the_guide_to_trust_packs_shows(follow: Follow, served: Served, tmp_path: Path) -> None:
    lines = shown_commands("docs/trust-pack.md")
    with_a1_in_the_wallet(follow, shown_commands("README.md"))
    (credential, *_) = served.house.wallet.credentials()
    (tmp_path / "credential.txt").write_text(credential.sd_jwt)
    created = asked(follow, "portadoc verifier ask de-inspection --preset inspector-quick", {})
    follow("portadoc wallet present LINK --yes", {"LINK": shlex.quote(created[0])})
    view = served.house.verifier.result("de-inspection", created[1], created[2])
    (tmp_path / "receipt.jwt").write_text(str(view.receipt))
    follow(line_of(lines, "portadoc trust pack"), {})
    follow(line_of(lines, "portadoc trust anchors"), {})
    fetched = line_of(lines, "curl").split()[-1].replace("https://verifier.example", served.base_url)
    with urllib.request.urlopen(fetched, timeout=10) as response:
        (tmp_path / "trust.pack").write_bytes(response.read())
    follow(line_of(lines, "portadoc inspect"), {})
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    follow(line_of(lines, "portadoc verify"), {"2026-11-22T12:00": now})
    follow(line_of(lines, "portadoc receipt verify"), {})


def test_what_the_guide_to_operating_shows_first(run: Any, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    settings = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)[0]
    (tmp_path / "portadoc.toml").write_text(settings.replace("/srv/portadoc-trial", str(tmp_path / "trial")))
    block = re.findall(r"```console\n(.*?)```", guide, re.DOTALL)[0]
    lines = [line.removeprefix("$ ") for line in block.splitlines()]
    assert lines[-1] == "portadoc serve"
    for line in lines[:-1]:
        result = run(*shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.output)
    assert "inspector-quick" in run("config", "check").stdout
    refused = run("verifier", "ask", "caisse", "--preset", "inspector-full")
    assert (refused.exit_code, "urn:eudi:pid:1" in refused.stderr) == (1, True)


def test_a_state_is_a_code_of_two_letters(run: Any) -> None:
    question = ("verifier", "ask", "de-inspection", "--preset", "inspector-quick")
    refused = run(*question, "--work-state", "Germany")
    assert (refused.exit_code, "two-letter code" in refused.stderr) == (2, True)
