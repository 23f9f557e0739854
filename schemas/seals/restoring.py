"""From the content of a seal to names and dates, as it stands.

Input is verified in its signature and unverified in its content: a value of another form stays as it is, and one
under a number that no table has keeps the number as its name; the layout then names both as deviations.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from portadoc.errors import Malformed, Refused
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.seals.content import EPOCH
from portadoc.schemas.seals.labels import KIND, KIND_NUMBERS, SEAL_ROWS, SealForm, SealRow

_KINDS: Final = {number: kind for kind, number in KIND_NUMBERS.items()}
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31."""
_LONGEST_NAME: Final = 64


def seal_kind(content: Json) -> str:
    """Return the kind of document that a content says it is.

    Raises Malformed[claim_missing], [claim_invalid], Refused[seal_kind_unknown].
    """
    if not isinstance(content, dict) or KIND not in content:
        raise Malformed("claim_missing", spec="Seal §4", claim="kind")
    number = content[KIND]
    if type(number) is not int:
        raise Malformed("claim_invalid", spec="Seal §4", claim="kind")
    if number not in _KINDS:
        raise Refused("seal_kind_unknown", spec="Seal §4", kind=number)
    return _KINDS[number]


def named_content(content: Json) -> JsonObject:
    """Return a content by the names of the record, as it stands. Raises as ``seal_kind``."""
    rows = SEAL_ROWS[seal_kind(content)]
    return _named(rows, {label: value for label, value in content.items() if label != KIND})


def _named(rows: tuple[SealRow, ...], members: Mapping[int, Json]) -> JsonObject:
    known = {row.label: row for row in rows}
    fields: JsonObject = {}
    for label, value in members.items():
        if type(label) is int and label in known:
            _put(fields, known[label].path, _read(known[label], value))
        else:
            fields[f"label_{label}"[:_LONGEST_NAME]] = _plain(value)
    return fields


def _put(fields: JsonObject, path: tuple[str, ...], value: Json) -> None:
    for name in path[:-1]:
        fields = fields.setdefault(name, {})
    fields[path[-1]] = value


def _read(row: SealRow, value: Json) -> Json:
    if row.form is SealForm.DAYS:
        return _day(value)
    if row.form is SealForm.ROWS and isinstance(value, list):
        return [_named(row.rows, each) if isinstance(each, dict) else _plain(each) for each in value]
    return _plain(value)


def _day(value: Json) -> Json:
    """Return the date of a number of days; anything else stands in a list, where no reader takes it for a date."""
    if type(value) is int and _FIRST_DAY <= value <= _LAST_DAY:
        return (EPOCH + timedelta(days=value)).isoformat()
    return [_plain(value)]


def _plain(value: Json) -> Json:
    """Return a value with texts for the names of its members, as JSON wants them."""
    if isinstance(value, dict):
        return {str(name)[:_LONGEST_NAME]: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
