"""Read the fields of a form strictly: every fault is named with what is expected, and nothing is guessed.

A form sends one text a field. A field of a table is named ``row.field``, counted from 0; a row of which nothing is
filled in is as if it were not there.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Final

from portadoc.errors import Malformed
from portadoc.portal.questions.form import MOST_ROWS, UNKNOWN, Case, Fault, Field, FieldKind, Question, Shape
from portadoc.schemas.claims import Json
from portadoc.schemas.codes import NATIONALITIES, WORLD_COUNTRIES, canonical_country

_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_WRITTEN_DAY: Final = re.compile(r"(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_NUMBER: Final = re.compile(r"\d{1,5}", re.ASCII)
_PERCENT: Final = re.compile(r"(\d{1,3})(?:[.,](\d{1,4}))? ?%?", re.ASCII)
_ID: Final = re.compile(r"[0-9A-Z][0-9A-Z ./-]*", re.ASCII)
_MOST_FAULTS: Final = 24


class _Unreadable(Exception):
    """What was typed is not what the field expects; carries the name of what is."""


def read_answer(question: Question, form: Mapping[str, str], case: Case) -> Json:
    """Return the value of an answer: of one field, an object of fields, or a list of rows.

    ``form`` is unverified. Raises: Malformed[answer_invalid] with ``question``, the first ``field``, what is
    ``expected`` there, and all ``faults`` as ``field:expected`` with a space between.
    """
    faults: list[Fault] = []
    value = _READERS[question.shape](question, form, case, faults)
    if not faults and question.check is not None:
        faults.extend(question.check(value, case))
    if faults:
        told = " ".join(f"{name}:{expected}" for name, expected in faults[:_MOST_FAULTS])
        raise Malformed(
            "answer_invalid", question=question.id, field=faults[0][0], expected=faults[0][1], faults=told
        )
    return value


def faults_of(error: Malformed) -> dict[str, str]:
    """Return what is expected by field, as an error of ``read_answer`` tells it."""
    pairs = (pair.split(":", 1) for pair in str(error.params["faults"]).split(" "))
    return dict(reversed([(name, expected) for name, expected in pairs]))


def form_of(question: Question, value: Json) -> dict[str, str]:
    """Return an answer as a form sends it: to be shown again, or to be read if it came as JSON.

    Raises: Malformed[answer_invalid] for a value that is no answer to this question.
    """
    named = {each.name: each for each in question.fields}
    match question.shape:
        case Shape.ONE:
            return {question.fields[0].name: _written(question, question.fields[0], value)}
        case Shape.GROUP:
            _require(question, isinstance(value, dict) and named.keys() >= value.keys())
            return {name: _written(question, each, value.get(name)) for name, each in named.items()}
        case Shape.ROWS:
            _require(question, isinstance(value, list) and len(value) <= MOST_ROWS)
            _require(question, all(isinstance(row, dict) and named.keys() >= row.keys() for row in value))
            rows = enumerate(value)
            return {
                f"{index}.{name}": _written(question, each, row.get(name))
                for index, row in rows
                for name, each in named.items()
            }


def _require(question: Question, holds: bool) -> None:
    if not holds:
        name = question.fields[0].name
        raise Malformed(
            "answer_invalid", question=question.id, field=name, expected="shape", faults=f"{name}:shape"
        )


def _written(question: Question, field: Field, value: Json) -> str:
    _require(question, value is None or isinstance(value, str | int | float))
    if value is None:
        return UNKNOWN if field.unknown else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _read_one(question: Question, form: Mapping[str, str], case: Case, faults: list[Fault]) -> Json:
    return _read(question.fields[0], question.fields[0].name, form, case, faults)


def _read_group(question: Question, form: Mapping[str, str], case: Case, faults: list[Fault]) -> Json:
    return {each.name: _read(each, each.name, form, case, faults) for each in question.fields}


def _read_rows(question: Question, form: Mapping[str, str], case: Case, faults: list[Fault]) -> Json:
    rows: list[Json] = []
    for index in range(MOST_ROWS):
        names = {each.name: f"{index}.{each.name}" for each in question.fields}
        if any(form.get(name, "").strip() for name in names.values()):
            rows.append({each.name: _read(each, names[each.name], form, case, faults) for each in question.fields})
    if not rows:
        faults.append((f"0.{question.fields[0].name}", "first_row"))
    return rows


_READERS: Final = {Shape.ONE: _read_one, Shape.GROUP: _read_group, Shape.ROWS: _read_rows}


def _read(field: Field, name: str, form: Mapping[str, str], case: Case, faults: list[Fault]) -> Json:
    """Return the value of one field; a fault is added to ``faults``, and the value is then None."""
    typed = unicodedata.normalize("NFC", form.get(name, "")).strip()
    if field.unknown and (typed == UNKNOWN or (not typed and f"{name}.{UNKNOWN}" in form)):
        return None
    if not typed:
        if field.required:
            faults.append((name, f"{field.kind}_missing"))
        return None
    try:
        return _value(field, typed, case)
    except _Unreadable as found:
        faults.append((name, str(found)))
        return None


def _value(field: Field, typed: str, case: Case) -> Json:
    match field.kind:
        case FieldKind.TEXT:
            return _text(field, typed)
        case FieldKind.ID:
            return _identifier(field, typed)
        case FieldKind.DATE:
            return _day(typed)
        case FieldKind.YES_NO:
            return _option(typed, ("yes", "no")) == "yes"
        case FieldKind.CHOICE:
            return _option(typed, field.choices(case))
        case FieldKind.COUNTRY:
            return _country(typed, WORLD_COUNTRIES)
        case FieldKind.NATIONALITY:
            return _country(typed, NATIONALITIES)
        case FieldKind.PERCENT:
            return _percent(typed)
        case FieldKind.NUMBER:
            return _number(field, typed)


def _text(field: Field, typed: str) -> str:
    if len(typed) > field.most:
        raise _Unreadable("shorter")
    if any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co") for each in typed):
        raise _Unreadable("plain_text")
    return " ".join(typed.split())


def _identifier(field: Field, typed: str) -> str:
    written = typed.upper()
    if len(written) > field.most or not _ID.fullmatch(written):
        raise _Unreadable("id")
    return re.sub(r"\s+", "", written)


def _day(typed: str) -> str:
    if found := _ISO_DAY.fullmatch(typed):
        year, month, day = (int(part) for part in found.groups())
    elif found := _WRITTEN_DAY.fullmatch(typed):
        day, month, year = (int(part) for part in found.groups())
    else:
        raise _Unreadable("date")
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise _Unreadable("date_year")
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise _Unreadable("date_real") from None


def _option(typed: str, options: tuple[str, ...]) -> str:
    if typed not in options:
        raise _Unreadable("choice")
    return typed


def _country(typed: str, allowed: frozenset[str]) -> str:
    code = canonical_country(typed.upper())
    if code not in allowed:
        raise _Unreadable("country")
    return code


def _percent(typed: str) -> float:
    found = _PERCENT.fullmatch(typed)
    if found is None:
        raise _Unreadable("percent")
    value = float(f"{found[1]}.{found[2] or 0}")
    if value > 100:
        raise _Unreadable("percent_most")
    return value


def _number(field: Field, typed: str) -> int:
    if not _NUMBER.fullmatch(typed):
        raise _Unreadable("number")
    if int(typed) > field.most:
        raise _Unreadable("number_smaller")
    return int(typed)
