"""Example records. TEST DATA: fictional persons, employers, numbers and institutions."""

import json
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Final

from portadoc.errors import Refused
from portadoc.schemas.claims import Json
from portadoc.schemas.records import Record, record_from_json

EXAMPLES: Final = (
    "posted-worker-fr-de",
    "insured-traveller",
    "replacement-certificate",
    "pid-posted-worker",
    "pid-insured-traveller",
    "bilateral-fr-jp",
    "maintenance-fr-ke",
    "application-fr-de",
)

_WRITTEN_FOR: Final = date(2026, 11, 22)
_MOVING_DATES: Final = frozenset(
    {
        "start",
        "end",
        "date_of_issuance",
        "date_of_expiry",
        "valid_from",
        "valid_to",
        "issued_on",
        "card_expiry",
        "filed_on",
    }
)


@cache
def example(name: str, on: date = _WRITTEN_FOR) -> Record:
    """Return the example record of this name, its periods moved so that they fit the day ``on``.

    Raises Refused[example_unknown].
    """
    if name not in EXAMPLES:
        raise Refused("example_unknown", known=", ".join(EXAMPLES))
    file = resources.files("portadoc.schemas.examples") / f"{name}.json"
    record = json.loads(file.read_text(encoding="utf-8"))["record"]
    return record_from_json(_moved(record, on - _WRITTEN_FOR))


def _moved(tree: Json, distance: timedelta) -> Json:
    if not isinstance(tree, dict):
        return tree
    return {
        name: (date.fromisoformat(value) + distance).isoformat()
        if name in _MOVING_DATES and value is not None
        else _moved(value, distance)
        for name, value in tree.items()
    }
