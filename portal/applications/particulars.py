"""What a certificate prints beside the decision: person, work and places, from answers and registers.

Nothing is invented: what the form of the certificate demands and nobody has said sends the case to an officer.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from portadoc.errors import Refused
from portadoc.portal.questions.form import Case
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.codes import PDA1_STATES, canonical_country
from portadoc.schemas.pda1 import Address, BirthPlace, CountryOfWork, Employment, Person, Workplace

_REGISTRATION: Final = "01"
_SOCIAL_SECURITY: Final = "02"
_UNKNOWN_KIND: Final = "98"
_EMPLOYED: Final = "01"
_SELF_EMPLOYED: Final = "02"


def person_of(case: Case, extract: Mapping[str, Json], *, pin: str) -> Person:
    """Return section 1. Raises Refused[particulars_missing] with what is missing."""
    worker = _needed(case, "worker")
    birth_place = extract.get("birth_place") or _needed(case, "birth_place")
    return Person(
        pin=pin,
        gender=str(extract.get("gender") or "0"),
        surnames=worker["family_name"],
        forenames=worker["given_name"],
        surname_at_birth=extract.get("family_name_at_birth"),
        date_of_birth=date.fromisoformat(worker["birth_date"]),
        nationalities=tuple(dict.fromkeys(row["country"] for row in _needed(case, "nationalities"))),
        place_of_birth=BirthPlace(town=birth_place["town"], country=canonical_country(birth_place["country"])),
        residence=(_address(_needed(case, "residence"), "residence"),),
    )


def employments_of(case: Case, *, pin: str) -> tuple[Employment, ...]:
    """Return section 4: the employer with those besides, and the activity of the person's own."""
    employer = case.get("employer")
    if employer is None:
        return (_own_activity(case, pin),)
    number = case.get("employer_number") or case.get("employer_id")
    named = (str(number), _REGISTRATION) if number else (employer["name"], _UNKNOWN_KIND)
    first = _employment(_EMPLOYED, employer["name"], named, _address(employer, "employer"))
    works_alone_too = any(row["work"] == "self_employed" for row in case.rows("shares_by_work"))
    return (first, *_others(case), *((_own_activity(case, pin),) if works_alone_too else ()))


def countries_of_work_of(case: Case, states: Iterable[str]) -> tuple[CountryOfWork, ...]:
    """Return section 5: each of the states of work that has a place in an A1, with its places of work."""
    host = canonical_country(str(case.get("host_state")))
    listed = dict.fromkeys(canonical_country(each) for each in states)
    found = tuple(
        CountryOfWork(country=each, workplaces=_workplaces(case, each) if each == host else ())
        for each in listed
        if each in PDA1_STATES
    )
    if not found:
        raise Refused("particulars_missing", what="host_state")
    return found


def states_of_work(facts: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the states in which somebody works or will, by the facts."""
    posting = facts.get("posting") or {}
    if posting.get("host_state"):
        return (str(posting["host_state"]),)
    aircrew = (facts.get("aircrew") or {}).get("home_bases") or ()
    named = [*(each.get("state") for each in facts.get("activities") or ()), *(each["state"] for each in aircrew)]
    return tuple(dict.fromkeys(str(each) for each in named if each not in (None, "XX")))


def _others(case: Case) -> tuple[Employment, ...]:
    """Return the employers besides; each has to be printed with its place and, where it has one, its number."""
    return tuple(
        _employment(
            _EMPLOYED,
            row["name"],
            (str(row["number"]), _REGISTRATION) if row.get("number") else (row["name"], _UNKNOWN_KIND),
            _address(row, "other_employers"),
        )
        for row in case.rows("other_employers")
    )


def _own_activity(case: Case, pin: str) -> Employment:
    """Return what somebody does without an employer, at the seat that was told or else at home."""
    worker, own = _needed(case, "worker"), case.get("own_seat") or {}
    seat = own if own.get("town") else _needed(case, "residence")
    name = own.get("name") or f"{worker['given_name']} {worker['family_name']}"
    return _employment(_SELF_EMPLOYED, name, (pin, _SOCIAL_SECURITY), _address(seat, "own_seat"))


def _workplaces(case: Case, country: str) -> tuple[Workplace, ...]:
    return tuple(
        Workplace(
            name=row["name"],
            address=Address(
                street_and_number=row.get("street"),
                postcode=row.get("postcode"),
                town=row["town"],
                country=country,
            ),
        )
        for row in case.rows("workplaces")
    )


def _employment(kind: str, name: str, number: tuple[str, str], address: Address) -> Employment:
    return Employment(type=kind, name=name, id=number[0], id_type=number[1], address=address)


def _address(value: JsonObject, what: str) -> Address:
    if not value.get("town"):
        raise Refused("particulars_missing", what=what)
    return Address(
        street_and_number=value.get("street"),
        postcode=value.get("postcode"),
        town=value["town"],
        country=canonical_country(value["country"]),
    )


def _needed(case: Case, name: str) -> Json:
    value = case.get(name)
    if value is None:
        raise Refused("particulars_missing", what=name)
    return value
