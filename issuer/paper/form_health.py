"""The health card as a page, and the certificate that provisionally replaces it: their fields under their numbers.

Spec: Decisions S1 (point 5) and S2 of the Administrative Commission, annexes
"""

from portadoc.issuer.paper.form_fields import authority_fields, day, field
from portadoc.issuer.paper.labels import Labels
from portadoc.issuer.paper.official import Field, Form, FormSection, Group
from portadoc.schemas.ehic import Ehic, InsuredPerson, Prc


def replacement_form(record: Prc, words: Labels) -> Form:
    """Return the form of a provisional replacement certificate: the fields of the card, then its own validity."""
    card = (
        field(words, "6", "field.pin", record.insured.pin),
        field(words, "8", "field.card_number", record.card_number),
        field(words, "9", "field.card_expires_on", day(record.card_expiry)),
    )
    validity = (
        field(words, "(a)", "form.first_day", day(record.valid_from)),
        field(words, "(b)", "form.last_day", day(record.valid_to)),
        field(words, "(c)", "field.issued_on", day(record.issued_on)),
        field(words, "", "paper.prc_reason.title", words.of(f"paper.prc_reason.{record.reason}")[0][1]),
    )
    return Form(
        sign="PRC",
        title=words.of("form.prc.title"),
        basis=words.of("form.prc.basis"),
        lead=words.of("form.prc.lead"),
        number=record.card_number or "",
        sections=(
            _section("1", words, "form.prc.state", (_state(record.issuing_authority.country, words),)),
            _section("2", words, "section.person", (*_insured(record.insured, words), *card)),
            _section("3", words, "form.prc.validity", validity),
            _section(
                "4",
                words,
                "section.institution",
                (
                    *authority_fields(words, "7", record.issuing_authority),
                    field(words, "7", "form.acronym", record.acronym),
                ),
            ),
        ),
    )


def card_form(record: Ehic, words: Labels) -> Form:
    """Return what a card says as a page. It is no card: it says what the institution has recorded."""
    card = (
        field(words, "6", "field.pin", record.insured.pin),
        field(words, "8", "field.card_number", record.card_number),
        field(words, "9", "field.expires_on", day(record.date_of_expiry)),
    )
    coverage = (
        field(words, "", "form.first_day", day(record.start)),
        field(words, "", "form.last_day", day(record.end) or words.of("value.no_end")[0][1]),
        field(words, "", "field.issued_on", day(record.date_of_issuance)),
    )
    return Form(
        sign="EHIC",
        title=words.of("kind.ehic"),
        basis=words.of("form.ehic.basis"),
        lead=words.of("form.ehic.lead"),
        number=record.card_number,
        sections=(
            _section("1", words, "form.prc.state", (_state(record.issuing_authority.country, words),)),
            _section("2", words, "section.person", (*_insured(record.insured, words), *card)),
            _section("3", words, "field.coverage", coverage),
            _section("4", words, "section.institution", authority_fields(words, "7", record.issuing_authority)),
        ),
    )


def _section(number: str, words: Labels, title: str, fields: tuple[Field, ...]) -> FormSection:
    return FormSection(number=number, title=words.of(title), groups=(Group(fields=fields),))


def _state(country: str, words: Labels) -> Field:
    return field(words, "2", "field.issuing_state", words.country(country))


def _insured(person: InsuredPerson, words: Labels) -> tuple[Field, ...]:
    return (
        field(words, "3", "field.surnames", person.surnames),
        field(words, "4", "field.forenames", person.forenames),
        field(words, "5", "field.date_of_birth", day(person.date_of_birth)),
    )
