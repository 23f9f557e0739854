"""The answers as the check page lists them: under headings, in the order of the questions, with what was known."""

from collections.abc import Mapping
from dataclasses import dataclass

from portadoc.portal.questions.flows import entries
from portadoc.portal.questions.form import Field, Known, Question, Section, Shape, Source
from portadoc.schemas.claims import Json


@dataclass(frozen=True, slots=True)
class Line:
    """One field and its value; ``row`` counts the rows of a table from 1 and is 0 elsewhere."""

    field: Field
    value: Json
    row: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One answer. ``source`` is where it comes from if nobody was asked; such an item cannot be changed here."""

    question: Question
    lines: tuple[Line, ...]
    source: Source | None


@dataclass(frozen=True, slots=True)
class Part:
    """The answers under one heading."""

    section: Section
    items: tuple[Item, ...]


def summary(answers: Mapping[str, Json], known: Known) -> tuple[Part, ...]:
    """Return every answer and every known value that stands in place of one, each exactly once."""
    items: dict[Section, list[Item]] = {section: [] for section in Section}
    for entry in entries(answers, known):
        if entry.answered:
            source = None if entry.told is None else entry.told.source
            items[entry.question.section].append(Item(entry.question, lines(entry.question, entry.value), source))
    return tuple(Part(section, tuple(found)) for section, found in items.items() if found)


def lines(question: Question, value: Json) -> tuple[Line, ...]:
    """Return the fields of a value, in order."""
    match question.shape:
        case Shape.ONE:
            return (Line(question.fields[0], value),)
        case Shape.GROUP:
            return tuple(Line(each, value.get(each.name)) for each in question.fields)
        case Shape.ROWS:
            rows = enumerate(value, start=1)
            return tuple(Line(each, row.get(each.name), index) for index, row in rows for each in question.fields)
