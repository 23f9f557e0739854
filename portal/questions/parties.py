"""Questions about who asks, who employs and who works."""

from typing import Final

from portadoc.portal.questions.form import Capacity, Case, Field, FieldKind, Question, Section, Shape

EMPLOYER_KINDS: Final = ("private", "public", "temp_agency")


def asks_for_self(case: Case) -> bool:
    """Tell whether a self-employed person asks."""
    return case.known.capacity == Capacity.SELF_EMPLOYED


def has_employer(case: Case) -> bool:
    """Tell whether the work is work for an employer."""
    return not asks_for_self(case)


def by_employer(case: Case) -> bool:
    """Tell whether an employer asks, so that the worker has to be named."""
    return case.known.capacity == Capacity.EMPLOYER


def by_worker(case: Case) -> bool:
    """Tell whether a worker asks whose employer fails to."""
    return case.known.capacity == Capacity.WORKER


def _chooses_company(case: Case) -> bool:
    return by_employer(case) and len(case.known.choices.get("employer_id", {})) > 1


def _company_choices(case: Case) -> tuple[str, ...]:
    return tuple(case.known.choices.get("employer_id", {}))


_ADDRESS: Final = (
    Field("street", FieldKind.TEXT, autocomplete="address-line1"),
    Field("postcode", FieldKind.TEXT, required=False, autocomplete="postal-code", most=20),
    Field("town", FieldKind.TEXT, autocomplete="address-level2"),
    Field("country", FieldKind.COUNTRY, autocomplete="country"),
)


PARTIES: Final = (
    Question(
        "employer_id",
        Section.EMPLOYER,
        Shape.ONE,
        (Field("employer_id", FieldKind.CHOICE, offered=_company_choices),),
        when=_chooses_company,
    ),
    Question(
        "employer_contacted",
        Section.REQUEST,
        Shape.ONE,
        (Field("employer_contacted", FieldKind.CHOICE, options=("refused", "no_answer", "not_asked")),),
        when=lambda case: by_worker(case) and case.known.request == "new",
    ),
    Question(
        "employer_number",
        Section.EMPLOYER,
        Shape.ONE,
        (Field("employer_number", FieldKind.ID, unknown=True),),
        when=by_worker,
    ),
    Question(
        "employer",
        Section.EMPLOYER,
        Shape.GROUP,
        (Field("name", FieldKind.TEXT), *_ADDRESS),
        ("/employers/0/seat_state", "/posting/home_state"),
        when=has_employer,
    ),
    Question(
        "own_seat",
        Section.EMPLOYER,
        Shape.GROUP,
        (Field("name", FieldKind.TEXT), *_ADDRESS),
        ("/posting/home_state",),
        when=asks_for_self,
    ),
    Question(
        "employer_kind",
        Section.EMPLOYER,
        Shape.ONE,
        (Field("employer_kind", FieldKind.CHOICE, options=EMPLOYER_KINDS, unknown=True),),
        ("/employers/0/kind",),
        when=has_employer,
    ),
    Question(
        "worker_pin", Section.WORKER, Shape.ONE, (Field("worker_pin", FieldKind.ID, most=40),), when=by_employer
    ),
    Question(
        "worker",
        Section.WORKER,
        Shape.GROUP,
        (
            Field("given_name", FieldKind.TEXT, autocomplete="given-name"),
            Field("family_name", FieldKind.TEXT, autocomplete="family-name"),
            Field("birth_date", FieldKind.DATE, autocomplete="bday"),
        ),
    ),
    Question(
        "birth_place",
        Section.WORKER,
        Shape.GROUP,
        (Field("town", FieldKind.TEXT), Field("country", FieldKind.COUNTRY)),
    ),
    Question(
        "nationalities",
        Section.WORKER,
        Shape.ROWS,
        (Field("country", FieldKind.NATIONALITY),),
        ("/person/nationality_class", "/person/nationality_states"),
        rows_shown=1,
    ),
    Question(
        "residence",
        Section.WORKER,
        Shape.GROUP,
        _ADDRESS,
        ("/person/residence_state",),
    ),
)
"""How a person is reached is never asked: only the person register is believed about that."""
