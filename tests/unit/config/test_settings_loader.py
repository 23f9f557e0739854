"""Settings come from three places, each name is known, and secrets stay where they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portadoc.config import load_settings, read_secret
from portadoc.errors import Misconfigured

KNOWN = {
    "mode",
    "database.url",
    "issuer.base_url",
    "issuer.offer_ttl_s",
    "institutions.*.name",
    "institutions.*.keys",
    "trust.anchors",
}
TOML = """
mode = "production"
[issuer]
base_url = "https://file.example"
offer_ttl_s = 600
[institutions.fr-demo]
name = "Test institution"
keys = { credential = "file:/k.pem" }
[trust]
anchors = ["a.pem", "b.pem"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "portadoc.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def refusal_of(file: Path | None = None, **places: dict[str, str]) -> Misconfigured:
    with pytest.raises(Misconfigured) as refusal:
        load_settings(
            known=KNOWN,
            file=file,
            environment=places.get("environment", {}),
            command_line=places.get("command_line"),
        )
    return refusal.value


def test_nothing_set_is_nothing_told() -> None:
    assert load_settings(known=KNOWN, file=None, environment={}).tree() == {}


def test_a_file_is_read_as_nested_tables(file: Path) -> None:
    assert load_settings(known=KNOWN, file=file, environment={}).tree() == {
        "mode": "production",
        "issuer": {"base_url": "https://file.example", "offer_ttl_s": 600},
        "institutions": {"fr-demo": {"name": "Test institution", "keys": {"credential": "file:/k.pem"}}},
        "trust": {"anchors": ["a.pem", "b.pem"]},
    }


def test_later_places_win_and_each_value_knows_its_source(file: Path) -> None:
    settings = load_settings(
        known=KNOWN,
        file=file,
        environment={"PORTADOC_ISSUER__BASE_URL": "https://env.example", "PORTADOC_ISSUER__OFFER_TTL_S": "60"},
        command_line={"issuer.base_url": "https://line.example"},
    )
    explained = {name: (value, source) for name, value, source in settings.explain()}
    assert explained["issuer.base_url"] == ("https://line.example", "command line")
    assert explained["issuer.offer_ttl_s"] == ("60", "environment")
    assert explained["mode"] == ("production", "file")
    assert [name for name, _, _ in settings.explain()] == sorted(explained)


def test_a_variable_without_a_table_is_a_setting_only_when_known() -> None:
    environment = {"PORTADOC_MODE": "development", "PORTADOC_VECTORS": "/elsewhere", "HOME": "/root"}
    assert load_settings(known=KNOWN, file=None, environment=environment).tree() == {"mode": "development"}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("issuer.base_ulr", "issuer.base_url"),
        ("isuer.base_url", "issuer.base_url"),
        ("databse.url", "database.url"),
        ("institutions.fr-demo.nmae", "institutions.*.name"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(tmp_path: Path, name: str, nearest: str) -> None:
    *tables, key = name.split(".")
    path = tmp_path / "portadoc.toml"
    path.write_text(f"[{'.'.join(tables)}]\n{key} = 1\n")
    refusal = refusal_of(path)
    assert refusal.code == "setting_unknown"
    assert refusal.params == {"name": name, "source": "file", "nearest": nearest}


def test_an_unknown_variable_or_flag_is_refused() -> None:
    assert refusal_of(environment={"PORTADOC_ISSUER__BASEURL": "x"}).params["source"] == "environment"
    assert refusal_of(command_line={"issuer": "x"}).params["source"] == "command line"


def test_a_value_where_a_table_belongs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "portadoc.toml"
    path.write_text('issuer = "x"\n')
    assert refusal_of(path).params["name"] == "issuer"


@pytest.mark.parametrize("content", [b"a = ", b"\xff", b"a = 1\na = 2\n", None])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "portadoc.toml"
    if content is not None:
        path.write_bytes(content)
    assert refusal_of(path).code == "settings_file_unreadable"


def test_a_secret_is_read_from_its_place(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"pass phrase \n")
    path.chmod(0o600)
    assert read_secret(f"file:{path}", environment={}) == b"pass phrase "
    assert read_secret("env:PASS", environment={"PASS": "pass phrase"}) == b"pass phrase"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_secret_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"CANARY")
    path.chmod(mode)
    with pytest.raises(Misconfigured) as refusal:
        read_secret(f"file:{path}", environment={})
    assert refusal.value.code == "secret_exposed"
    assert "CANARY" not in str(refusal.value)


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("env:ABSENT", "secret_missing"),
        ("env:EMPTY", "secret_missing"),
        ("file:/nowhere/at/all", "secret_missing"),
        ("file:/dev", "secret_missing"),
        ("file:relative", "secret_uri_unsupported"),
        ("env:", "secret_uri_unsupported"),
        ("CANARY", "secret_uri_unsupported"),
        ("https://vault.example/x", "secret_uri_unsupported"),
    ],
)
def test_a_secret_that_is_nowhere_is_refused_without_being_repeated(uri: str, code: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        read_secret(uri, environment={"EMPTY": ""})
    assert refusal.value.code in (code, "secret_exposed" if uri == "file:/dev" else code)
    assert "CANARY" not in str(refusal.value)


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    with pytest.raises(Misconfigured) as refusal:
        read_secret(f"file:{path}", environment={})
    assert refusal.value.code == "secret_missing"


def test_the_loader_loads_neither_pydantic_nor_fastapi_nor_sqlalchemy() -> None:
    check = (
        "import sys, portadoc.config, portadoc.fetch; "
        "sys.exit(any(n in sys.modules for n in ('pydantic', 'fastapi', 'starlette', 'sqlalchemy')))"
    )
    assert subprocess.run([sys.executable, "-c", check], env=dict(os.environ), check=False).returncode == 0
