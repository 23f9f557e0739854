"""Reading one JSON object into one frozen type: a table of members, every unknown one refused.

Each reader takes the value and its JSON pointer and raises Malformed[facts_invalid] with that pointer; it never
tells the value. A member that is left out is read as null.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from portadoc.errors import Malformed

Reader = Callable[[Any, str], Any]
T = TypeVar("T")

_STATE: Final = re.compile(r"[A-Z]{2}")
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EESSI: Final = {"EL": "GR", "GB": "UK"}
_MAX_TEXT: Final = 500
_MAX_ITEMS: Final = 200
_DAYS: dict[str, date] = {}
_MAX_DAYS: Final = 20_000


def invalid(pointer: str, expected: str) -> Malformed:
    """Make the error of one member."""
    return Malformed("facts_invalid", member=pointer or "/", expected=expected)


def day(value: Any, pointer: str) -> date | None:
    """Read an ISO 8601 calendar day."""
    if value is None:
        return None
    known = _DAYS.get(value) if type(value) is str else None
    return known if known is not None else _new_day(value, pointer)


def _new_day(value: Any, pointer: str) -> date:
    if type(value) is not str or not _ISO_DAY.fullmatch(value):
        raise invalid(pointer, "date")
    try:
        found = date.fromisoformat(value)
    except ValueError as exc:
        raise invalid(pointer, "date") from exc
    if not 1950 <= found.year <= 2150:
        raise invalid(pointer, "date")
    if len(_DAYS) < _MAX_DAYS:
        _DAYS[value] = found
    return found


def flag(value: Any, pointer: str) -> bool | None:
    if value is None or value is True or value is False:
        return value
    raise invalid(pointer, "true_or_false")


def text(value: Any, pointer: str) -> str | None:
    if value is None or (type(value) is str and len(value) <= _MAX_TEXT):
        return value
    raise invalid(pointer, "text")


def state(value: Any, pointer: str) -> str | None:
    """Read the code of a State; EESSI's ``EL`` and the ISO code ``GB`` become ``GR`` and ``UK``."""
    if value is None:
        return None
    if type(value) is not str or not _STATE.fullmatch(value):
        raise invalid(pointer, "state")
    return _EESSI.get(value, value)


def percent(value: Any, pointer: str) -> float | None:
    return _number(value, pointer, 100.0, "percent")


def amount(value: Any, pointer: str) -> float | None:
    return _number(value, pointer, 100_000.0, "number")


def _number(value: Any, pointer: str, limit: float, expected: str) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value <= limit:
        raise invalid(pointer, expected)
    return float(value)


def count(value: Any, pointer: str) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= 100_000):
        return value
    raise invalid(pointer, "number")


def one_of(kinds: type[StrEnum]) -> Reader:
    """Make a reader of a closed vocabulary."""
    members: dict[Any, StrEnum] = {member.value: member for member in kinds}

    def read(value: Any, pointer: str) -> StrEnum | None:
        if value is None:
            return None
        found = members.get(value) if type(value) is str else None
        if found is None:
            raise invalid(pointer, f"one of {', '.join(members)}")
        return found

    return read


def required(reader: Reader) -> Reader:
    """Refuse null as well."""

    def read(value: Any, pointer: str) -> Any:
        if value is None:
            raise invalid(pointer, "required")
        return reader(value, pointer)

    return read


def list_of(reader: Reader) -> Reader:
    """Make a reader of a list; null is the empty list."""

    def read(value: Any, pointer: str) -> tuple[Any, ...]:
        if not value and (value is None or type(value) is list):
            return ()
        if type(value) is not list or len(value) > _MAX_ITEMS:
            raise invalid(pointer, "list")
        return tuple([reader(item, f"{pointer}/{place}") for place, item in enumerate(value)])

    return read


def object_of(kind: Callable[..., T], members: Mapping[str, Reader], *, rest: str | None = None) -> Reader:
    """Make a reader of an object, or of null. ``rest`` names the field that takes the members not in the table."""
    table = tuple((name, f"/{name}", reader) for name, reader in members.items())
    names = frozenset(members)

    def read(value: Any, pointer: str) -> T | None:
        if value is None:
            return None
        if type(value) is not dict:
            raise invalid(pointer, "object")
        get = value.get
        values = [reader(get(name), pointer + place) for name, place, reader in table]
        if rest is None:
            if not names.issuperset(value):
                raise invalid(f"{pointer}/{_unknown(value, names)}", "known_member")
            return kind(*values)
        return kind(*values, _plain_rest(value, names, pointer))

    return read


def _unknown(value: Mapping[str, Any], names: frozenset[str]) -> str:
    found = next(name for name in value if name not in names)
    return found[:40] if found.isidentifier() else "?"


def _plain_rest(value: Mapping[str, Any], names: frozenset[str], pointer: str) -> dict[str, Any]:
    rest = {name: item for name, item in value.items() if name not in names}
    if len(rest) > _MAX_ITEMS or not all(
        item is None or type(item) in (str, int, float, bool) for item in rest.values()
    ):
        raise invalid(pointer, "known_member")
    return rest
