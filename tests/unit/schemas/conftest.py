"""Records made by chance, for properties that hold for every record.

Each strategy is made once: hypothesis looks a new one over before it draws from it, which takes the longer part.
"""

from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import strategies as st

from portadoc.schemas import codes
from portadoc.schemas.coverage import (
    BilateralCertificate,
    CoverageDocument,
    CoveredActivity,
    CoveredPerson,
    KeptLegislation,
    MaintenanceCertificate,
)
from portadoc.schemas.coverage.application import ApplicationProof, Asked, Worker, WorkerEmployer
from portadoc.schemas.ehic import PRC_REASONS, Ehic, InsuredPerson, Prc
from portadoc.schemas.pda1 import (
    Address,
    AuthenticSource,
    BirthPlace,
    CountryOfWork,
    Decision,
    Document,
    Employment,
    Institution,
    IssuingAuthority,
    Legislation,
    Pda1,
    Person,
    StatusConfirmation,
    Workplace,
)
from portadoc.schemas.pid import PID_SEXES, Pid, PlaceOfBirth

LETTERS = "abcXYZ éßřØλЖ漢’-./0123456789"


@cache
def text(shortest: int, longest: int) -> st.SearchStrategy[str]:
    return st.text(LETTERS, min_size=shortest, max_size=longest).filter(lambda value: bool(value.strip()))


@cache
def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


STATES = st.sampled_from(sorted(codes.PDA1_STATES))
COUNTRIES = st.sampled_from(sorted(codes.WORLD_COUNTRIES))
NAMES = text(1, 40)
BIRTHS = st.dates(date(1920, 1, 1), date(2005, 12, 31))
EARLIER = st.dates(date(2010, 1, 1), date(2026, 12, 31))
LATER = st.dates(date(2027, 1, 1), date(2098, 12, 31))


@cache
def addresses(countries: st.SearchStrategy[str]) -> st.SearchStrategy[Address]:
    return st.builds(
        Address,
        town=NAMES,
        country=countries,
        street_and_number=maybe(text(1, 60)),
        postcode=maybe(text(1, 12)),
        region=maybe(NAMES),
    )


AUTHORITIES = st.builds(IssuingAuthority, id=text(1, 20), name=NAMES, country=STATES)
SOURCES = st.builds(AuthenticSource, id=text(1, 20), name=NAMES)


@cache
def workplaces(country: str) -> st.SearchStrategy[Workplace]:
    def place(name: str, address: Address, flag: str | None, company: tuple[str, str] | None) -> Workplace:
        number, kind = company or (None, None)
        return Workplace(
            name=name, address=address, flag_or_base_state=flag, company_id=number, company_id_type=kind
        )

    company = st.tuples(text(1, 20), st.sampled_from(sorted(codes.IDENTIFIER_TYPES)))
    return st.builds(place, NAMES, addresses(st.just(country)), maybe(COUNTRIES), maybe(company))


@cache
def some_workplaces(country: str) -> st.SearchStrategy[list[Workplace]]:
    return st.lists(workplaces(country), min_size=1, max_size=3)


@cache
def some(states: st.SearchStrategy[str], most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(states, min_size=1, max_size=most, unique=True)


@st.composite
def countries_of_work(draw: st.DrawFn, *, one_workplace: bool) -> tuple[CountryOfWork, ...]:
    if one_workplace:
        country = draw(STATES)
        return (CountryOfWork(country=country, workplaces=(draw(workplaces(country)),)),)
    chosen = draw(some(STATES, 4))
    free = draw(st.sampled_from([None, *chosen]))
    return tuple(
        CountryOfWork(
            country=country,
            workplaces=() if country == free else tuple(draw(some_workplaces(country))),
        )
        for country in chosen
    )


RESIDENCES = st.lists(addresses(COUNTRIES), max_size=2)
STAYS = {least: st.lists(addresses(STATES), min_size=least, max_size=2) for least in (0, 1)}
GENDERS = st.sampled_from("012")
STATUSES = st.sampled_from(sorted(codes.STATUS_CONFIRMATIONS))
ARTICLES = st.lists(st.sampled_from(sorted(codes.ARTICLES)), max_size=2, unique=True)
PHONES = st.from_regex(r"\+[1-9][0-9]{1,14}", fullmatch=True)
FAXES, EMAILS = st.just("+33199000002"), st.just("a1@institution.example")
FLAGS = st.booleans()


@st.composite
def people(draw: st.DrawFn) -> Person:
    residence = tuple(draw(RESIDENCES))
    stay = tuple(draw(STAYS[0 if residence else 1]))
    nationalities = draw(some(COUNTRIES, 3))
    return Person(
        pin=draw(text(4, 50)),
        gender=draw(GENDERS),
        surnames=draw(NAMES),
        forenames=draw(NAMES),
        date_of_birth=draw(BIRTHS),
        nationalities=tuple(nationalities),
        place_of_birth=BirthPlace(town=draw(NAMES), country=draw(COUNTRIES)),
        surname_at_birth=draw(maybe(NAMES)),
        forenames_at_birth=draw(maybe(NAMES)),
        residence=residence,
        stay=stay,
    )


@st.composite
def statuses(draw: st.DrawFn) -> StatusConfirmation:
    code = draw(STATUSES)
    return StatusConfirmation(
        code=code, exception_description=draw(NAMES) if code == codes.EXCEPTION_CODE else None
    )


EMPLOYMENT = st.builds(
    Employment,
    type=st.sampled_from(sorted(codes.EMPLOYMENT_TYPES)),
    name=NAMES,
    id=text(1, 20),
    id_type=st.sampled_from(sorted(codes.IDENTIFIER_TYPES)),
    address=addresses(COUNTRIES),
)
PEOPLE, STATUS = people(), statuses()
WORK = {alone: countries_of_work(one_workplace=alone) for alone in (False, True)}
EMPLOYMENTS = {most: st.lists(EMPLOYMENT, min_size=1, max_size=most) for most in (1, 3)}


@st.composite
def pda1_records(draw: st.DrawFn, *, one_employer_and_workplace: bool) -> Pda1:
    return Pda1(
        document=Document(
            number=draw(text(4, 50)),
            date_of_issuance=draw(EARLIER),
            date_of_expiry=draw(maybe(LATER)),
            replaces=draw(maybe(text(51, 60))),
        ),
        person=draw(PEOPLE),
        legislation=Legislation(
            state=draw(STATES),
            start=draw(EARLIER),
            end=draw(maybe(LATER)),
            for_duration_of_activity=draw(FLAGS),
            provisional=draw(FLAGS),
            transitional_rules=draw(FLAGS),
        ),
        status=draw(STATUS),
        employments=tuple(draw(EMPLOYMENTS[1 if one_employer_and_workplace else 3])),
        countries_of_work=draw(WORK[one_employer_and_workplace]),
        institution=Institution(
            id=draw(text(1, 20)),
            name=draw(NAMES),
            country=draw(STATES),
            address=draw(addresses(STATES)),
            phone=draw(maybe(PHONES)),
            fax=draw(maybe(FAXES)),
            email=draw(maybe(EMAILS)),
        ),
        issuing_authority=draw(AUTHORITIES),
        authentic_source=draw(SOURCES),
        decision=Decision(
            regime_pack="eu-2012",
            articles=tuple(draw(ARTICLES)),
            case_reference=draw(maybe(NAMES)),
        ),
    )


EHIC_RECORDS = st.builds(
    Ehic,
    insured=st.builds(InsuredPerson, pin=text(4, 50), surnames=NAMES, forenames=NAMES, date_of_birth=BIRTHS),
    card_number=text(4, 50),
    issuing_authority=AUTHORITIES,
    authentic_source=SOURCES,
    date_of_issuance=EARLIER,
    date_of_expiry=LATER,
    start=EARLIER,
    end=maybe(LATER),
    to_representative=st.booleans(),
)

PID_RECORDS = st.builds(
    Pid,
    family_name=NAMES,
    given_name=NAMES,
    birthdate=BIRTHS,
    place_of_birth=st.builds(PlaceOfBirth, country=COUNTRIES, region=maybe(NAMES), locality=maybe(NAMES)),
    nationalities=st.lists(COUNTRIES, min_size=1, max_size=3, unique=True).map(tuple),
    issuing_authority=NAMES,
    issuing_country=STATES,
    date_of_expiry=LATER,
    date_of_issuance=maybe(EARLIER),
    birth_family_name=maybe(NAMES),
    birth_given_name=maybe(NAMES),
    sex=maybe(st.sampled_from(PID_SEXES)),
    personal_number=maybe(NAMES),
    document_number=maybe(NAMES),
)

PRC_RECORDS = st.builds(
    Prc,
    insured=st.builds(InsuredPerson, pin=text(4, 50), surnames=NAMES, forenames=NAMES, date_of_birth=BIRTHS),
    issuing_authority=AUTHORITIES,
    valid_from=EARLIER,
    valid_to=LATER,
    issued_on=EARLIER | LATER,
    reason=st.sampled_from(sorted(PRC_REASONS)),
    acronym=maybe(text(1, 20)),
    card_number=maybe(text(4, 50)),
    card_expiry=maybe(LATER),
)

OUTSIDE = st.sampled_from(sorted(codes.WORLD_COUNTRIES - codes.PDA1_STATES))
COVERAGE = {
    "document": st.builds(
        CoverageDocument,
        number=text(4, 50),
        date_of_issuance=EARLIER,
        date_of_expiry=maybe(LATER),
        replaces=maybe(text(51, 60)),
    ),
    "person": st.builds(
        CoveredPerson,
        pin=text(4, 50),
        surnames=NAMES,
        forenames=NAMES,
        date_of_birth=BIRTHS,
        nationalities=st.lists(COUNTRIES, min_size=1, max_size=3, unique=True).map(tuple),
    ),
    "legislation": st.builds(KeptLegislation, state=STATES, start=EARLIER, end=maybe(LATER)),
    "state_of_work": OUTSIDE,
    "employments": st.lists(
        st.builds(
            CoveredActivity, type=st.sampled_from(sorted(codes.EMPLOYMENT_TYPES)), name=NAMES, id=text(1, 20)
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    "issuing_authority": AUTHORITIES,
    "authentic_source": SOURCES,
}

APPLICATIONS = st.builds(
    ApplicationProof,
    reference=text(1, 50),
    issuing_authority=AUTHORITIES,
    person=st.builds(Worker, surnames=NAMES, forenames=NAMES, date_of_birth=BIRTHS),
    employer=maybe(st.builds(WorkerEmployer, name=NAMES, id=text(1, 20))),
    asked=st.builds(
        Asked,
        kind=st.just("a1"),
        state=STATES,
        states_of_work=st.lists(STATES, min_size=1, max_size=4, unique=True).map(tuple),
        start=EARLIER,
        end=maybe(LATER),
    ),
    filed_on=EARLIER,
    filed_time=st.from_regex(r"([01][0-9]|2[0-3]):[0-5][0-9]", fullmatch=True).filter(str.isascii),
    urgent=st.booleans(),
)

SEALED = {
    "pda1": pda1_records(one_employer_and_workplace=False),
    "ehic": EHIC_RECORDS,
    "prc": PRC_RECORDS,
    "application": APPLICATIONS,
}

RECORDS = {
    "pda1-dc4eu-a": pda1_records(one_employer_and_workplace=True),
    "pda1-dc4eu-b": pda1_records(one_employer_and_workplace=False),
    "pda1-webuild": pda1_records(one_employer_and_workplace=False),
    "ehic-dc4eu": EHIC_RECORDS,
    "prc": PRC_RECORDS,
    "pid-eudi": PID_RECORDS,
    "coverage-bilateral": st.builds(BilateralCertificate, agreement=NAMES, **COVERAGE),
    "coverage-maintenance": st.builds(MaintenanceCertificate, national_law=NAMES, **COVERAGE),
}


@pytest.fixture(params=RECORDS)
def layout_and_records(request: pytest.FixtureRequest) -> tuple[str, st.SearchStrategy[Any]]:
    """The id of each layout with records that it can carry."""
    return request.param, RECORDS[request.param]


@pytest.fixture(params=SEALED)
def sealed_records(request: pytest.FixtureRequest) -> st.SearchStrategy[Any]:
    """The records of each kind that is sealed."""
    return SEALED[request.param]


@pytest.fixture
def records_by_layout() -> dict[str, st.SearchStrategy[Any]]:
    """For each layout, records that it can carry."""
    return RECORDS
