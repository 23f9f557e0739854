"""Installations in folders of their own, opened as the server opens them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from portadoc.clock import FixedClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import House, open_house
from portadoc.serve.settings import Institution, PortadocSettings

NOW: Final = int(datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp())
INSTITUTIONS: Final = {
    "fr-demo": Institution(id="FR:TEST01", name="A1 (test)", country="FR", issues=("pda1",)),
    "fr-health": Institution(id="FR:TEST02", name="Health (test)", country="FR", issues=("ehic",)),
    "de-inspection": Institution(id="DE:TEST90", name="Test", country="DE", verifies=("urn:eudi:pda1:1",)),
}
OpenHouse = Callable[..., House]


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., PortadocSettings]:
    """Return a maker of settings; keyword arguments change them."""

    def make(**changes: Any) -> PortadocSettings:
        values = {"data_dir": tmp_path / "installation", "institutions": INSTITUTIONS, **changes}
        return PortadocSettings(**values)

    return make


@pytest.fixture
def open_a_house(make_settings: Callable[..., PortadocSettings]) -> Iterator[OpenHouse]:
    """Return a maker of houses; keyword arguments change the settings, ``clock`` and ``environment`` apart."""
    with ExitStack() as stack:

        def make(
            *, clock: FixedClock | None = None, environment: dict[str, str] | None = None, **changes: Any
        ) -> House:
            return stack.enter_context(
                open_house(
                    make_settings(**changes),
                    clock=clock or FixedClock(NOW),
                    random_bytes=system_random_bytes,
                    environment=environment or {},
                )
            )

        yield make
