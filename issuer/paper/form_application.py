"""The proof that an application was filed: what was asked, by whom and when, and that nothing is decided yet."""

from portadoc.issuer.paper.form_fields import NONE, authority_fields, day, field, tick
from portadoc.issuer.paper.labels import Labels
from portadoc.issuer.paper.official import WHOLE, Form, FormSection, Group
from portadoc.schemas.coverage.application import ApplicationProof


def application_form(record: ApplicationProof, words: Labels) -> Form:
    """Return the page of a proof of application."""
    return Form(
        sign=words.of("form.application.sign")[0][1],
        title=words.of("form.application.title"),
        basis=words.of("form.application.basis"),
        lead=words.of("form.application.lead"),
        number=record.reference,
        certifies=False,
        sections=(
            FormSection(number="1", title=words.of("section.person"), groups=(_person(record, words),)),
            FormSection(number="2", title=words.of("form.application.asked"), groups=(_asked(record, words),)),
            FormSection(
                number="3",
                title=words.of("form.application.with"),
                groups=(Group(fields=authority_fields(words, "3", record.issuing_authority)),),
            ),
        ),
    )


def _person(record: ApplicationProof, words: Labels) -> Group:
    employer = record.employer
    return Group(
        fields=(
            field(words, "1.1", "field.surnames", record.person.surnames),
            field(words, "1.2", "field.forenames", record.person.forenames),
            field(words, "1.3", "field.date_of_birth", day(record.person.date_of_birth)),
            field(words, "1.4", "field.employer", NONE if employer is None else employer.name),
            field(words, "1.5", "field.employer_id", NONE if employer is None else employer.id),
        )
    )


def _asked(record: ApplicationProof, words: Labels) -> Group:
    asked = record.asked
    return Group(
        fields=(
            field(words, "2.1", "form.application.kind", words.of(f"kind.{asked.kind}")[0][1]),
            field(words, "2.2", "form.application.state", words.country(asked.state)),
            field(
                words,
                "2.3",
                "field.states_of_work",
                ", ".join(map(words.country, asked.states_of_work)),
                span=WHOLE,
            ),
            field(words, "2.4", "form.first_day", day(asked.start)),
            field(words, "2.5", "form.last_day", day(asked.end) or words.of("value.no_end")[0][1]),
            field(words, "2.6", "form.application.reference", record.reference),
            field(
                words, "2.7", "form.application.filed", f"{record.filed_on.isoformat()} {record.filed_time} UTC"
            ),
        ),
        ticks=(tick(words, "2.8", "form.application.urgent", record.urgent),),
    )
