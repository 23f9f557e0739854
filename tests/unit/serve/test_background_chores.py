"""Housekeeping: at once when the server starts, for each institution by itself, and never silently at an end."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portadoc.clock import FixedClock
from portadoc.errors import Unavailable
from portadoc.serve.house import House
from portadoc.serve.run import housekeeping

NOW = 1_795_300_000


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, ten seconds at most."""
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to hold")


def list_of(house: House, institution: str) -> str:
    """Make the first status list of an institution and return its id."""
    house.issuer.status_lists.require_room(institution, copies=1)
    with house.database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT list_id FROM issuer_status_lists WHERE institution = ?", (institution,)
        )
        return str(found.scalar_one())


def test_lists_that_ran_out_while_nobody_served_are_renewed_at_once(open_a_house: Any) -> None:
    clock = FixedClock(NOW)
    house = open_a_house(clock=clock)
    list_id = list_of(house, "fr-demo")
    clock.advance(3 * 86_400)
    with housekeeping(house, every_s=3600):
        until(lambda: served(house, list_id))


def test_an_institution_whose_key_cannot_be_opened_is_named_and_keeps_nobody_back(
    open_a_house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FixedClock(NOW)
    house = open_a_house(clock=clock)
    list_id = list_of(house, "fr-health")
    list_of(house, "fr-demo")
    house = open_a_house(clock=clock)  # a later start, with nothing opened yet
    key = next(key for key in house.key_ring.keys if (key.institution, key.purpose) == ("fr-demo", "status"))
    (Path(house.key_ring.directory) / key.uri.removeprefix("file:")).unlink()
    clock.advance(3 * 86_400)
    with housekeeping(house, every_s=0.01):
        until(lambda: served(house, list_id))
        until(lambda: caplog.text.count("status lists of fr-demo") > 2)
    assert "key_file_missing" in caplog.text


def served(house: House, list_id: str) -> bool:
    try:
        return house.issuer.status_lists.published(list_id).seconds_left > 0
    except Unavailable:
        return False
