"""Every setting that cannot hold is named before anything is opened."""

from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Misconfigured
from portadoc.serve.settings import gather_settings, read_settings

CAISSE = '[institutions.{}]\nid = "FR:1"\nname = "Caisse"\ncountry = "FR"\nissues = ["{}"]\n'


def read(tmp_path: Path, text: str) -> Any:
    file = tmp_path / "portadoc.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(gather_settings(file, environment={}))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (CAISSE.format('"Bad_Slug"', "pda1"), "institutions.Bad_Slug.slug"),
        (CAISSE.format("a" * 65, "pda1"), f"institutions.{'a' * 65}.slug"),
        (CAISSE.format("caisse", "unheard-of"), "institutions.caisse.issues"),
        ('profile = "unheard-of"\n', "profile"),
        ('base_url = "http://127.0.0.1:99999"\n', "base_url"),
        ('base_url = "http://[::1:8700"\n', "base_url"),
        ("[issuer]\nstatus_exp_s = 600\n", "issuer.status_ttl_s"),
        ("[verifier]\nrequest_ttl_s = 1\n", "verifier.request_ttl_s"),
        ('mode = "production"\n', "passphrase"),
    ],
)
def test_a_setting_that_cannot_hold_is_named(tmp_path: Path, text: str, name: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read(tmp_path, text)
    assert (refused.value.code, refused.value.params["name"]) == ("setting_invalid", name)


def test_an_installation_may_issue_only(tmp_path: Path) -> None:
    settings = read(tmp_path, CAISSE.format("caisse", "pda1"))
    assert (list(settings.issuer_settings().by_slug), list(settings.verifier_settings().by_slug)) == (
        ["caisse"],
        [],
    )


def test_a_name_is_published_without_a_language_that_nobody_said(tmp_path: Path) -> None:
    settings = read(tmp_path, CAISSE.format("caisse", "pda1"))
    assert settings.issuer_settings().by_slug["caisse"].names == {"und": "Caisse"}
