"""Certificates of coverage that are no A1: under an agreement with the State of work, or by national law alone."""

from collections.abc import Iterator

from portadoc.issuer.paper.form_fields import authority_fields, day, field, tick
from portadoc.issuer.paper.labels import Labels
from portadoc.issuer.paper.official import WHOLE, Form, FormSection, Group
from portadoc.schemas.coverage import BilateralCertificate, CoverageCertificate, MaintenanceCertificate


def coverage_form(record: BilateralCertificate | MaintenanceCertificate, words: Labels) -> Form:
    """Return the form of a certificate of coverage; it says in its heading that it is no A1."""
    kind = record.KIND
    person = record.person
    holder = (
        field(words, "1.1", "field.pin", person.pin),
        field(words, "1.2", "field.surnames", person.surnames),
        field(words, "1.3", "field.forenames", person.forenames),
        field(words, "1.4", "field.date_of_birth", day(person.date_of_birth)),
        field(words, "1.5", "field.nationality", ", ".join(map(words.country, person.nationalities))),
    )
    return Form(
        sign=words.of(f"form.{kind}.sign")[0][1],
        title=words.of(f"form.{kind}.title"),
        basis=words.of("form.coverage.basis"),
        lead=words.of(f"form.{kind}.lead"),
        number=record.document.number,
        sections=(
            FormSection(number="1", title=words.of("section.person"), groups=(Group(fields=holder),)),
            FormSection(number="2", title=words.of("section.legislation"), groups=(_legislation(record, words),)),
            FormSection(number="3", title=words.of("section.employer"), groups=tuple(_work(record, words))),
            FormSection(number="4", title=words.of("section.institution"), groups=(_institution(record, words),)),
        ),
    )


def _legislation(record: BilateralCertificate | MaintenanceCertificate, words: Labels) -> Group:
    said = record.legislation
    bilateral = isinstance(record, BilateralCertificate)
    source = record.agreement if isinstance(record, BilateralCertificate) else record.national_law
    return Group(
        fields=(
            field(words, "2.1", "form.a1.state", words.country(said.state)),
            field(words, "2.2", "form.coverage.work", words.country(record.state_of_work)),
            field(words, "2.3", "form.first_day", day(said.start)),
            field(words, "2.4", "form.last_day", day(said.end) or words.of("value.no_end")[0][1]),
            field(words, "2.5", "form.agreement" if bilateral else "form.national_law", source, span=WHOLE),
        )
    )


def _work(record: CoverageCertificate, words: Labels) -> Iterator[Group]:
    for each in record.employments:
        yield Group(
            ticks=(
                tick(words, "3.1", "form.employed", each.type == "01"),
                tick(words, "3.2", "form.self_employed", each.type == "02"),
            ),
            fields=(
                field(words, "3.3", "form.name", each.name, span=WHOLE),
                field(words, "3.4", "field.employer_id", each.id),
            ),
        )


def _institution(record: CoverageCertificate, words: Labels) -> Group:
    document = record.document
    replaced = (field(words, "4.6", "form.replaces", document.replaces),) if document.replaces else ()
    return Group(
        fields=(
            *authority_fields(words, "4", record.issuing_authority),
            field(words, "4.4", "field.issued_on", day(document.date_of_issuance)),
            field(
                words, "4.5", "field.expires_on", day(document.date_of_expiry) or words.of("value.no_end")[0][1]
            ),
            *replaced,
        )
    )
