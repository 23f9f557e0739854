"""From a record to the content of its seal: numbers for names, days for dates, nothing that need not be there."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal

from portadoc.errors import Refused
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.records import Record, record_to_json
from portadoc.schemas.seals.labels import KIND, KIND_NUMBERS, SEAL_ROWS, SealForm, SealRow

SealContent = Mapping[int, Any]
PinShown = Literal["none", "last4", "full"]
"""How much of the personal number a seal holds: a paper prints it anyhow, and whoever scans would copy it."""

EPOCH: Final = date(1970, 1, 1)
_PERSON_IN: Final = {"pda1": "person", "ehic": "insured", "prc": "insured"}
_ENDING: Final = 4
_SHORTEST_WITH_ENDING: Final = 8
"""Letters and digits that a number needs for an ending of it to give away no more than half."""


def seal_content(record: Record, *, pin: PinShown = "none", max_workplaces: int | None = None) -> SealContent:
    """Return the content of a seal over a record.

    With ``max_workplaces`` the places of work beyond that number are left out and counted; each State that has
    any keeps one, since a State without one would say something else. An ending of a personal number of less than
    eight letters and digits is not shown. Raises Refused[seal_kind_unsealed].
    """
    if record.KIND not in KIND_NUMBERS:
        raise Refused("seal_kind_unsealed", kind=record.KIND)
    fields = record_to_json(record)
    if record.KIND in _PERSON_IN:
        _show_pin(fields[_PERSON_IN[record.KIND]], pin)
    _leave_out_repeated(fields)
    if max_workplaces is not None and record.KIND == "pda1":
        fields["more_workplaces"] = _leave_out_workplaces(fields["countries_of_work"], max_workplaces)
    return {KIND: KIND_NUMBERS[record.KIND], **_written(SEAL_ROWS[record.KIND], fields)}


def _show_pin(person: JsonObject, shown: PinShown) -> None:
    signs = "".join(filter(str.isalnum, person["pin"]))
    if shown == "last4" and len(signs) >= _SHORTEST_WITH_ENDING:
        person["pin_ending"] = signs[-_ENDING:]
    if shown != "full":
        person["pin"] = None


def _leave_out_repeated(fields: JsonObject) -> None:
    """Leave out the authority and the source where they are the institution: readers put them back."""
    institution = fields.get("institution") or fields["issuing_authority"]
    named = {"id": institution["id"], "name": institution["name"]}
    if "institution" in fields and fields["issuing_authority"] == {**named, "country": institution["country"]}:
        fields["issuing_authority"] = {}
    if fields.get("authentic_source") == named:
        fields["authentic_source"] = {}


def _leave_out_workplaces(states: list[Json], limit: int) -> int:
    """Cut the places of work to ``limit``, in order, each State keeping one; return how many were left out."""
    kept = [min(1, len(state["workplaces"])) for state in states]
    left_out = 0
    for at, state in enumerate(states):
        places = state["workplaces"]
        kept[at] += max(0, min(len(places) - kept[at], limit - sum(kept)))
        left_out += len(places) - kept[at]
        state["workplaces"] = places[: kept[at]]
    return left_out


def _written(rows: tuple[SealRow, ...], fields: JsonObject) -> dict[int, Any]:
    found = ((row, _at(fields, row.path)) for row in rows)
    return {row.label: _value(row, value) for row, value in found if value not in (None, False, 0, [])}


def _at(fields: Json, path: tuple[str, ...]) -> Json:
    for name in path:
        fields = fields.get(name)
        if fields is None:
            return None
    return fields


def _value(row: SealRow, value: Json) -> Any:
    if row.form is SealForm.DAYS:
        return (date.fromisoformat(value) - EPOCH).days
    return [_written(row.rows, each) for each in value] if row.form is SealForm.ROWS else value
