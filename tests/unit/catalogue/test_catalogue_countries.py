"""Names of countries in every language that has texts."""

from portadoc.catalogue import WITH_TEXTS
from portadoc.catalogue.countries import by_name, country_name, country_names
from portadoc.schemas.codes import WORLD_COUNTRIES


def test_every_country_has_a_name_in_every_language_with_texts() -> None:
    for language in WITH_TEXTS:
        assert set(country_names(language)) == WORLD_COUNTRIES
        assert all(name and name != code for code, name in country_names(language).items())


def test_a_language_without_texts_gets_the_names_of_the_fallback() -> None:
    assert country_name("DE", "fi") == country_name("DE", "en") == "Germany"
    assert country_name("XX", "en") == "XX"


def test_names_stand_in_the_order_of_the_alphabet_whatever_their_accents() -> None:
    assert [code for code, _ in by_name(["ES", "EG", "DE", "AT"], "fr")] == ["DE", "AT", "EG", "ES"]
    assert [name for _, name in by_name(["AT", "EG", "EE"], "de")] == ["Ägypten", "Estland", "Österreich"]
