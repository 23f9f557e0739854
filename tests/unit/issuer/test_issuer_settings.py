"""Settings: safe defaults, and relations that do not hold stop the start."""

from typing import Any

import pytest
from pydantic import ValidationError

from portadoc.clock import FixedClock
from portadoc.errors import Misconfigured, Refused
from portadoc.issuer import InstitutionSettings, IssuerSettings, build_issuer
from portadoc.randomness import system_random_bytes

INSTITUTION = InstitutionSettings(
    slug="fr-demo", institution_id="FR:TEST01", names={"en": "Test"}, configuration_ids=("pda1",)
)
GOOD: dict[str, Any] = {"base_url": "https://issuer.example", "institutions": (INSTITUTION,)}


def test_defaults_are_those_of_the_specifications() -> None:
    settings = IssuerSettings(**GOOD)
    assert (settings.mode, settings.access_token_ttl_s, settings.tx_code_tries) == ("production", 300, 5)
    assert settings.status_list_size == 131_072


@pytest.mark.parametrize(
    "change",
    [
        {"access_token_ttl_s": 301},
        {"base_url": "http://issuer.example"},
        {"base_url": "http://127.0.0.1:8700"},
        {"base_url": "http://issuer.example", "mode": "development"},
        {"base_url": "https://issuer.example/"},
        {"base_url": "https://issuer.example/path"},
        {"base_url": "https://issuer.example?x=1"},
        {"base_url": "https://user@issuer.example"},
        {"base_url": "ftp://issuer.example"},
        {"base_url": "issuer.example"},
        {"institutions": (INSTITUTION, INSTITUTION)},
        {"status_ttl_s": 30_000},
        {"copies_per_grant": 5},
        {"status_list_size": 64, "batch_size": 33, "copies_per_grant": 33, "mode": "development"},
        {"status_list_size": 1001},
        {"batch_size": 1},
        {"unheard_of": 1},
    ],
    ids=str,
)
def test_f16_a_relation_that_does_not_hold_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IssuerSettings(**{**GOOD, **change})


@pytest.mark.parametrize("profile", ["haip-1.0", "eudi-2026"])
def test_f16_only_a_token_that_is_bound_to_a_key_lives_longer_than_five_minutes(profile: str) -> None:
    assert IssuerSettings(**GOOD, profile=profile, access_token_ttl_s=3600).access_token_ttl_s == 3600
    with pytest.raises(ValidationError, match="access_token_ttl_s: above 300"):
        IssuerSettings(**GOOD, profile="ietf-latest", access_token_ttl_s=301)


def test_d21_lists_of_few_entries_are_for_development_only() -> None:
    """A list of one credential would tell its issuer who is checked and when: no service starts with such."""
    with pytest.raises(ValidationError, match="status_list_size: below 10000"):
        IssuerSettings(**GOOD, status_list_size=9_992)
    assert IssuerSettings(**GOOD, status_list_size=10_000).status_list_size == 10_000
    assert IssuerSettings(**GOOD, status_list_size=64, mode="development").status_list_size == 64


@pytest.mark.parametrize("host", ["127.0.0.1:8700", "localhost:8700", "[::1]:8700"])
def test_plain_http_is_for_loopback_in_development(host: str) -> None:
    IssuerSettings(**{**GOOD, "base_url": f"http://{host}", "mode": "development"})


@pytest.mark.parametrize("slug", ["", "A", "a b", "-a", "a-", "a.b", "a/b", "é"])
def test_a_slug_is_a_plain_segment(slug: str) -> None:
    with pytest.raises(ValidationError):
        InstitutionSettings(slug=slug, institution_id="x", names={"en": "x"}, configuration_ids=("pda1",))


def test_an_unknown_profile_or_configuration_stops_the_start(database: Any, key_ring: Any) -> None:
    def build(settings: IssuerSettings) -> None:
        build_issuer(settings, database, key_ring, FixedClock(0), system_random_bytes)

    with pytest.raises(Misconfigured, match="profile_unknown"):
        build(IssuerSettings(**GOOD, profile="unheard-of"))
    unknown = INSTITUTION.model_copy(update={"configuration_ids": ("unheard-of",)})
    with pytest.raises(Refused, match="credential_configuration_unknown"):
        build(IssuerSettings(**{**GOOD, "institutions": (unknown,)}))
