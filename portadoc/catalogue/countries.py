"""The names of the countries of the world, in every language that has texts."""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from portadoc.catalogue.languages import FALLBACK, WITH_TEXTS


@cache
def country_names(language: str) -> Mapping[str, str]:
    """Return the names by ISO 3166-1 code, in the fallback's words for a language without texts."""
    written_in = language if language in WITH_TEXTS else FALLBACK
    file = resources.files("portadoc.catalogue") / "country_names" / f"{written_in}.json"
    names: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return names


def country_name(code: str, language: str) -> str:
    """Return the name of a country, or the code itself where nobody named it."""
    return country_names(language).get(code, code)


def by_name(codes: Iterable[str], language: str) -> tuple[tuple[str, str], ...]:
    """Return codes and names in the order of the names; accents do not count."""
    named = [(code, country_name(code, language)) for code in codes]
    return tuple(sorted(named, key=lambda pair: (_unaccented(pair[1]), pair[0])))


def _unaccented(name: str) -> str:
    split = unicodedata.normalize("NFKD", name).casefold()
    return "".join(each for each in split if not unicodedata.combining(each))
