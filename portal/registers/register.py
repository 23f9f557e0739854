"""What registers know of companies and persons, and how they are asked.

A register of an institution is trusted for what stands in it. Unknown is None, never zero or "no".
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol


class CompanyKind(StrEnum):
    """What kind of employer it is; ``public`` is a public body."""

    PRIVATE = "private"
    PUBLIC = "public"
    TEMP_AGENCY = "temp_agency"
    OUTSIDE_EU = "outside_eu"
    EU_INSTITUTION = "eu_institution"


class CoverBasis(StrEnum):
    """Why somebody is covered by the legislation of the register's state."""

    EMPLOYMENT = "employment"
    SELF_EMPLOYMENT = "self_employment"
    BENEFIT = "benefit"
    RESIDENCE = "residence"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAddress:
    """A postal address; ``country`` is an ISO 3166 code."""

    town: str
    country: str
    street: str | None = None
    postcode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeActivity:
    """What a company does where it has its seat. Shares in percent, as a number in 0..100."""

    turnover_share: float | None = None
    admin_staff_share: float | None = None
    home_assignments_share: float | None = None
    months_active: int | None = None

    @property
    def admin_staff_only(self) -> bool | None:
        """Whether nobody but administrative staff works at the seat."""
        return None if self.admin_staff_share is None else self.admin_staff_share >= 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company as its register knows it; ``id_type`` is a code of the A1 form's employer identifiers."""

    id: str
    id_type: str
    name: str
    address: RegisterAddress
    seat_state: str
    registered_state: str
    kind: CompanyKind
    seat_clear: bool | None = None
    nace: str | None = None
    home_activity: HomeActivity
    mass_registered_address: bool | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A time under the legislation of the register's state; ``until`` is the last day, None while it goes on."""

    basis: CoverBasis
    since: date
    until: date | None = None
    employer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child for whom the person acts."""

    pin: str
    given_name: str
    family_name: str
    birth_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What a European Health Insurance Card says: the institution that insures, its card number, until when."""

    institution: str
    institution_name: str
    card_number: str
    valid_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCertificate:
    """A certificate of earlier work abroad."""

    state: str
    article: str
    start: date
    end: date
    employer: str | None
    host_state: str
    host_undertakings: tuple[str, ...] = ()
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as the register knows it."""

    pin: str
    given_name: str
    family_name: str
    birth_date: date
    gender: str | None = None
    family_name_at_birth: str | None = None
    birth_place: RegisterAddress | None = None
    nationalities: tuple[str, ...]
    address: RegisterAddress
    legally_resident: bool | None = None
    deceased: bool | None = None
    contact: str | None = None
    covers: tuple[Cover, ...] = ()
    children: tuple[Child, ...] = ()
    entitlement: Entitlement | None = None
    certificates: tuple[EarlierCertificate, ...] = ()

    @property
    def self_employed(self) -> bool:
        """Whether a self-employed activity goes on."""
        return any(each.basis is CoverBasis.SELF_EMPLOYMENT and each.until is None for each in self.covers)

    @property
    def cover_now(self) -> Cover | None:
        """The cover without a known end that began first: what a period of prior cover counts from."""
        running = [each for each in self.covers if each.until is None]
        return min(running, key=lambda each: each.since, default=None)


def plain_pin(pin: str) -> str:
    """Return a personal number as it is compared: spaces in it mean nothing."""
    return "".join(pin.split())


class CompanyRegister(Protocol):
    """Answers about companies."""

    def company(self, company_id: str) -> Company | None:
        """Return a company, None for one that is not in the register. Raises Unavailable[register_unavailable]."""
        ...


class PersonRegister(Protocol):
    """Answers about persons."""

    def person(self, pin: str) -> Person | None:
        """Return a person, None for one that is not in the register. Raises Unavailable[register_unavailable]."""
        ...
