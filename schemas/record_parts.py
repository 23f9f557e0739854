"""Parts and checks that the canonical records share.

A check raises with ``member``, the name of the field (or a JSON Pointer without its first stroke); ``records``
puts the place of the part in front of it. Errors never carry the value.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from portadoc.errors import Malformed, Refused
from portadoc.schemas.codes import PDA1_STATES, WORLD_COUNTRIES, institution_id_is_usual

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_TEXT: Final = 500


def require_text(member: str, value: str | None, *, longest: int = _LONGEST_TEXT) -> None:
    """Require visible text of bounded length on one line. Raises Malformed[text_invalid]."""
    if value is not None and (not value.strip() or len(value) > longest or _CONTROL.search(value)):
        raise Malformed("text_invalid", member=member, longest=longest)


def require_country(member: str, value: str | None, allowed: Collection[str] = PDA1_STATES) -> None:
    """Require a code of the list. Raises Malformed[country_unknown]."""
    if value is not None and value not in allowed:
        raise Malformed("country_unknown", member=member)


def require_code(member: str, value: str | int | None, allowed: Collection[str] | Collection[int]) -> None:
    """Require a code of a closed list. Raises Malformed[code_unknown]."""
    if value is not None and value not in allowed:
        raise Malformed("code_unknown", member=member)


def require_period(member: str, start: date | None, end: date | None) -> None:
    """Require that a period does not end before it starts. Raises Refused[period_reversed]."""
    if start is not None and end is not None and end < start:
        raise Refused("period_reversed", member=member)


OPEN_END_DATE: Final = "2499-01-01"
"""Stands for "no end" in layouts that demand an end date. A record holds None instead."""


def require_plain_end(member: str, end: date | None) -> None:
    """Require that an open end is None, not the date that stands for it. Raises Refused[open_end_as_date]."""
    if end is not None and end.isoformat() >= OPEN_END_DATE:
        raise Refused("open_end_as_date", member=member)


def require_some(member: str, values: Collection[object]) -> None:
    """Require at least one entry. Raises Refused[entry_missing]."""
    if not values:
        raise Refused("entry_missing", member=member)


def require_distinct(member: str, values: Iterable[str]) -> None:
    """Require that no value comes twice. Raises Refused[entry_repeated]."""
    listed = list(values)
    if len(set(listed)) != len(listed):
        raise Refused("entry_repeated", member=member)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address anywhere in the world; where it must lie in one of the 32 states, its owner checks that."""

    town: str
    country: str
    street_and_number: str | None = None
    postcode: str | None = None
    region: str | None = None

    def __post_init__(self) -> None:
        require_text("town", self.town)
        require_country("country", self.country, WORLD_COUNTRIES)
        require_text("street_and_number", self.street_and_number)
        require_text("postcode", self.postcode)
        require_text("region", self.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingAuthority:
    """The body under whose name the attestation is issued."""

    id: str
    name: str
    country: str

    def __post_init__(self) -> None:
        require_text("id", self.id)
        require_text("name", self.name)
        require_country("country", self.country)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticSource:
    """The institution that took the decision, as the EESSI Institution Repository knows it."""

    id: str
    name: str

    def __post_init__(self) -> None:
        require_text("id", self.id)
        require_text("name", self.name)


@dataclass(frozen=True, slots=True)
class RecordWarning:
    """Something unusual that does not stop issuance: a code and a JSON Pointer into the record."""

    code: str
    member: str


def institution_warnings(**identifiers: str) -> tuple[RecordWarning, ...]:
    """Return a warning for each institution id of unusual form; keywords are member names of the record."""
    return tuple(
        RecordWarning("institution_id_unusual", f"/{member}/id")
        for member, identifier in identifiers.items()
        if not institution_id_is_usual(identifier)
    )
