"""A question as a template shows it: fields with labels, options, what was typed, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass

from portadoc.catalogue.countries import by_name
from portadoc.portal.pages.words import Words
from portadoc.portal.questions.form import MOST_ROWS, UNKNOWN, Field, FieldKind, Question, Shape
from portadoc.schemas.codes import NATIONALITIES, WORLD_COUNTRIES

_RADIOS_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class OptionView:
    """One option of a field."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field. ``error`` is what is expected there, empty for a field that is right."""

    name: str
    label: str
    hint: str
    control: str
    options: tuple[OptionView, ...]
    value: str
    error: str
    required: bool
    autocomplete: str
    unit: str

    @property
    def anchor(self) -> str:
        """The id of the first control, to which the error summary leads."""
        return f"f-{self.name.replace('.', '-')}"


@dataclass(frozen=True, slots=True)
class RowView:
    """One row of a table, with its heading."""

    heading: str
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One screen. ``rows`` has one row without a heading where the question is no table."""

    id: str
    title: str
    help: str
    single: bool
    labelled: bool
    rows: tuple[RowView, ...]
    more: bool

    @property
    def errors(self) -> tuple[FieldView, ...]:
        """The fields that have to be put right."""
        return tuple(each for row in self.rows for each in row.fields if each.error)


def question_view(
    question: Question, words: Words, *, typed: Mapping[str, str], faults: Mapping[str, str], rows: int = 0
) -> QuestionView:
    """Return a question with what was typed before; ``faults`` says by field what is expected."""
    shown = _rows_shown(question, typed, rows)
    return QuestionView(
        question.id,
        words.title(question),
        words.help(question),
        question.shape is Shape.ONE,
        question.shape is not Shape.ONE or words.has_label(question),
        tuple(_row(question, words, index, typed, faults) for index in range(shown)),
        question.shape is Shape.ROWS and shown < MOST_ROWS,
    )


def rows_typed(typed: Mapping[str, str]) -> int:
    """Return how many rows the fields of a form belong to."""
    rows = {name.split(".")[0] for name in typed}
    return max((number + 1 for number in range(MOST_ROWS) if str(number) in rows), default=0)


def _rows_shown(question: Question, typed: Mapping[str, str], rows: int) -> int:
    if question.shape is not Shape.ROWS:
        return 1
    return min(max(question.rows_shown, rows_typed(typed), rows), MOST_ROWS)


def _row(
    question: Question, words: Words, index: int, typed: Mapping[str, str], faults: Mapping[str, str]
) -> RowView:
    is_table = question.shape is Shape.ROWS
    heading = words.row(question, index + 1) if is_table else ""
    prefix = f"{index}." if is_table else ""
    return RowView(
        heading,
        tuple(_field(question, words, each, f"{prefix}{each.name}", typed, faults) for each in question.fields),
    )


def _field(
    question: Question, words: Words, field: Field, name: str, typed: Mapping[str, str], faults: Mapping[str, str]
) -> FieldView:
    expected = faults.get(name, "")
    return FieldView(
        name,
        words.label(question, field),
        words.hint(question, field),
        _control(question, field, words),
        _options(question, field, words),
        typed.get(name, ""),
        words.reader.say(f"expected.{expected}") if expected else "",
        field.required,
        field.autocomplete if words.about_reader(question) else "",
        "%" if field.kind is FieldKind.PERCENT else "",
    )


def _control(question: Question, field: Field, words: Words) -> str:
    match field.kind:
        case FieldKind.YES_NO:
            return "radios"
        case FieldKind.CHOICE:
            in_table = question.shape is Shape.ROWS and len(field.choices(words.case)) > 3
            return "select" if in_table or len(field.choices(words.case)) > _RADIOS_AT_MOST else "radios"
        case FieldKind.COUNTRY | FieldKind.NATIONALITY:
            return "select"
        case FieldKind.DATE:
            return "date"
        case FieldKind.PERCENT | FieldKind.NUMBER:
            return "number"
        case FieldKind.TEXT | FieldKind.ID:
            return "text"


def _options(question: Question, field: Field, words: Words) -> tuple[OptionView, ...]:
    unknown = (OptionView(UNKNOWN, words.reader.say("option.unknown")),) if field.unknown else ()
    match field.kind:
        case FieldKind.YES_NO:
            return (*(OptionView(each, words.option(question, field, each)) for each in ("yes", "no")), *unknown)
        case FieldKind.CHOICE:
            found = (
                OptionView(each, words.option(question, field, each), words.option_hint(question, each))
                for each in field.choices(words.case)
            )
            return (*found, *unknown)
        case FieldKind.COUNTRY:
            return tuple(OptionView(*pair) for pair in by_name(WORLD_COUNTRIES, words.reader.written_in))
        case FieldKind.NATIONALITY:
            named = by_name(NATIONALITIES & WORLD_COUNTRIES, words.reader.written_in)
            others = ((code, words.nationality(code)) for code in sorted(NATIONALITIES - WORLD_COUNTRIES))
            return tuple(OptionView(*pair) for pair in (*named, *others))
        case _:
            return unknown
