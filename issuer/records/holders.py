"""Whom a record is about, in the few facts by which a person is told apart from others.

Spec: OpenID4VCI 1.0 §13 (whom a credential is issued to); CIR (EU) 2024/2977 Annex (person identification data).
"""

from dataclasses import asdict, dataclass
from datetime import date

from portadoc.schemas.claims import JsonObject
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.pid import Pid
from portadoc.schemas.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The person of a record. ``numbers`` are social security or national numbers as the record spells them."""

    surnames: str
    forenames: str
    date_of_birth: date
    numbers: tuple[str, ...]
    surname_at_birth: str | None = None
    forenames_at_birth: str | None = None
    town_of_birth: str | None = None
    nationalities: tuple[str, ...] = ()
    to_representative: bool = False
    """Whether the credential goes to somebody else than the person: a parent or guardian."""


def holder_of(record: Record) -> Holder:
    """Return the person that a record is about."""
    if isinstance(record, Pid):
        return _of_pid(record)
    if isinstance(record, Pda1):
        person = record.person
        return Holder(
            surnames=person.surnames,
            forenames=person.forenames,
            date_of_birth=person.date_of_birth,
            numbers=(person.pin,),
            surname_at_birth=person.surname_at_birth,
            forenames_at_birth=person.forenames_at_birth,
            town_of_birth=person.place_of_birth.town,
            nationalities=person.nationalities,
        )
    named = record.insured if isinstance(record, Ehic | Prc) else record.person
    number = getattr(named, "pin", None)
    return Holder(
        surnames=named.surnames,
        forenames=named.forenames,
        date_of_birth=named.date_of_birth,
        numbers=() if number is None else (number,),
        nationalities=getattr(named, "nationalities", ()),
        to_representative=isinstance(record, Ehic) and record.to_representative,
    )


def _of_pid(record: Pid) -> Holder:
    return Holder(
        surnames=record.family_name,
        forenames=record.given_name,
        date_of_birth=record.birthdate,
        numbers=() if record.personal_number is None else (record.personal_number,),
        surname_at_birth=record.birth_family_name,
        forenames_at_birth=record.birth_given_name,
        town_of_birth=record.place_of_birth.locality,
        nationalities=record.nationalities,
    )


def same_person(one: Holder, other: Holder) -> bool:
    """Tell whether two holders are one person to us: same numbers, birth date and kind of recipient.

    Where neither has a number, the names have to be the same to the letter: a birth date has thousands of people.
    """
    alike = (one.numbers, one.date_of_birth, one.to_representative) == (
        other.numbers,
        other.date_of_birth,
        other.to_representative,
    )
    return alike and (bool(one.numbers) or _names(one) == _names(other))


def _names(holder: Holder) -> tuple[str, str]:
    return holder.surnames, holder.forenames


def holder_to_json(holder: Holder) -> JsonObject:
    """Return what the database keeps of a person whose record is expected."""
    return {**asdict(holder), "date_of_birth": holder.date_of_birth.isoformat()}


def holder_from_json(content: JsonObject) -> Holder:
    """Return what ``holder_to_json`` wrote; the content is our own."""
    return Holder(
        **{
            **content,
            "date_of_birth": date.fromisoformat(content["date_of_birth"]),
            "numbers": tuple(content["numbers"]),
            "nationalities": tuple(content["nationalities"]),
        }
    )
