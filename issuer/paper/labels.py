"""The words of an official paper in one language or two: that of the institution, and that of the host State.

Words that the inspectors' book has are taken from there, in all its languages; the others from that of the portal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portadoc.catalogue import Texts, texts
from portadoc.catalogue.countries import country_name
from portadoc.catalogue.writing import on_paper
from portadoc.errors import Refused
from portadoc.schemas.coverage.application import ApplicationProof
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.records import Record

Line = tuple[str, str]
"""A language and what is said in it."""
Label = tuple[Line, ...]

MOST_LANGUAGES: Final = 2
HOST: Final = "host"
"""Stands for the language of the host State among the languages of a paper."""
LONGEST: Final = 4000
"""Characters of one value on an official paper: more than a record can hold, so nothing is ever cut."""
HOST_LANGUAGES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("AT", "DE", "LI", "CH"), "de"),
    **dict.fromkeys(("FR", "LU"), "fr"),
    **dict.fromkeys(("CY", "GR"), "el"),
    **dict.fromkeys(("BE", "NL"), "nl"),
    **dict.fromkeys(("GB", "IE", "IS", "NO"), "en"),
    **{state.upper(): state for state in ("bg", "es", "fi", "hr", "hu", "it", "lt", "lv", "mt")},
    **{state.upper(): state for state in ("pl", "pt", "ro", "sk")},
    "CZ": "cs",
    "DK": "da",
    "EE": "et",
    "SE": "sv",
    "SI": "sl",
}
"""The language of a State in which a paper is most often read there, of those that this catalogue names."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The texts of an official paper in its languages, the first of them its own."""

    books: tuple[tuple[Texts, Texts], ...]

    @property
    def language(self) -> str:
        """Return the language that the paper is in."""
        return self.books[0][0].language

    def of(self, key: str, **params: object) -> Label:
        """Return a text in every language of the paper; one that two languages share stands there once."""
        found: dict[str, str] = {}
        for shared, own in self.books:
            book = shared if key in shared.entries else own
            found.setdefault(book.text(key, **params), book.language)
        return tuple((language, words) for words, language in found.items())

    def country(self, code: str) -> str:
        """Return the code of a State with its name in the paper's language; a code that nobody named, alone."""
        name = country_name(code, self.language)
        return code if name == code else f"{code} {name}"

    def notes(self) -> Label:
        """Return what a reader has to know of the words themselves."""
        books = [book for both in self.books for book in both]
        missing = next((book for book in books if book.asked != book.language), None)
        if missing is not None:
            return self.of("note.language_missing", language=missing.name)
        return () if all(book.reviewed_by_speaker for book in books) else self.of("note.not_reviewed")


def labels(languages: Sequence[str]) -> Labels:
    """Return the words in one language or two.

    Raises Refused[paper_languages] for none, for more and for the same twice; Misconfigured[language_unknown].
    """
    if not 1 <= len(languages) <= MOST_LANGUAGES or len(set(languages)) != len(languages):
        raise Refused("paper_languages", most=MOST_LANGUAGES)
    return Labels(tuple((texts(each), texts(each, "portal")) for each in languages))


def spoken(languages: Sequence[str], record: Record) -> tuple[str, ...]:
    """Return languages with that of the State of work in place of ``host``; none of them twice by it."""
    others = tuple(each for each in languages if each != HOST)
    if len(others) == len(languages):
        return others
    host = next((HOST_LANGUAGES[state] for state in _states_of_work(record) if state in HOST_LANGUAGES), None)
    return others if host is None or host in others else (*others, host)


def _states_of_work(record: Record) -> tuple[str, ...]:
    if isinstance(record, Pda1):
        return tuple(each.country for each in record.countries_of_work)
    return record.asked.states_of_work if isinstance(record, ApplicationProof) else ()


def printed(value: str) -> str:
    """Return a value as an official paper shows it: every character visible, none left out."""
    return on_paper(value, longest=LONGEST)
