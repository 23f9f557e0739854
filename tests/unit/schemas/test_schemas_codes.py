"""Closed lists."""

import pytest

from portadoc.schemas.codes import (
    ARTICLES,
    NATIONALITIES,
    PDA1_STATES,
    STATUS_CONFIRMATIONS,
    WORLD_COUNTRIES,
    canonical_country,
    institution_id_is_usual,
)


def test_the_coordination_has_32_states_in_iso_spelling() -> None:
    assert len(PDA1_STATES) == 32
    assert {"GR", "GB", "CH", "NO", "IS", "LI"} <= PDA1_STATES
    assert not {"EL", "UK", "EU"} & PDA1_STATES


def test_the_world_has_195_countries_and_holds_the_32_states() -> None:
    assert len(WORLD_COUNTRIES) == 195
    assert PDA1_STATES < WORLD_COUNTRIES < NATIONALITIES


@pytest.mark.parametrize(("received", "stored"), [("EL", "GR"), ("UK", "GB"), ("FR", "FR"), ("EU", "EU")])
def test_eessi_country_codes_become_iso_codes(received: str, stored: str) -> None:
    assert canonical_country(received) == stored


def test_there_are_twelve_situations_and_each_names_its_articles() -> None:
    assert list(STATUS_CONFIRMATIONS) == [f"{number:02}" for number in range(1, 13)]
    for code, situation in STATUS_CONFIRMATIONS.items():
        assert situation.code == code
        assert situation.articles
        assert set(situation.articles) <= ARTICLES


@pytest.mark.parametrize(
    "identifier",
    ["AT:19789", "NO:NAVAT07", "NO:NAVT003", "DK:DC4EUINST", "AT:9900", "DE:456789", "EL:1234", "FR:TEST01"],
)
def test_institution_ids_of_the_eessi_repository_are_usual(identifier: str) -> None:
    assert institution_id_is_usual(identifier)


@pytest.mark.parametrize(
    "identifier",
    [
        "DE: 103411401",
        "DVKA",
        "CLEISS",
        "AUTH123",
        "AT-SVB-EHIC",
        "IT-INPS-001",
        "3a5e4196-f996-4048-bfae-c2650d160dcb",
        "XX:12345",
        "FR:123",
        "FR:12345678901",
        "FR:TEST01\n",
        "",
    ],
)
def test_other_institution_ids_seen_in_practice_are_unusual(identifier: str) -> None:
    assert not institution_id_is_usual(identifier)
