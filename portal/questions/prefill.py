"""What nobody is asked: what registers, the sign-in and an earlier request tell, in the shape of answers.

A register is trusted for what it is kept for; each value keeps its source and is shown with it. What a register
does not know is asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from portadoc.portal.questions.form import Capacity, Known, Source, Told
from portadoc.schemas.claims import Json, JsonObject


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ABOUT_THE_WORK: Final = _names(
    """
    workplaces replaces replaced_posting link group_company worked_at_home cover_basis cover_since
    recruited_for_posting history other_certificates turnover_share admin_staff home_assignments_share
    months_active prior_status own_business forms_of_work other_employers shares shares_by_work pattern
    residence_range seat_clear own_turnover telework official only_this_work vessel home_bases
    commercial_air_services
    """
)
"""Answers to an earlier request that hold for its extension only if the applicant says that nothing changed."""
_ABOUT_THE_PARTIES: Final = _names(
    """
    employer_id employer_contacted employer_number employer employer_kind own_seat worker_pin worker birth_place
    nationalities residence legally_resident situation host_state withdrawal_agreement
    """
)


IN_REGISTERS: Final = _names(
    """
    worker birth_place nationalities residence legally_resident own_seat employer_number employer employer_kind
    seat_clear admin_staff turnover_share home_assignments_share months_active
    """
)
"""Questions whose answers a register of persons or companies can hold."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The request that this one follows: its answers, what was known, and the postings that it adds up with."""

    answers: Mapping[str, Json]
    told: Mapping[str, Told]
    period: tuple[str, str]
    postings: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """What is at hand: extracts of registers (None without an entry), an earlier request, own records."""

    person: JsonObject | None = None
    person_source: Source = Source.PERSON_REGISTER
    employer: JsonObject | None = None
    earlier: Earlier | None = None
    records: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))


def known_from(
    sources: Sources,
    *,
    capacity: Capacity,
    asked_state: str,
    certificate: str,
    request: str,
    answers: Mapping[str, Json],
) -> Known:
    """Return what is known. A person's own personal number is that of the sign-in.

    An extract of the person register has ``pin, given_name, family_name, birth_date, birth_place,
    nationalities, address, contact, legally_resident, deceased, cover``; one of the company register ``id, name,
    address, seat_state, registered_state, kind, home_activity``. Each member may be absent or null.
    """
    told: dict[str, Told] = {}
    if sources.earlier is not None and request == "extension":
        told |= _from_earlier(sources.earlier, unchanged=answers.get("unchanged") is True)
    told |= {name: Told(value, Source.OWN_RECORDS) for name, value in sources.records.items()}
    if sources.person is not None:
        told |= {name: Told(value, sources.person_source) for name, value in _of_person(sources.person)}
    if capacity is not Capacity.EMPLOYER and sources.person is not None:
        told["deceased"] = Told(False, Source.SIGN_IN)  # who signs in is alive
    if sources.employer is not None:
        own = capacity is Capacity.SELF_EMPLOYED
        told |= {name: Told(value, Source.COMPANY_REGISTER) for name, value in _of_employer(sources.employer, own)}
    return Known(capacity, asked_state, certificate, request, told, sources.choices)


def _from_earlier(earlier: Earlier, *, unchanged: bool) -> dict[str, Told]:
    holds = _ABOUT_THE_PARTIES | (_ABOUT_THE_WORK if unchanged else frozenset())
    told = {name: each for name, each in earlier.told.items() if name in holds}
    told |= {name: Told(value, Source.EARLIER_REQUEST) for name, value in earlier.answers.items() if name in holds}
    start, end = earlier.period
    told["earlier_period"] = Told({"start": start, "end": end}, Source.EARLIER_REQUEST)
    told["postings_on_record"] = Told(list(earlier.postings), Source.EARLIER_REQUEST)
    return told


def _of_person(person: JsonObject) -> Iterator[tuple[str, Json]]:
    if person.get("family_name") and person.get("given_name") and person.get("birth_date"):
        yield "worker", {name: person[name] for name in ("given_name", "family_name", "birth_date")}
    if (place := person.get("birth_place")) and place.get("town") and place.get("country"):
        yield "birth_place", {"town": place["town"], "country": place["country"]}
    if person.get("nationalities"):
        yield "nationalities", [{"country": each} for each in person["nationalities"]]
    if (address := person.get("address")) and address.get("country"):
        yield "residence", _address(address)
    for name in ("legally_resident", "deceased", "cover"):
        if person.get(name) is not None:
            yield name, person[name]


def _of_employer(employer: JsonObject, own: bool) -> Iterator[tuple[str, Json]]:
    activity = employer.get("home_activity") or {}
    if own:
        if employer.get("name") and employer.get("seat_state"):
            address = {**_address(employer.get("address") or {}), "country": employer["seat_state"]}
            yield "own_seat", {"name": employer["name"], **address}
    else:
        yield from _of_company(employer)
        if activity.get("admin_staff_only") is not None:
            yield (
                "admin_staff",
                {"admin_only": activity["admin_staff_only"], "admin_share": activity.get("admin_staff_share")},
            )
        for name in ("turnover_share", "home_assignments_share"):
            if activity.get(name) is not None:
                yield name, activity[name]
    if activity.get("months_active") is not None:
        yield "months_active", activity["months_active"]


def _of_company(employer: JsonObject) -> Iterator[tuple[str, Json]]:
    if employer.get("id"):
        yield "employer_number", employer["id"]
    if employer.get("name") and employer.get("seat_state"):
        registered = {"registered_state": employer.get("registered_state")}
        address = {**_address(employer.get("address") or {}), "country": employer["seat_state"]}
        yield "employer", {"name": employer["name"], **address, **registered}
    for register_name, name in (("kind", "employer_kind"), ("seat_clear", "seat_clear")):
        if employer.get(register_name) is not None:
            yield name, employer[register_name]


def _address(address: JsonObject) -> JsonObject:
    return {name: address.get(name) for name in ("street", "postcode", "town", "country")}
