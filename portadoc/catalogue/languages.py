"""The official languages of the European Union, each by its own name."""

from collections.abc import Mapping
from typing import Final

LANGUAGES: Final[Mapping[str, str]] = {
    "bg": "български",
    "cs": "čeština",
    "da": "dansk",
    "de": "Deutsch",
    "el": "ελληνικά",
    "en": "English",
    "es": "español",
    "et": "eesti",
    "fi": "suomi",
    "fr": "français",
    "ga": "Gaeilge",
    "hr": "hrvatski",
    "hu": "magyar",
    "it": "italiano",
    "lt": "lietuvių",
    "lv": "latviešu",
    "mt": "Malti",
    "nl": "Nederlands",
    "pl": "polski",
    "pt": "português",
    "ro": "română",
    "sk": "slovenčina",
    "sl": "slovenščina",
    "sv": "svenska",
}
"""The 24 languages of Regulation No 1 of the Council, by ISO 639-1 code."""

WITH_TEXTS: Final = ("en", "fr", "de", "pl", "ro", "pt", "es", "it")
"""Languages whose texts are complete. For every other one English stands in, and the reader is told so."""

FALLBACK: Final = "en"
