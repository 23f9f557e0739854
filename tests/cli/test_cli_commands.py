"""The commands as such: help for each, wrong use, settings, keys, the demonstration."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from portadoc import __version__
from portadoc.cli import COMMANDS, main
from tests.cli.conftest import Desk, Run


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from commands(found, (*path, name))


EVERY_COMMAND = list(commands(main))


def told(result: Any) -> Any:
    return json.loads(result.stdout)


def test_the_commands_are_those_of_the_reference() -> None:
    assert {path[0] for path in EVERY_COMMAND if path} == set(COMMANDS)
    promised = [
        *(("demo",), ("serve",), ("verify",), ("inspect",)),
        *(("issuer", "offer"), ("issuer", "withdraw"), ("wallet", "accept"), ("wallet", "present")),
        *(("wallet", "list"), ("keys", "new"), ("keys", "list"), ("config", "show"), ("config", "check")),
        *(("wallet", "show"), ("verifier", "ask"), ("verifier", "result"), ("verifier", "presets")),
    ]
    assert set(promised) <= set(EVERY_COMMAND)


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=" ".join)
def test_every_command_explains_itself(run: Any, path: tuple[str, ...]) -> None:
    for option in ("--help", "-h"):
        result = run(*path, option)
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage: ")
        assert len(result.stdout.splitlines()) > 4


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=" ".join)
def test_an_unknown_option_is_wrong_use(run: Any, path: tuple[str, ...]) -> None:
    assert run(*path, "--no-such-option").exit_code == 2


def test_reading_commands_offer_json(run: Any) -> None:
    without = (
        "serve",
        "issuer",
        "wallet",
        "verifier",
        "inspector",
        "keys",
        "config",
        "trust",
        "conformance",
        "receipt",
        "determine",
        "issuer example",
    )  # the last two write nothing but JSON
    for path in EVERY_COMMAND:
        if path and " ".join(path) not in without:
            assert "--json" in run(*path, "--help").stdout, path


def test_an_unknown_command_is_wrong_use_and_the_version_is_told(run: Any) -> None:
    assert run("unknown").exit_code == 2
    assert __version__ in run("--version").stdout


@pytest.mark.parametrize(
    ("typed", "meant"), [(("wallte",), "wallet"), (("verifer",), "verifier"), (("wallet", "acept"), "accept")]
)
def test_a_mistyped_command_names_the_nearest(run: Any, typed: tuple[str, ...], meant: str) -> None:
    result = run(*typed)
    assert (result.exit_code, "Did you mean" in result.stderr, meant in result.stderr) == (2, True, True)


def test_settings_are_shown_with_their_source(run: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "portadoc.toml").write_text('base_url = "https://portadoc.example"\n')
    monkeypatch.setenv("PORTADOC_PROFILE", "haip-1.0")
    rows = {
        row["name"]: (row["value"], row["source"]) for row in told(run("config", "show", "--json"))["settings"]
    }
    assert rows["base_url"] == ("https://portadoc.example", "file")
    assert rows["profile"] == ("haip-1.0", "environment")
    assert rows["mode"] == ("development", "default")
    assert "https://portadoc.example" in run("config", "show").stdout


def test_settings_are_checked(run: Any, tmp_path: Any) -> None:
    assert told(run("config", "check", "--json"))["ok"] is True
    assert run("config", "check").stdout.startswith("ok: ")
    assert run("config", "check", "--config", "missing.toml").exit_code == 2
    (tmp_path / "portadoc.toml").write_text('mode = "production"\n')
    result = run("config", "check")
    assert (result.exit_code, "setting_invalid" in result.stderr) == (4, True)
    (tmp_path / "portadoc.toml").write_text("mode = \n")
    assert run("config", "check").exit_code == 4


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ('base_ulr = "x"', "base_url"),
        ("[issuer]\noffer_tll_s = 1", "issuer.offer_ttl_s"),
        ("[nonsense]\na = 1", ""),
    ],
)
def test_an_unknown_setting_names_the_nearest(run: Any, tmp_path: Any, line: str, nearest: str) -> None:
    (tmp_path / "portadoc.toml").write_text(line + "\n")
    for command in ("check", "show"):
        result = run("config", command)
        assert (result.exit_code, "setting_unknown" in result.stderr) == (4, True)
        assert nearest in result.stderr


def test_keys_are_made_and_listed_and_never_printed(run: Any) -> None:
    missing = run("keys", "list")
    assert (missing.exit_code, "installation_missing" in missing.stderr) == (4, True)
    assert told(run("keys", "init", "--json"))["keys"] > 0
    before = told(run("keys", "list", "--json"))["keys"]
    assert {key["institution"] for key in before} >= {"fr-demo", "de-inspection"}
    assert all(set(key) == {"institution", "purpose", "state", "alg", "not_after", "kid"} for key in before)
    made = told(run("keys", "new", "fr-demo", "status", "--json"))
    after = {key["kid"]: key["state"] for key in told(run("keys", "list", "--json"))["keys"]}
    assert after[made["kid"]] == "active"
    (old,) = (
        key["kid"]
        for key in before
        if (key["institution"], key["purpose"], key["state"]) == ("fr-demo", "status", "active")
    )
    assert after[old] == "retired"
    assert "PRIVATE" not in run("keys", "list").stdout
    assert "made " in run("keys", "new", "fr-demo", "credential").stdout


def test_keys_of_unknown_institutions_and_purposes(run: Any) -> None:
    assert run("keys", "new", "fr-demo", "dancing").exit_code == 2
    assert "next: portadoc serve" in run("keys", "init").stdout
    unknown = run("keys", "new", "fr-nobody", "status")
    assert (unknown.exit_code, "ring_institution_unknown" in unknown.stderr) == (4, True)


def test_a_lost_index_or_trust_file_is_told_and_never_made_anew(run: Any, tmp_path: Any) -> None:
    run("keys", "init", "--data-dir", tmp_path / "data")
    trust = (tmp_path / "data" / "keys" / "trust.json").read_bytes()
    (tmp_path / "data" / "keys" / "keyring.json").unlink()
    for command in (("keys", "init"), ("keys", "list"), ("wallet", "list")):
        result = run(*command, "--data-dir", tmp_path / "data")
        assert (result.exit_code, "key_ring_missing" in result.stderr) == (4, True)
    assert (tmp_path / "data" / "keys" / "trust.json").read_bytes() == trust


def test_a_folder_that_cannot_be_used_is_told(run: Any, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("not a folder")
    for command, code in (("init", "data_dir_unusable"), ("list", "installation_missing")):
        result = run("keys", command, "--data-dir", tmp_path / "file" / "data")
        assert (result.exit_code, code in result.stderr) == (4, True), command


def test_checking_settings_opens_every_key(run: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run("keys", "init")
    assert " keys" in run("config", "check").stdout
    monkeypatch.setenv("PORTADOC_OTHER", "not the passphrase")
    monkeypatch.setenv("PORTADOC_PASSPHRASE", "env:PORTADOC_OTHER")
    wrong = run("config", "check")
    assert (wrong.exit_code, "passphrase_wrong" in wrong.stderr) == (4, True)
    monkeypatch.setenv("PORTADOC_PROFILE", "of-tomorrow")
    assert "ietf-latest" in run("config", "check").stderr


def test_an_installation_without_keys_in_production_is_misconfigured(run: Any, tmp_path: Any) -> None:
    (tmp_path / "secret").write_text("passphrase")
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "portadoc.toml").write_text(
        f'mode = "production"\nbase_url = "https://portadoc.example"\npassphrase = "file:{tmp_path}/secret"\n'
        '[institutions.fr-real]\nid = "FR:0001"\nname = "Real"\ncountry = "FR"\nissues = ["pda1"]\n'
        'verifies = ["urn:eudi:pda1:1"]\n'
    )
    result = run("keys", "list")
    assert (result.exit_code, "key_ring_missing" in result.stderr) == (4, True)


def test_the_demonstration_refuses_every_hostile_variant_for_its_own_reason(run: Any) -> None:
    result = run("demo", "--json")
    tale = told(result)
    assert result.exit_code == 0
    assert set(tale) == {"steps", "hostile"}
    assert all(set(step) == {"name", "ok", "ms"} and step["ok"] is True for step in tale["steps"])
    hostile = tale["hostile"]
    assert hostile["tried"] == hostile["refused"] == len(hostile["cases"]) >= 25
    assert [case for case in hostile["cases"] if case["expected"] != case["got"]] == []
    kinds = Counter(case["category"] for case in hostile["cases"])
    promised = {"parser", "signature", "disclosures", "key_binding", "status", "trust", "session", "time"}
    assert set(kinds) == promised
    assert min(kinds.values()) >= 3


def test_the_demonstration_for_people_ends_with_what_to_do_next(run: Any) -> None:
    result = run("demo")
    assert result.exit_code == 0
    assert "TEST DATA" in result.stdout
    assert "ACCEPTED" in result.stdout
    assert "REFUSED" in result.stdout
    assert "  next   make serve" in result.stdout


def test_the_trust_file_is_that_of_the_installation_that_is_named(run: Run, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "own" / "keys").mkdir(parents=True)
    credential = desk.file(desk.credential())
    missing = run("verify", credential, "--data-dir", tmp_path / "own")
    assert (missing.exit_code, "own/keys/trust.json" in missing.stderr) == (4, True)
    (tmp_path / "own" / "keys" / "trust.json").write_bytes(desk.trust.read_bytes())
    judged = run("verify", credential, "--data-dir", tmp_path / "own", "--at", "2026-11-22T12:00:00Z", "--json")
    assert (
        json.loads(judged.stdout)["code"]
        == json.loads(
            run("verify", credential, "--trust", desk.trust, "--at", "2026-11-22T12:00:00Z", "--json").stdout
        )["code"]
    )
