"""Do two attestations speak of one person? One fixed rule, over what both show in the canonical vocabulary.

1. Who represents somebody else holds a card that is not about the holder: not comparable.
2. Dates of birth, where both show one, have to be equal.
3. Names, where both show them together with a date of birth: a surname of one (now or at birth) is a surname of
   the other, and the forenames of one are among those of the other. Spelling is levelled as passports do.
4. Numbers, where both show one given by the same country: equal numbers are one person. Different numbers are two
   persons between A1 and health card, which use one numbering; that of an identity document may be another.
5. Nothing of this shown: one person if both are bound to one key of one holder; otherwise not comparable.

A difference found outweighs all that agrees. Spec: DC4EU WP6 rulebooks (A1 and health card name nobody: they are
combined with identity data), ICAO Doc 9303-3 §6, ISO 843, Bulgarian Transliteration Act (2009).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, product
from typing import Any, Final

from portadoc.errors import Error
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.jwk import holder_key
from portadoc.schemas.catalogue import EVERY_LAYOUT
from portadoc.schemas.claims import JsonObject
from portadoc.verification.report import VerificationReport

MAX_SPELLINGS: Final = 256
LONGEST_NAME: Final = 256
"""A longer name is none; nor is a number."""
SHORTEST_NUMBER: Final = 6
"""A shorter number proves nothing: many people have it."""


class PersonMatch(StrEnum):
    """What a comparison came to. Only SAME is enough where one person is asked for."""

    SAME = "same"
    DIFFERENT = "different"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True, slots=True)
class PersonComparison:
    """What a comparison came to; ``code`` says by what."""

    match: PersonMatch
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPerson:
    """What one attestation shows of its person; None or empty where it shows nothing.

    ``country`` is the one whose institution numbered the person, ``holder`` the thumbprint of the holder's key.
    """

    kind: str
    surnames: tuple[str, ...] = ()
    forenames: str | None = None
    date_of_birth: str | None = None
    number: str | None = None
    country: str | None = None
    holder: str | None = None
    represented: bool = False


def same_person(one: VerificationReport, other: VerificationReport) -> PersonMatch:
    """Return whether two verified attestations speak of one person."""
    return compare_persons(shown_person(one), shown_person(other)).match


def shown_person(report: VerificationReport) -> ShownPerson:
    """Return what a report's claims show of the person, whatever their layout."""
    record, kind = report.record, "" if report.layout is None else EVERY_LAYOUT[report.layout].kind
    person = record.get(_PERSON_IN.get(kind, ""), record)
    authority = record.get("issuing_authority")
    country = authority.get("country") if isinstance(authority, dict) else record.get("issuing_country")
    return ShownPerson(
        kind=kind,
        surnames=_texts(person, "surnames", "surname_at_birth", "family_name", "birth_family_name"),
        forenames=next(iter(_texts(person, "forenames", "given_name")), None),
        date_of_birth=next(iter(_texts(person, "date_of_birth", "birthdate")), None),
        number=next(iter(_texts(person, "pin", "personal_number")), None),
        country=country or record.get("institution", {}).get("country"),
        holder=_holder(report.claims),
        represented=record.get("to_representative") is True,
    )


def compare_persons(one: ShownPerson, other: ShownPerson) -> PersonComparison:
    """Return what the rule of this module says of two persons shown."""
    if one.represented or other.represented:
        return PersonComparison(PersonMatch.NOT_COMPARABLE, "person_represented")
    found = [code for code in (_by_birth(one, other), _by_names(one, other), _by_number(one, other)) if code]
    for code in found:
        if code in _DIFFERENT:
            return PersonComparison(PersonMatch.DIFFERENT, code)
    if found:
        return PersonComparison(PersonMatch.SAME, found[0])
    if one.holder is not None and one.holder == other.holder:
        return PersonComparison(PersonMatch.SAME, "person_same_holder")
    return PersonComparison(PersonMatch.NOT_COMPARABLE, "person_nothing_comparable")


_PERSON_IN: Final[Mapping[str, str]] = {
    "pda1": "person",
    "bilateral": "person",
    "maintenance": "person",
    "application": "person",
    "ehic": "insured",
    "prc": "insured",
}
_DIFFERENT: Final = frozenset({"person_birth_differs", "person_names_differ", "person_number_differs"})


def _by_birth(one: ShownPerson, other: ShownPerson) -> str | None:
    if one.date_of_birth is None or other.date_of_birth is None:
        return None
    return None if one.date_of_birth == other.date_of_birth else "person_birth_differs"


def _by_names(one: ShownPerson, other: ShownPerson) -> str | None:
    """Compare names that come with a date of birth; names in a script that is not read here say nothing.

    Nor do names that stand for none: those without two different letters, such as ``-`` and ``XXX``.
    """
    if None in (one.date_of_birth, other.date_of_birth, one.forenames, other.forenames):
        return None
    surnames = [_spellings_of(filter(_tells, map(_joined, each.surnames))) for each in (one, other)]
    words = [_words(each.forenames or "") for each in (one, other)]
    forenames = [[_spellings_of([name]) for name in each] if _tells("".join(each)) else [] for each in words]
    if not all(surnames) or not all(forenames) or not all(map(all, forenames)):
        return None
    fewer, more = sorted(forenames, key=len)
    among = all(any(not spelt.isdisjoint(name) for name in more) for spelt in fewer)
    same = among and not surnames[0].isdisjoint(surnames[1])
    return "person_same_names" if same else "person_names_differ"


def _by_number(one: ShownPerson, other: ShownPerson) -> str | None:
    numbers = [_number(each.number or "") for each in (one, other)]
    if one.country is None or one.country != other.country or min(map(len, numbers)) < SHORTEST_NUMBER:
        return None
    if not all(map(_tells, numbers)):
        return None
    if numbers[0] == numbers[1]:
        return "person_same_number"
    one_numbering = {one.kind, other.kind} <= set(_PERSON_IN) or one.kind == other.kind
    return "person_number_differs" if one_numbering else None


def number_letters(text: str) -> str:
    """Return a number as it is compared: its letters and digits in capitals, empty for a text too long for one."""
    return _number(text)


def word_spellings(name: str) -> tuple[frozenset[str], ...]:
    """Return how each word of a name may be written with A to Z, in order, as this module compares names.

    Nothing for a name that stands for none (one sign over and over), or has a word in a script not read here.
    """
    words = _words(name)
    spelt = tuple(_spellings_of([word]) for word in words)
    return spelt if _tells("".join(words)) and all(spelt) else ()


def _number(text: str) -> str:
    """Return the letters and digits of a number: spaces, dots, dashes and strokes only help the eye."""
    if len(text) > LONGEST_NAME:
        return ""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text))).upper()


def _holder(claims: JsonObject) -> str | None:
    try:
        return holder_key(claims.get("cnf"), allowed_algs=frozenset(SIGNATURE_ALGORITHMS)).kid
    except Error:
        return None


def _texts(members: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    values = (members.get(name) for name in names)
    return tuple(value for value in values if isinstance(value, str))


# Spelling. A name is levelled to capital letters A to Z; where passports know two spellings, both count.

_GREEK: Final = dict(zip("ΑΒΓΔΕΖΗΙΚΛΜΝΞΟΠΡΣΤΥΦΩ", "AVGDEZIIKLMNXOPRSTYFO", strict=True))
_BULGARIAN: Final = dict(zip("АБВГДЕЗИЙКЛМНОПРСТУФХЪЬ", "ABVGDEZIYKLMNOPRSTUFHAY", strict=True))
_LETTERS: Final[Mapping[str, tuple[str, ...]]] = {
    **{letter: (letter,) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    **{letter: (spelt,) for letter, spelt in {**_GREEK, **_BULGARIAN}.items()},
    "Ä": ("AE", "A"),
    "Ö": ("OE", "O"),
    "Ü": ("UE", "U"),
    "Å": ("AA", "A"),
    "Ø": ("OE", "O"),
    "Æ": ("AE",),
    "Œ": ("OE",),
    "ẞ": ("SS",),
    "Þ": ("TH",),
    "Ð": ("D",),
    "Đ": ("D", "DJ"),
    "Ł": ("L",),
    "Ħ": ("H",),
    "Ŋ": ("N",),
    "Ŧ": ("T",),
    "Ĳ": ("IJ",),
    "Θ": ("TH",),
    "Χ": ("CH",),
    "Ψ": ("PS",),
    "Ж": ("ZH",),
    "Ц": ("TS",),
    "Ч": ("CH",),
    "Ш": ("SH",),
    "Щ": ("SHT",),
    "Ю": ("YU",),
    "Я": ("YA",),
    "ИЯ": ("IA", "IYA"),
    "ΟΥ": ("OU",),
    "ΑΥ": ("AV", "AF"),
    "ΕΥ": ("EV", "EF"),
    "ΗΥ": ("IV", "IF"),
    "ΜΠ": ("B", "MP"),
    "ΓΓ": ("NG",),
    "ΓΞ": ("NX",),
    "ΓΧ": ("NCH",),
}
_DIGRAPH: Final = re.compile("|".join(sorted(_LETTERS, key=len, reverse=True)) + "|.", re.DOTALL)
_PARTS: Final = re.compile(r"[\s\-‐-―.,]+")
_TONOS: Final = re.compile("(?<=[\u0391-\u03a9])\u0301")
_JOINTS: Final = re.compile(r"['’ʼ`´]")


def _words(text: str) -> list[str]:
    """Return the words of a name in capitals, composed; an apostrophe parts nothing, a Greek accent is not one."""
    if len(text) > LONGEST_NAME:
        return []
    capital = unicodedata.normalize("NFD", _JOINTS.sub("", text).upper())
    return [word for word in _PARTS.split(unicodedata.normalize("NFC", _TONOS.sub("", capital))) if word]


def _tells(text: str) -> bool:
    """Tell whether a name or number can tell people apart: one sign, however often, stands for none."""
    return len(set(text)) > 1


def _joined(text: str) -> str:
    """Return a surname without its gaps: ``De la Cruz`` and ``Delacruz`` are one name."""
    return "".join(_words(text))


def _spellings_of(names: Iterable[str]) -> frozenset[str]:
    return frozenset(spelling for name in names for spelling in _spellings(name))


def _spellings(word: str) -> Iterator[str]:
    """Yield how a word may be written with A to Z; nothing for a word in another script."""
    choices = [_of_letter(letter) for letter in _DIGRAPH.findall(word)]
    for spelling in islice(product(*choices), MAX_SPELLINGS):
        yield "".join(spelling)


def _of_letter(letter: str) -> tuple[str, ...]:
    """Return the spellings of one letter: as listed, or as its base letter without the mark that it wears."""
    if letter in _LETTERS:
        return _LETTERS[letter]
    return _LETTERS.get(unicodedata.normalize("NFD", letter)[0], ())
