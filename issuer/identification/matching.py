"""Is the person who identified the one whom a record is about? Fixed rules, field by field, each with its reason.

Dates of birth have to be equal; names are compared in letters A to Z as passports spell them. A name and a date of
birth are never enough alone, since people share them: a third fact has to agree.

1. A record that goes to a parent or guardian matches nobody: whoever represents a person cannot be told here.
2. Another date of birth is another person, whatever else agrees; so is another number of the same numbering.
3. Names at birth do not change: where both sides have one, those have to agree. Where one side has one, the other
   side's surname may be it or the present one.
4. Forenames agree word by word, in order. Fewer of them on one side, or the same in another order, leave it open:
   twins are named so. Swapped names and initials leave it open too.
5. Names that differ beside an equal number leave it open: one of the two is a mistake that a person has to see.
6. The third fact: an equal number; or the town of birth; or that the institution offered this very record to the
   person by a way of its own. Names that agree only by spelling need the number or the offer, and so does a day of
   birth that registers enter where they know none; fewer forenames need the number; another town leaves it open
   unless the number agrees. A town that is a part of the other, or a word for none, says nothing.

Nothing that is open is given out. Spec: CIR (EU) 2024/2977 Annex; ICAO Doc 9303-3 §6; Regulation (EC) 987/2009.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portadoc.issuer.identification.identity import Identity, Numbering
from portadoc.issuer.records.holders import Holder
from portadoc.verification.persons import number_letters, word_spellings

_ENTERED_DAYS: Final = frozenset({(1, 1), (7, 1), (12, 31)})
"""Month and day that registers enter when a person knows the year of birth only: many share them."""
_WORDS_FOR_NONE: Final = frozenset(
    [
        "DESCONHECIDO",
        "DESCONOCIDA",
        "DESCONOCIDO",
        "FNU",
        "INCONNU",
        "INCONNUE",
        "LNU",
        "NECUNOSCUT",
        "NEZNAMY",
        "NIEZNANE",
        "NIEZNANY",
        "OKAND",
        "ONBEKEND",
        "SCONOSCIUTO",
        "TUNTEMATON",
        "UKENDT",
        "UKJENT",
        "UNBEKANNT",
        "UNKNOWN",
    ]
)
"""What stands in a register in the place of a name or a town that nobody knew."""
_SHORTEST_NUMBER: Final = 6
_CHECK_DIGITS: Final = 2

Spelt = frozenset[str]
"""How one word may be written with A to Z."""


class MatchResult(StrEnum):
    """What the comparison came to. Only SAME gives anything out."""

    SAME = "same"
    DIFFERENT = "different"
    UNCLEAR = "unclear"


class Fact(StrEnum):
    """What is compared."""

    BIRTH_DATE = "birth_date"
    SURNAME = "surname"
    FORENAMES = "forenames"
    NUMBER = "number"
    TOWN_OF_BIRTH = "town_of_birth"


class Finding(StrEnum):
    """How one fact compares. SPELT and PARTLY agree under a rule and need more beside them."""

    AGREES = "agrees"
    SPELT = "spelt"
    PARTLY = "partly"
    OPEN = "open"
    DIFFERS = "differs"
    NOT_COMPARED = "not_compared"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One fact, how it compares and by which rule; no value of either side stands here."""

    fact: Fact
    finding: Finding
    rule: str


@dataclass(frozen=True, slots=True)
class Match:
    """What the comparison came to, why (``because``, the deciding rule) and fact by fact."""

    result: MatchResult
    because: str
    compared: tuple[Comparison, ...]

    def found(self, fact: Fact) -> Finding:
        """Return how one fact compares."""
        return next(each.finding for each in self.compared if each.fact is fact)


def match(identity: Identity, holder: Holder, *, offered: bool) -> Match:
    """Return whether a record's holder is the person identified, by the rules of this module.

    ``offered`` says that the institution has offered this very record by a way of its own.
    """
    surname, forenames = _surname(identity, holder), _forenames(identity, holder)
    if not {surname.finding, forenames.finding} <= _AGREEING and _is_swapped(identity, holder):
        surname = Comparison(Fact.SURNAME, Finding.OPEN, "names_swapped")
        forenames = Comparison(Fact.FORENAMES, Finding.OPEN, "names_swapped")
    compared = (
        _birth_date(identity, holder),
        surname,
        forenames,
        _number(identity, holder),
        _town(identity, holder),
    )
    result, because = _judge({each.fact: each.finding for each in compared}, holder, offered=offered)
    return Match(result, because, compared)


_AGREEING: Final = frozenset({Finding.AGREES, Finding.SPELT, Finding.PARTLY})


def _judge(found: dict[Fact, Finding], holder: Holder, *, offered: bool) -> tuple[MatchResult, str]:
    number_agrees = found[Fact.NUMBER] is Finding.AGREES
    names = {found[Fact.SURNAME], found[Fact.FORENAMES]}
    if holder.to_representative:
        return MatchResult.UNCLEAR, "represented"
    if found[Fact.BIRTH_DATE] is Finding.DIFFERS:
        return MatchResult.DIFFERENT, "birth_date_differs"
    if found[Fact.NUMBER] is Finding.DIFFERS:
        return MatchResult.DIFFERENT, "number_differs"
    if Finding.DIFFERS in names:
        return (MatchResult.UNCLEAR, "number_of_another_name") if number_agrees else (
            MatchResult.DIFFERENT, "names_differ"
        )  # fmt: skip
    if not names <= _AGREEING or found[Fact.NUMBER] is Finding.OPEN:
        return MatchResult.UNCLEAR, "something_open"
    if number_agrees:
        return MatchResult.SAME, "number_and_names"
    if not offered and (holder.date_of_birth.month, holder.date_of_birth.day) in _ENTERED_DAYS:
        return MatchResult.UNCLEAR, "birth_date_of_many"
    return _without_number(found, names, offered=offered)


def _without_number(found: dict[Fact, Finding], names: set[Finding], *, offered: bool) -> tuple[MatchResult, str]:
    """Judge names and a date of birth that agree, without a number that does."""
    town = found[Fact.TOWN_OF_BIRTH]
    if town is Finding.DIFFERS:
        return MatchResult.UNCLEAR, "town_differs"
    if Finding.PARTLY in names:
        return MatchResult.UNCLEAR, "fewer_names_without_number"
    if offered:
        return MatchResult.SAME, "offered_and_names"
    if Finding.SPELT in names:
        return MatchResult.UNCLEAR, "spelling_without_number"
    if town is Finding.AGREES:
        return MatchResult.SAME, "town_and_names"
    return MatchResult.UNCLEAR, "no_third_fact"


def _birth_date(identity: Identity, holder: Holder) -> Comparison:
    same = identity.birth_date == holder.date_of_birth
    finding = Finding.AGREES if same else Finding.DIFFERS
    return Comparison(Fact.BIRTH_DATE, finding, "equal" if same else "differs")


def _surname(identity: Identity, holder: Holder) -> Comparison:
    """Compare surnames: those at birth where both sides have one, else any of one with any of the other."""
    now = _texts(identity.family_name, holder.surnames)
    if identity.birth_family_name is not None and holder.surname_at_birth is not None:
        at_birth = _texts(identity.birth_family_name, holder.surname_at_birth)
        finding, rule = (at_birth, "at_birth") if at_birth in _AGREEING else (Finding.DIFFERS, "at_birth_differs")
        if finding is Finding.DIFFERS and (now in _AGREEING or at_birth is Finding.OPEN):
            finding, rule = Finding.OPEN, "at_birth_open"
        return Comparison(Fact.SURNAME, finding, rule)
    if now in _AGREEING:
        return Comparison(Fact.SURNAME, now, _RULES[now])
    crossed = [
        _texts(one, other)
        for one in _given(identity.family_name, identity.birth_family_name)
        for other in _given(holder.surnames, holder.surname_at_birth)
    ]
    best = next((each for each in (Finding.AGREES, Finding.SPELT) if each in crossed), None)
    if best is not None:
        return Comparison(Fact.SURNAME, best, "at_birth")
    open_or_part = Finding.OPEN if Finding.OPEN in crossed else now
    return Comparison(Fact.SURNAME, open_or_part, _RULES[open_or_part])


_RULES: Final = {
    Finding.AGREES: "equal",
    Finding.SPELT: "spelling",
    Finding.PARTLY: "fewer",
    Finding.OPEN: "open",
    Finding.DIFFERS: "differs",
}


def _texts(one: str, other: str) -> Finding:
    """Compare two surnames, gaps left out. A part of a double name, or one that nobody reads here, stays open."""
    if _levelled(one) == _levelled(other) and _levelled(one):
        return Finding.AGREES if _words(one) else Finding.OPEN
    words, others = _words(one), _words(other)
    if not words or not others:
        return Finding.OPEN
    joined = _joined(words), _joined(others)
    if not all(joined):
        return Finding.OPEN
    if not joined[0].isdisjoint(joined[1]):
        return Finding.SPELT
    fewer, more = sorted((words, others), key=len)
    return Finding.OPEN if len(fewer) < len(more) and _all_among(fewer, more) else Finding.DIFFERS


def _forenames(identity: Identity, holder: Holder) -> Comparison:
    """Compare forenames; those at birth count where the present ones differ, and only beside a number."""
    now = _in_order(identity.given_name, holder.forenames)
    if now is not Finding.DIFFERS:
        return Comparison(Fact.FORENAMES, now, _RULES[now])
    pairs = (
        (one, other)
        for one in _given(identity.given_name, identity.birth_given_name)
        for other in _given(holder.forenames, holder.forenames_at_birth)
    )
    if any(_in_order(*pair) in (Finding.AGREES, Finding.SPELT) for pair in pairs):
        return Comparison(Fact.FORENAMES, Finding.PARTLY, "at_birth")
    return Comparison(Fact.FORENAMES, Finding.DIFFERS, "differs")


def _in_order(one: str, other: str) -> Finding:
    words, others = _words(one), _words(other)
    if not words or not others:
        return Finding.OPEN
    paired = list(zip(words, others, strict=False))
    if all(not a.isdisjoint(b) for a, b in paired):
        if len(words) != len(others):
            return Finding.PARTLY
        return Finding.AGREES if _levelled(one) == _levelled(other) else Finding.SPELT
    if len(words) != len(others) and not _joined(words).isdisjoint(_joined(others)):
        return Finding.SPELT  # one word or two, as ``Hanspeter`` and ``Hans Peter``
    fewer, more = sorted((words, others), key=len)
    return Finding.OPEN if _all_among(fewer, more) or _is_initials(paired) else Finding.DIFFERS


def _is_initials(paired: Iterable[tuple[Spelt, Spelt]]) -> bool:
    """Tell whether each word is the other one, or its first letter."""
    return all(
        any(a == b or (min(len(a), len(b)) == 1 and a[0] == b[0]) for a in one for b in other)
        for one, other in paired
    )


def _is_swapped(identity: Identity, holder: Holder) -> bool:
    return _are_one(identity.family_name, holder.forenames) and _are_one(identity.given_name, holder.surnames)


def _are_one(one: str, other: str) -> bool:
    words, others = word_spellings(one), word_spellings(other)
    return bool(words and others) and not _joined(words).isdisjoint(_joined(others))


def _number(identity: Identity, holder: Holder) -> Comparison:
    """Compare numbers; different ones tell two persons apart only where both are of one numbering."""
    own = [(number_letters(each.value), each.numbering) for each in identity.numbers]
    held = [number for number in map(number_letters, holder.numbers) if _tells(number)]
    told = [(number, numbering) for number, numbering in own if _tells(number)]
    if any(number in held for number, _ in told):
        return Comparison(Fact.NUMBER, Finding.AGREES, "equal")
    insured = [number for number, numbering in told if numbering is Numbering.SOCIAL_SECURITY]
    if not insured or not held:
        return Comparison(Fact.NUMBER, Finding.NOT_COMPARED, "other_numbering" if told and held else "missing")
    if any(_is_without_check_digits(one, other) for one in insured for other in held):
        return Comparison(Fact.NUMBER, Finding.OPEN, "open")
    return Comparison(Fact.NUMBER, Finding.DIFFERS, "differs")


def _is_without_check_digits(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) and len(longer) - len(shorter) <= _CHECK_DIGITS


def _tells(number: str) -> bool:
    """Tell whether a number can be one person's: long enough, and not one sign over and over."""
    return len(number) >= _SHORTEST_NUMBER and len(set(number)) > 1


def _town(identity: Identity, holder: Holder) -> Comparison:
    if identity.town_of_birth is None or holder.town_of_birth is None:
        return Comparison(Fact.TOWN_OF_BIRTH, Finding.NOT_COMPARED, "missing")
    words, others = _words(identity.town_of_birth), _words(holder.town_of_birth)
    if not words or not others:
        return Comparison(Fact.TOWN_OF_BIRTH, Finding.NOT_COMPARED, "missing")
    if not _joined(words).isdisjoint(_joined(others)):
        return Comparison(Fact.TOWN_OF_BIRTH, Finding.AGREES, "equal")
    fewer, more = sorted((words, others), key=len)
    if len(fewer) < len(more) and _all_among(fewer, more):  # ``Frankfurt`` is one of several
        return Comparison(Fact.TOWN_OF_BIRTH, Finding.PARTLY, "part")
    return Comparison(Fact.TOWN_OF_BIRTH, Finding.DIFFERS, "differs")


def _words(text: str) -> tuple[Spelt, ...]:
    """Return the spellings of each word; nothing for what stands for no name, as ``XXX`` and ``unknown`` do."""
    words = word_spellings(text)
    return () if words and not words[0].isdisjoint(_WORDS_FOR_NONE) else words


def _joined(words: tuple[Spelt, ...]) -> Spelt:
    """Return the spellings of a whole name; each word in its own way, the first ways of each together."""
    joined: set[str] = {""}
    for word in words:
        joined = {begun + spelt for begun in joined for spelt in sorted(word)[:_MOST_WAYS]}
        if len(joined) > _MOST_SPELLINGS:
            return frozenset()
    return frozenset(joined)


_MOST_WAYS: Final = 16
_MOST_SPELLINGS: Final = 4096


def _all_among(fewer: tuple[Spelt, ...], more: tuple[Spelt, ...]) -> bool:
    return all(any(not one.isdisjoint(other) for other in more) for one in fewer)


def _given(*texts: str | None) -> list[str]:
    return [each for each in texts if each is not None]


def _levelled(name: str) -> str:
    """Return a name without case, gaps and hyphens: what is no spelling, but the way it is printed."""
    composed = unicodedata.normalize("NFC", name.casefold())
    return "".join(each for each in composed if each.isalnum())
