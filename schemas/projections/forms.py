"""Forms that a claim value can have in a layout: what may be written, and how a peer's value is read."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

from portadoc.days import read_day
from portadoc.schemas.claims import Json
from portadoc.schemas.codes import (
    OPEN_END_DATE,
    PDA1_STATES,
    WORLD_COUNTRIES,
    canonical_country,
    institution_id_is_usual,
)


def _same(value: Json) -> Json:
    return value


def _nothing_to_say(value: Json) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Form:
    """Rules for one value.

    ``accepts`` decides on canonical values; ``reads`` brings a peer's value into canonical spelling first;
    ``remarks`` gives the code of a deviation for a value that is readable and unusual. ``of_nothing`` is what is
    written where the record holds nothing. ``rule`` says the same as values: a name and its bounds, for readers
    that are written in another language.
    """

    rule: tuple[str | int, ...]
    accepts: Callable[[Json], bool]
    reads: Callable[[Json], Json] = _same
    remarks: Callable[[Json], str | None] = _nothing_to_say
    of_nothing: str | None = None


def text(shortest: int = 1, longest: int = 2000) -> Form:
    """Text between two lengths, counted in characters."""
    return Form(
        ("text", shortest, longest), lambda value: isinstance(value, str) and shortest <= len(value) <= longest
    )


def code(allowed: Collection[str | int]) -> Form:
    """A code of a closed list."""
    return Form(
        ("code", *sorted(allowed, key=str)),
        lambda value: isinstance(value, (str, int)) and not isinstance(value, bool) and value in allowed,
    )


def country(allowed: Collection[str]) -> Form:
    """A country code; the EESSI spellings EL and UK are read as GR and GB."""
    return Form(
        ("country", *sorted(allowed)),
        lambda value: isinstance(value, str) and value in allowed,
        reads=lambda value: canonical_country(value) if isinstance(value, str) else value,
        remarks=_eessi_spelling,
    )


def institution_id(longest: int = 2000) -> Form:
    """An institution id of any form; an unusual one is remarked upon."""
    return Form(
        ("institution_id", longest),
        lambda value: isinstance(value, str) and 1 <= len(value) <= longest,
        remarks=lambda value: None if institution_id_is_usual(value) else "claim_institution_unusual",
    )


def _eessi_spelling(value: Json) -> str | None:
    return "country_code_eessi" if isinstance(value, str) and canonical_country(value) != value else None


def is_full_date(value: Json) -> bool:
    """Tell whether a value is a date of the calendar as ``YYYY-MM-DD``. Spec: RFC 3339 §5.6"""
    try:
        read_day(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True


STATE: Final = country(PDA1_STATES)
COUNTRY: Final = country(WORLD_COUNTRIES)
SHIP_OR_BASE: Final = Form(
    ("ship_or_base",), lambda value: isinstance(value, str) and len(value) == 2, remarks=_eessi_spelling
)
FULL_DATE: Final = Form(("full_date",), is_full_date)
END_DATE: Final = Form(
    ("end_date",),
    lambda value: value is None or is_full_date(value),
    reads=lambda value: None if value == OPEN_END_DATE else value,
)
DEMANDED_END_DATE: Final = replace(END_DATE, of_nothing=OPEN_END_DATE)
FLAG: Final = Form(("flag",), lambda value: isinstance(value, bool))
