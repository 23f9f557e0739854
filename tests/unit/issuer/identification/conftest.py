"""The town of the identification flows, for each test its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from portadoc.keys.key_ring import KeyRing
from tests.flows.identifying import Town, identifying_keys, identifying_town

TownMaker = Callable[..., Town]


@pytest.fixture(scope="session")
def town_keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """Keys of the town, made once."""
    return identifying_keys(tmp_path_factory.mktemp("town"))


@pytest.fixture
def make_town(town_keys: KeyRing) -> Iterator[TownMaker]:
    """Return a maker of towns; keyword arguments change the settings of the issuer."""
    with ExitStack() as opened:

        def make(**changes: Any) -> Town:
            return opened.enter_context(identifying_town(town_keys, **changes))

        yield make


@pytest.fixture
def town(make_town: TownMaker) -> Town:
    return make_town()
