"""The canonical record of a Portable Document A1: the content of the full paper form, and how it was decided.

Section numbers are those of the form. Spec: Regulation (EC) 987/2009 Art. 5 and 19(2); WE BUILD PD A1 1.0
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Final

from portadoc.errors import Malformed, Refused
from portadoc.schemas.codes import (
    ARTICLES,
    EMPLOYMENT_TYPES,
    EXCEPTION_CODE,
    GENDERS,
    IDENTIFIER_TYPES,
    NATIONALITIES,
    POSTING_CODES,
    STATUS_CONFIRMATIONS,
    TRANSITIONAL_ARTICLES,
    WORLD_COUNTRIES,
    institution_id_is_usual,
    require_code,
    require_country,
    require_distinct,
    require_period,
    require_plain_end,
    require_some,
    require_text,
)
from portadoc.schemas.profiles import REGIME_PACKS

_PHONE: Final = re.compile(r"\+[1-9][0-9]{1,14}")
_EMAIL: Final = re.compile(r"[a-zA-Z0-9._%+\-]+@[a-zA-Z0-9.\-]+\.[a-zA-Z]{2,}")
_SHIP_OR_BASE: Final = re.compile(r"[A-Z]{2}")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthPlace:
    """Section 1.7: town and country of birth."""

    town: str
    country: str

    def __post_init__(self) -> None:
        require_text("town", self.town)
        require_country("country", self.country, WORLD_COUNTRIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Section 1: the person to whom the legislation applies. At least one address of residence or of stay."""

    pin: str
    gender: str
    surnames: str
    forenames: str
    date_of_birth: date
    nationalities: tuple[str, ...]
    place_of_birth: BirthPlace
    surname_at_birth: str | None = None
    forenames_at_birth: str | None = None
    residence: tuple[Address, ...] = ()
    stay: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        require_text("pin", self.pin)
        require_code("gender", self.gender, GENDERS)
        for name in ("surnames", "forenames", "surname_at_birth", "forenames_at_birth"):
            require_text(name, getattr(self, name))
        require_some("nationalities", self.nationalities)
        require_distinct("nationalities", self.nationalities)
        for index, nationality in enumerate(self.nationalities):
            require_country(f"nationalities/{index}", nationality, NATIONALITIES)
        require_some("residence", self.residence + self.stay)
        for index, address in enumerate(self.stay):
            require_country(f"stay/{index}/country", address.country)


@dataclass(frozen=True, slots=True, kw_only=True)
class Legislation:
    """Section 2: the State whose legislation applies, and when. ``end`` is inclusive; None means no end is set."""

    state: str
    start: date
    end: date | None
    for_duration_of_activity: bool = False
    provisional: bool = False
    transitional_rules: bool = False

    def __post_init__(self) -> None:
        require_country("state", self.state)
        require_period("end", self.start, self.end)
        require_plain_end("end", self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusConfirmation:
    """Section 3: one of twelve situations; the exception has a text that says which, and only it has one."""

    code: str
    exception_description: str | None = None

    def __post_init__(self) -> None:
        require_code("code", self.code, STATUS_CONFIRMATIONS)
        require_text("exception_description", self.exception_description, longest=2000)
        if (self.code == EXCEPTION_CODE) != (self.exception_description is not None):
            raise Refused("exception_text_mismatch", member="exception_description")


@dataclass(frozen=True, slots=True, kw_only=True)
class Employment:
    """Section 4: an employer, or a self-employed activity. The address may lie anywhere in the world."""

    type: str
    name: str
    id: str
    id_type: str
    address: Address

    def __post_init__(self) -> None:
        require_code("type", self.type, EMPLOYMENT_TYPES)
        require_text("name", self.name)
        require_text("id", self.id)
        require_code("id_type", self.id_type, IDENTIFIER_TYPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Section 5: an undertaking or vessel where the person works."""

    name: str
    address: Address
    flag_or_base_state: str | None = None
    company_id: str | None = None
    company_id_type: str | None = None

    def __post_init__(self) -> None:
        require_text("name", self.name)
        require_text("company_id", self.company_id)
        require_code("company_id_type", self.company_id_type, IDENTIFIER_TYPES)
        if (self.company_id is None) != (self.company_id_type is None):
            raise Refused("company_id_incomplete", member="company_id")
        if self.flag_or_base_state is not None and not _SHIP_OR_BASE.fullmatch(self.flag_or_base_state):
            raise Malformed("country_unknown", member="flag_or_base_state")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryOfWork:
    """Section 5 for one State; no workplace means that the person works there without a fixed address."""

    country: str
    workplaces: tuple[Workplace, ...] = ()

    def __post_init__(self) -> None:
        require_country("country", self.country)
        for index, workplace in enumerate(self.workplaces):
            if workplace.address.country != self.country:
                raise Refused("workplace_country_differs", member=f"workplaces/{index}/address/country")


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """Section 6: the competent institution. Telephone and fax in E.164 form."""

    id: str
    name: str
    country: str
    address: Address
    phone: str | None = None
    fax: str | None = None
    email: str | None = None

    def __post_init__(self) -> None:
        require_text("id", self.id)
        require_text("name", self.name)
        require_country("country", self.country)
        require_country("address/country", self.address.country)
        for member, form in (("phone", _PHONE), ("fax", _PHONE), ("email", _EMAIL)):
            value: str | None = getattr(self, member)
            if value is not None and not form.fullmatch(value):
                raise Malformed("contact_invalid", member=member)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The document itself: number, dates of the document, what it replaces and what replaced it."""

    number: str
    date_of_issuance: date
    date_of_expiry: date | None = None
    replaces: str | None = None
    replaced_by: str | None = None

    def __post_init__(self) -> None:
        require_text("number", self.number)
        require_text("replaces", self.replaces)
        require_text("replaced_by", self.replaced_by)
        require_period("date_of_expiry", self.date_of_issuance, self.date_of_expiry)
        if self.number in (self.replaces, self.replaced_by):
            raise Refused("document_replaces_itself", member="number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How the legislation was determined: body of law, articles, and the reference of the national case.

    ``articles`` are those of the Regulations; ``provision`` names the article of whichever instrument it was, as
    that instrument numbers it (``EU-UK TCA SSC.11(1)(a)``).
    """

    regime_pack: str
    articles: tuple[str, ...] = ()
    provision: str | None = None
    case_reference: str | None = None

    def __post_init__(self) -> None:
        require_code("regime_pack", self.regime_pack, REGIME_PACKS)
        require_distinct("articles", self.articles)
        for index, article in enumerate(self.articles):
            require_code(f"articles/{index}", article, ARTICLES)
        require_text("provision", self.provision)
        require_text("case_reference", self.case_reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pda1:
    """One Portable Document A1. Countries of work are kept in the order of their codes.

    Every invariant is checked when the record is made. Raises Malformed (a value without the right form) or
    Refused (values that contradict each other), each with the ``member`` concerned.
    """

    KIND: ClassVar[str] = "pda1"
    RECORD_VERSION: ClassVar[int] = 1

    document: Document
    person: Person
    legislation: Legislation
    status: StatusConfirmation
    employments: tuple[Employment, ...]
    countries_of_work: tuple[CountryOfWork, ...]
    institution: Institution
    issuing_authority: IssuingAuthority
    authentic_source: AuthenticSource
    decision: Decision

    def __post_init__(self) -> None:
        require_some("employments", self.employments)
        require_some("countries_of_work", self.countries_of_work)
        require_distinct("countries_of_work", (entry.country for entry in self.countries_of_work))
        in_order = tuple(sorted(self.countries_of_work, key=lambda entry: entry.country))
        object.__setattr__(self, "countries_of_work", in_order)
        require_period("legislation/start", self.person.date_of_birth, self.legislation.start)

    @property
    def document_end(self) -> date | None:
        """The last day of the document; None when none is set."""
        return self.document.date_of_expiry

    @property
    def coverage_end(self) -> date | None:
        """The last day of what it covers; None when none is set."""
        return self.legislation.end


def warnings(record: Pda1) -> tuple[RecordWarning, ...]:
    """Return what is unusual about a valid record; nothing here stops issuance."""
    found = list(
        institution_warnings(
            institution=record.institution.id,
            issuing_authority=record.issuing_authority.id,
            authentic_source=record.authentic_source.id,
        )
    )
    if record.status.code in POSTING_CODES and _longer_than_24_months(record.legislation):
        found.append(RecordWarning("posting_over_24_months", "/legislation/end"))
    usual = {*STATUS_CONFIRMATIONS[record.status.code].articles, *TRANSITIONAL_ARTICLES}
    if record.decision.articles and not usual.intersection(record.decision.articles):
        found.append(RecordWarning("article_unusual", "/decision/articles"))
    return tuple(found)


def _longer_than_24_months(legislation: Legislation) -> bool:
    """Both days count, so 24 months from 1 March end on the last day of February. Spec: Reg. 883/2004 Art. 12"""
    if legislation.end is None:
        return True
    first = legislation.start
    leap_day = first.month == 2 and first.day == 29
    limit = date(first.year + 2, 3, 1) if leap_day else first.replace(year=first.year + 2)
    return legislation.end > limit - timedelta(days=1)
