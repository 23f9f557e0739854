"""docs/issuing.md: its commands run in the order of the page, its tables say what the code does."""

import re
import threading
from pathlib import Path

import pytest

from portadoc.clock import SystemClock
from portadoc.issuer.protocol_errors import DEFERRED_ERRORS
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import PROFILES, ProtocolProfile
from portadoc.serve.house import open_house
from portadoc.serve.run import listen, server_for
from portadoc.serve.settings import gather_settings, known_settings, read_settings
from tests.unit.issuer.source.test_source_guide import run

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "issuing.md").read_text(encoding="utf-8")
GRANTS = {
    "code": "authorization_code",
    "pre-authorised code": "urn:ietf:params:oauth:grant-type:pre-authorized_code",
    "refresh": "refresh_token",
}

ONE_INSTITUTION = """
mode = "development"

[institutions.fr-demo]
id = "FR:TEST01"
name = "Institution (test)"
country = "FR"
issues = ["pda1"]
"""
"""Of the institutions that an installation comes with, the one that the page asks: few keys are soon made."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def rows(first: str) -> dict[str, list[str]]:
    """Return the table that begins with a line, by its first column."""
    table = GUIDE[GUIDE.index(first) :].partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {name: rest for name, *rest in cells}


@pytest.mark.slow
def test_the_commands_of_the_guide_run(tmp_path: Path) -> None:
    listener = listen("127.0.0.1", 0)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    (script,) = blocks("python")
    (tmp_path / "collect.py").write_text(script, encoding="utf-8")
    (tmp_path / "portadoc.toml").write_text(
        f'base_url = "{origin}"\ndata_dir = "{tmp_path}/data"\n{ONE_INSTITUTION}', encoding="utf-8"
    )
    chosen = read_settings(gather_settings(tmp_path / "portadoc.toml", environment={}))
    with open_house(chosen, clock=SystemClock(), random_bytes=system_random_bytes, environment={}) as house:
        server = server_for(house)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            lines = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]
            said = [run(line, tmp_path) for line in lines]
        finally:
            server.should_exit = True
            thread.join()
            listener.close()
    assert said[1].split() == ["copy-0.txt", "copy-1.txt"]
    assert said[3].count("  issued\n") == 2
    assert said[5].split() == ["copy-0.txt", "copy-1.txt"]


def test_the_table_of_errors_is_that_of_the_code() -> None:
    told = rows("| `error` |")
    named = {
        code: name.strip("`") for name, (codes,) in told.items() for code in re.findall(r"`([a-z_]+)`", codes)
    }
    named.pop("error_description")
    assert named == dict(DEFERRED_ERRORS.names)
    assert told[f"`{DEFERRED_ERRORS.otherwise}`"] == ["anything else"]


def test_the_table_of_profiles_is_that_of_the_code() -> None:
    told = rows("| | `ietf-latest` |")
    profiles: list[ProtocolProfile] = list(PROFILES.values())
    assert [cell.strip("`") for cell in told[""]] == [each.id for each in profiles]
    assert [[GRANTS[name] for name in cell.split(", ")] for cell in told["grants"]] == [
        list(each.grants) for each in profiles
    ]
    assert [cell.startswith("attested") for cell in told["client"]] == [
        "none" not in each.client_authentication for each in profiles
    ]
    assert [cell.startswith("DPoP") for cell in told["access token"]] == [each.dpop_required for each in profiles]
    assert [cell == "always" for cell in told["key attestation"]] == [
        each.key_attestations_required for each in profiles
    ]
    assert [cell.startswith("by the first") for cell in told["proof under a key attestation"]] == [
        each.attested_key_first for each in profiles
    ]
    assert ["503" in cell for cell in told["status of an attestation that cannot be learned"]] == [
        each.attestation_status_required for each in profiles
    ]
    assert [set(re.findall(r"`([^`]+)`", cell)) for cell in told["header of a credential"]] == [
        each.issue_header_params - {"alg", "typ"} for each in profiles
    ]
    assert ["category" in cell for cell in told["in a credential besides"]] == [
        each.attestation_category is not None for each in profiles
    ]
    assert ["credential_reuse_policy" in cell for cell in told["in the metadata besides"]] == [
        each.reuse_policy for each in profiles
    ]


def test_named_settings_exist() -> None:
    named = set(re.findall(r"`(issuer\.[a-z_]+)`", GUIDE))
    assert named
    assert named <= known_settings().keys()
