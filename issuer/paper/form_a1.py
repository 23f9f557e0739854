"""The Portable Document A1 as the paper form has it: six sections under their numbers, all twelve situations.

Spec: Regulation (EC) 987/2009 art. 19(2); Administrative Commission, portable document A1
"""

from collections.abc import Iterator

from portadoc.issuer.paper.form_fields import (
    address_fields,
    addresses,
    day,
    field,
    institution_fields,
    tick,
)
from portadoc.issuer.paper.labels import Labels
from portadoc.issuer.paper.official import WHOLE, Field, Form, FormSection, Group, Tick
from portadoc.schemas.codes import STATUS_CONFIRMATIONS
from portadoc.schemas.pda1 import CountryOfWork, Employment, Pda1, Workplace


def a1_form(record: Pda1, words: Labels) -> Form:
    """Return the form of an A1, every field of the record in its place."""
    return Form(
        sign="A1",
        title=words.of("form.a1.title"),
        basis=words.of("form.a1.basis"),
        lead=words.of("form.a1.lead"),
        number=record.document.number,
        sections=(
            FormSection(number="1", title=words.of("section.person"), groups=tuple(_person(record, words))),
            FormSection(number="2", title=words.of("section.legislation"), groups=(_legislation(record, words),)),
            FormSection(number="3", title=words.of("section.situation"), groups=tuple(_status(record, words))),
            FormSection(number="4", title=words.of("section.employer"), groups=tuple(_employers(record, words))),
            FormSection(number="5", title=words.of("section.work"), groups=tuple(_work(record, words))),
            FormSection(number="6", title=words.of("section.institution"), groups=(_institution(record, words),)),
        ),
    )


def _person(record: Pda1, words: Labels) -> Iterator[Group]:
    person = record.person
    birth = f"{person.place_of_birth.town}, {words.country(person.place_of_birth.country)}"
    yield Group(
        fields=(
            field(words, "1.1", "field.pin", person.pin),
            field(words, "1.1", "field.sex", _sex(words, person.gender)),
            field(words, "1.2", "field.surnames", person.surnames),
            field(words, "1.3", "field.forenames", person.forenames),
            field(words, "1.4", "field.surname_at_birth", person.surname_at_birth),
            *_forenames_at_birth(person.forenames_at_birth, words),
            field(words, "1.5", "field.date_of_birth", day(person.date_of_birth)),
            field(words, "1.6", "field.nationality", ", ".join(map(words.country, person.nationalities))),
            field(words, "1.7", "field.birth_place", birth),
        )
    )
    yield from addresses(words, "1.8", "field.residence", person.residence)
    yield from addresses(words, "1.9", "field.stay", person.stay)


def _sex(words: Labels, gender: str) -> str:
    return " · ".join(said for _, said in words.of(f"paper.sex.{gender}"))


def _forenames_at_birth(forenames: str | None, words: Labels) -> Iterator[Field]:
    if forenames is not None:
        yield field(words, "1.4", "form.forenames_at_birth", forenames)


def _legislation(record: Pda1, words: Labels) -> Group:
    said = record.legislation
    return Group(
        fields=(
            field(words, "2.1", "form.a1.state", words.country(said.state), span=6),
            field(words, "2.2", "form.first_day", day(said.start), span=3),
            field(words, "2.3", "form.last_day", day(said.end) or words.of("value.no_end")[0][1], span=3),
        ),
        ticks=(
            tick(words, "2.4", "field.for_duration", said.for_duration_of_activity),
            tick(words, "2.5", "field.provisional", said.provisional),
            tick(words, "2.6", "field.transitional", said.transitional_rules),
        ),
    )


def _status(record: Pda1, words: Labels) -> Iterator[Group]:
    yield Group(
        ticks=tuple(
            tick(words, f"3.{int(code)}", f"situation.{code}", code == record.status.code)
            for code in STATUS_CONFIRMATIONS
        )
    )
    if record.status.exception_description is not None:
        told = field(words, "3.11", "form.exception", record.status.exception_description, span=WHOLE)
        yield Group(fields=(told,))


def _employers(record: Pda1, words: Labels) -> Iterator[Group]:
    for at, employment in enumerate(record.employments, start=1):
        counted = (("", f"{at}/{len(record.employments)}"),) if len(record.employments) > 1 else ()
        yield Group(heading=counted, ticks=_kinds(employment, words))
        yield Group(fields=tuple(_employer(employment, words)))


def _kinds(employment: Employment, words: Labels) -> tuple[Tick, ...]:
    return (
        tick(words, "4.1.1", "form.employed", employment.type == "01"),
        tick(words, "4.1.2", "form.self_employed", employment.type == "02"),
    )


def _employer(employment: Employment, words: Labels) -> Iterator[Field]:
    yield field(words, "4.2", "field.employer_id", employment.id)
    yield field(words, "4.2", "form.id_type", words.of(f"form.id_type.{employment.id_type}")[0][1])
    yield field(words, "4.3", "form.name", employment.name, span=WHOLE)
    yield from address_fields(words, "4.4", employment.address)


def _work(record: Pda1, words: Labels) -> Iterator[Group]:
    for state in record.countries_of_work:
        yield from _places(state, words)


def _places(state: CountryOfWork, words: Labels) -> Iterator[Group]:
    heading = (("", words.country(state.country)),)
    no_fixed = tick(words, "5.3", "field.no_fixed_place", not state.workplaces)
    if not state.workplaces:
        yield Group(heading=heading, ticks=(no_fixed,))
    for at, place in enumerate(state.workplaces, start=1):
        counted = (("", f"{words.country(state.country)} {at}/{len(state.workplaces)}"),)
        yield Group(heading=counted if len(state.workplaces) > 1 else heading, fields=tuple(_place(place, words)))


def _place(place: Workplace, words: Labels) -> Iterator[Field]:
    yield field(words, "5.1", "form.a1.workplace", place.name, span=WHOLE)
    if place.company_id is not None:
        yield field(words, "5.1", "form.company_id", place.company_id)
        yield field(words, "5.1", "form.id_type", words.of(f"form.id_type.{place.company_id_type}")[0][1])
    if place.flag_or_base_state is not None:
        yield field(words, "5.1", "form.flag_or_base", words.country(place.flag_or_base_state), span=WHOLE)
    yield from address_fields(words, "5.2", place.address)


def _institution(record: Pda1, words: Labels) -> Group:
    document, no_end = record.document, words.of("value.no_end")[0][1]
    more = [("form.replaces", document.replaces), ("form.case", record.decision.case_reference)]
    return Group(
        fields=(
            *institution_fields(words, "6", record.institution),
            field(words, "6.10", "field.issued_on", day(document.date_of_issuance), span=3),
            field(words, "6.11", "field.expires_on", day(document.date_of_expiry) or no_end, span=3),
            *(field(words, "6.12", key, value) for key, value in more if value is not None),
        )
    )
