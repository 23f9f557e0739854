"""P10: one entry delivered fifty times at once is kept once; one pairing code used fifty times at once pairs once.

Two worker processes over one database; whoever loses is told so in the words of the one code.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pytest
from sqlalchemy import func, select

from portadoc.inspector.service import Inspector
from portadoc.inspector.store.tables import DEVICES, ENTRIES
from tests.soak.device import (
    PAIRING,
    TRIES_WITHOUT_END,
    Device,
    Packed,
    office_of,
    own,
    pairing_body,
    pairing_code,
)
from tests.soak.server import LINUX_ONLY, Server, processor_seconds, running
from tests.soak.volley import Answer, request, volley

pytestmark = LINUX_ONLY
AT_ONCE: Final = 50
ROUNDS: Final = int(os.environ.get("SOAK_DEVICE_ROUNDS", "50"))


@dataclass
class Arena:
    """Two processes over one database, a paired device, and the office beside them."""

    server: Server
    inspector: Inspector
    device: Device

    def delivers(self, packed: list[Packed]) -> list[Answer]:
        """Deliver all messages at once."""
        port, headers = self.server.port, self.device.headers
        return volley(port, [request(port, each.path, each.message.encode(), headers, "PUT") for each in packed])

    def count(self, table: object) -> int:
        """Return the rows of a table."""
        with self.inspector.deployment.database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    server = Server(tmp_path_factory.mktemp("devices"), workers=2)
    server.settings_file.write_text(TRIES_WITHOUT_END)
    with running(server), office_of(server) as inspector:
        yield Arena(server, inspector, Device.paired(server.origin, pairing_code(inspector)))


def one_message(arena: Arena) -> None:
    """One message of the outbox, sent again before the first answer came."""
    packed, before = arena.device.pack(), arena.count(ENTRIES)
    answers = arena.delivers([packed] * AT_ONCE)
    assert Counter(answer.status for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert {tuple(answer.body.items()) for answer in answers} == {
        (("entry", packed.entry), ("digest", packed.digest))
    }
    assert arena.count(ENTRIES) == before + 1


def one_name_for_different_entries(arena: Arena) -> None:
    """Fifty contents under one name: the first is kept, and the others are told that they differ."""
    entry = {"version": 1, "visit": arena.device.visit, "entry": arena.device.pack().entry, "kind": "note"}
    made = [{**entry, "sequence": 0, "at": 1, "body": {"text": f"Test {number}"}} for number in range(AT_ONCE)]
    before = arena.count(ENTRIES)
    answers = arena.delivers([arena.device.sealed(each) for each in made])
    assert Counter(answer.status for answer in answers) == {201: 1, 409: AT_ONCE - 1}
    assert {answer.code for answer in answers if answer.status == 409} == {"entry_differs"}
    assert arena.count(ENTRIES) == before + 1


def one_pairing_code(arena: Arena) -> None:
    """One code, typed into fifty devices."""
    port, before = arena.server.port, arena.count(DEVICES)
    body = pairing_body(pairing_code(arena.inspector))
    answers = volley(port, [request(port, PAIRING, body, own(arena.server.origin))] * AT_ONCE)
    refused = [answer for answer in answers if answer.status != 201]
    assert len(refused) == AT_ONCE - 1
    assert {answer.code for answer in refused} == {"pairing_code_invalid"}
    assert arena.count(DEVICES) == before + 1


RACES: Final = (one_message, one_name_for_different_entries, one_pairing_code)


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_of_fifty_at_once_one_counts(arena: Arena, race: Callable[[Arena], None]) -> None:
    race(arena)


@pytest.mark.soak
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_of_fifty_at_once_one_counts_however_often(arena: Arena, race: Callable[[Arena], None]) -> None:
    before = {pid: processor_seconds(pid) for pid in arena.server.worker_pids()}
    for _ in range(ROUNDS):
        race(arena)
    spent = [round(processor_seconds(pid) - start, 1) for pid, start in before.items()]
    print(f"\n{race.__name__}: {ROUNDS} rounds of {AT_ONCE}; processor seconds of the workers {spent}")
    assert len(spent) == 2
    assert min(spent) > 0.1 * max(spent), "one worker had all the work"
