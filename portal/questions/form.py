"""What questions are made of: fields, how they stand together, and what is known when they are asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from portadoc.schemas.claims import Json

UNKNOWN: Final = "unknown"
"""What a form sends for "I do not know"; as a value it is None."""
MOST_ROWS: Final = 12


class Capacity(StrEnum):
    """As what a person asks."""

    EMPLOYER = "employer"
    SELF_EMPLOYED = "self_employed"
    WORKER = "worker"
    INSURED_PERSON = "insured_person"


class Source(StrEnum):
    """Where something comes from that nobody has to be asked."""

    COMPANY_REGISTER = "company_register"
    PERSON_REGISTER = "person_register"
    SIGN_IN = "sign_in"
    EARLIER_REQUEST = "earlier_request"
    OWN_RECORDS = "own_records"


@dataclass(frozen=True, slots=True)
class Told:
    """A value that a source tells; it has the shape of the answer to the question of that name."""

    value: Json
    source: Source


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before anybody is asked.

    ``told`` is keyed by the name of a question or of a matter that is never asked; ``choices`` holds, for a
    question whose options depend on the person, their values and labels; ``asked_state`` is the state of the
    institution.
    """

    capacity: Capacity
    asked_state: str
    certificate: str = "a1"
    request: str = "new"
    told: Mapping[str, Told] = field(default_factory=lambda: MappingProxyType({}))
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Case:
    """What is known and answered so far; a question that is not (or no longer) asked has no value."""

    known: Known
    values: Mapping[str, Json]

    def get(self, name: str) -> Json:
        """Return the value, None where there is none or where it is unknown."""
        return self.values.get(name)

    def says(self, name: str, *values: Json) -> bool:
        """Tell whether the value is one of these."""
        return self.values.get(name) in values

    def part(self, name: str, member: str) -> Json:
        """Return a member of a value that has members, None where there is none."""
        value = self.values.get(name)
        return value.get(member) if isinstance(value, dict) else None

    def rows(self, name: str) -> list[dict[str, Json]]:
        """Return the rows of a value that is a table, none where there is no value."""
        value = self.values.get(name)
        return value if isinstance(value, list) else []

    def day(self, name: str, member: str) -> date | None:
        """Return a day."""
        found = self.part(name, member)
        return None if found is None else date.fromisoformat(found)


Condition = Callable[[Case], bool]
Fault = tuple[str, str]
"""The name of a field and what is expected there."""
Check = Callable[[Json, Case], tuple[Fault, ...]]


def always(case: Case) -> bool:
    """Hold in every case."""
    return True


class FieldKind(StrEnum):
    """How one field is shown and read."""

    TEXT = "text"
    ID = "id"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"
    COUNTRY = "country"
    NATIONALITY = "nationality"
    PERCENT = "percent"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a question. ``unknown`` offers "I do not know"; ``most`` bounds length or number.

    ``autocomplete`` is what a browser may fill in where the field is about who fills in the form.
    """

    name: str
    kind: FieldKind
    required: bool = True
    options: tuple[str, ...] = ()
    offered: Callable[[Case], tuple[str, ...]] | None = None
    unknown: bool = False
    autocomplete: str = ""
    most: int = 120

    def choices(self, case: Case) -> tuple[str, ...]:
        """Return the options that are offered in this case."""
        return self.options if self.offered is None else self.offered(case)


class Shape(StrEnum):
    """How the fields of a question stand together, and so what its value is."""

    ONE = "one"
    """One field; the value is that of the field."""
    GROUP = "group"
    """Several fields; the value is an object."""
    ROWS = "rows"
    """A table; the value is a list of objects."""


class Section(StrEnum):
    """Under which heading the check page lists an answer."""

    REQUEST = "request"
    EMPLOYER = "employer"
    WORKER = "worker"
    WORK = "work"
    CONDITIONS = "conditions"


@dataclass(frozen=True, slots=True)
class Question:
    """One screen. ``pointers`` are the facts that its answer gives; ``check`` looks at all fields together."""

    id: str
    section: Section
    shape: Shape
    fields: tuple[Field, ...]
    pointers: tuple[str, ...] = ()
    when: Condition = always
    check: Check | None = None
    rows_shown: int = 3
