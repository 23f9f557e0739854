"""What people read, in the languages of the European Union: one catalogue for pages, paper and the app.

Texts are flat: a key, and a sentence with ``{params}``. A key that speaks of one kind of document (or of one way
in which it was presented) has that as its last part but one, as ``verdict.<verdict>.<kind>.headline``; without it
the key says what holds for all of them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Final

from portadoc.catalogue.countries import country_names
from portadoc.catalogue.languages import FALLBACK, LANGUAGES, WITH_TEXTS
from portadoc.catalogue.reasons import reason_group
from portadoc.errors import Misconfigured

__all__ = [
    "BOOKS",
    "FALLBACK",
    "LANGUAGES",
    "WITH_TEXTS",
    "Texts",
    "day_in_words",
    "load_all",
    "reason_group",
    "reason_text",
    "text",
    "texts",
    "verdict_text",
]

BOOKS: Final = ("texts", "portal", "rules", "authorize")
"""What is shown to inspectors and on paper; what the portal says; how decisions are explained;
what stands before a wallet gets a certificate."""

_PARAM: Final = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language. ``language`` is the one that they are in: the fallback's where there are none."""

    asked: str
    language: str
    name: str
    reviewed_by_speaker: bool
    entries: Mapping[str, str]

    def text(self, key: str, **params: object) -> str:
        """Return one text with its params; a param that is not given stays as it is written.

        Raises Misconfigured[message_missing] for a key that the catalogue does not have.
        """
        if key not in self.entries:
            raise Misconfigured("message_missing", code=key)
        return _PARAM.sub(lambda found: str(params.get(found[1], found[0])), self.entries[key])


@lru_cache(maxsize=len(LANGUAGES) * len(BOOKS))
def texts(language: str, book: str = "texts") -> Texts:
    """Return a book's texts in one of the 24 languages, or those of the fallback where it has none yet.

    Raises Misconfigured[language_unknown] for another language.
    """
    assert book in BOOKS, book
    if language not in LANGUAGES:
        raise Misconfigured("language_unknown", language=language)
    folder = resources.files("portadoc.catalogue") / book
    written_in = language if language in WITH_TEXTS and (folder / f"{language}.json").is_file() else FALLBACK
    reviewed, entries = _read(book, written_in)
    return Texts(language, written_in, LANGUAGES[language], reviewed, entries)


@lru_cache(maxsize=len(LANGUAGES) * len(BOOKS))
def _read(book: str, language: str) -> tuple[bool, Mapping[str, str]]:
    file = resources.files("portadoc.catalogue") / book / f"{language}.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    entries = {key: entry for key, entry in found.items() if not key.startswith("_")}
    return found["_reviewed_by_speaker"], entries


def load_all() -> None:
    """Read every book in every language now, so that what runs needs none of the files any more."""
    for language in LANGUAGES:
        country_names(language)
        for book in BOOKS:
            texts(language, book)


def text(key: str, language: str, book: str = "texts", /, **params: object) -> str:
    """Return one text. Raises Misconfigured[language_unknown], [message_missing]."""
    return texts(language, book).text(key, **params)


def day_in_words(day: date, language: str) -> str:
    """Return a day as people of the language write it. Raises Misconfigured[language_unknown]."""
    words = texts(language)
    month = words.text("date.months").split()[day.month - 1]
    number = words.text("date.first") if day.day == 1 else day.day
    return words.text("date.day", day=number, month=month, year=day.year)


def verdict_text(verdict: str, part: str, language: str, *variants: str) -> str:
    """Return ``headline``, ``sentence`` or ``action`` of a verdict, by the first variant that has words.

    A variant is the kind of document (``pda1``) or the way in which it was presented (``seal``).
    """
    found = texts(language)
    keys = [f"verdict.{verdict}.{variant}.{part}" for variant in variants]
    own = (key for key in keys if key in found.entries)
    return found.text(next(own, f"verdict.{verdict}.{part}"))


def reason_text(code: str, language: str, *, reason: str | None = None) -> str:
    """Return the sentence for the code of a check or an error, in the words of its group."""
    return text(f"reason.{reason_group(code, reason=reason)}", language)
