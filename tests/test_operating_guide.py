"""The guides name commands, options and settings that exist; the settings files of operating.md can be read."""

import re
from pathlib import Path

import click
import pytest

from portadoc.cli import main
from portadoc.i18n import catalogue
from portadoc.serve.settings import gather_settings, known_settings, read_settings

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
OTHERS = [
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "docs/asking.md", "docs/issuing.md", "docs/trust-pack.md")
]


def blocks(language: str, guide: str = GUIDE) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", guide, re.DOTALL)


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that the words name, and the words after its name."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, words
        command, words = found, words[1:]
    return command, words


def named_commands() -> list[str]:
    found: list[str] = []
    for guide in (GUIDE, *OTHERS):
        lines = [line for block in blocks("console", guide) for line in block.splitlines()]
        found += [line.removeprefix("$ ").removeprefix(".venv/bin/") for line in lines]
        found += [" ".join(line.split()) for line in re.findall(r"`(portadoc [^`]+)`", guide)]
    return list(dict.fromkeys(line for line in found if line.startswith("portadoc ")))


@pytest.mark.parametrize("line", named_commands())
def test_a_named_command_and_its_options_exist(line: str) -> None:
    command, rest = command_of(line.split()[1:])
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options


def test_enough_commands_are_found_to_mean_something() -> None:
    assert len(named_commands()) > 30


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_settings_file_can_be_read(text: str, tmp_path: Path) -> None:
    file = tmp_path / "portadoc.toml"
    file.write_text(text, encoding="utf-8")
    assert read_settings(gather_settings(file, environment={})).institutions


def test_named_settings_exist() -> None:
    named = set(re.findall(r"`((?:issuer|verifier)\.[a-z_.]+)`", GUIDE))
    assert named
    assert named <= known_settings().keys()


def test_named_codes_exist() -> None:
    named = {"institution_left_out", "status_list_expired", "storage_unavailable", "signer_certificate_expired"}
    assert all(f"`{code}`" in GUIDE and code in catalogue("en") for code in named)
