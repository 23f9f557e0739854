"""P1, P2: a server that is killed in the middle of its work, over and over, forgets nothing that it answered.

Clients issue and withdraw over real HTTP all the while; one publishes status lists, one reads them. The oracle:
every credential that a client holds has a recorded intent with its very index and payload; no index is used twice;
every acknowledged withdrawal is recorded, and set in every list that was published after it.

SIGKILL ends processes, not the machine: what the operating system has taken is kept. Losing power is another test.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from portadoc.clock import SystemClock
from portadoc.errors import Error
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import open_house
from portadoc.serve.settings import PortadocSettings
from tests.soak.client import Client, below
from tests.soak.ledger import Ledger
from tests.soak.server import LINUX_ONLY, Server

pytestmark = LINUX_ONLY
KILLS: Final = int(os.environ.get("SOAK_KILLS", "100"))
CLIENTS: Final = 3
LIST_SIZE: Final = 1024
"""Small, so that a campaign fills several lists."""


@pytest.mark.parametrize("workers", [1, 2], ids=["uvicorn", "granian-2"])
def test_a_few_kills_lose_nothing(tmp_path: Path, workers: int) -> None:
    campaign(tmp_path, workers=workers, kills=2)


@pytest.mark.soak
@pytest.mark.parametrize("workers", [1, 2], ids=["uvicorn", "granian-2"])
def test_many_kills_lose_nothing(tmp_path: Path, workers: int) -> None:
    figures = campaign(tmp_path, workers=workers, kills=KILLS)
    print(f"\n{workers} worker(s), {KILLS} kills: {figures}")


def campaign(directory: Path, *, workers: int, kills: int) -> dict[str, int]:
    """Kill a server ``kills`` times while clients are at work; audit what is left; return the figures.

    Of several workers, every other time one alone is killed; the others go on and it is replaced.
    """
    server, ledger = Server(directory, workers=workers), Ledger()
    server.settings_file.write_text(f"[issuer]\nstatus_list_size = {LIST_SIZE}\n")
    began = time.monotonic()
    server.start()
    try:
        with at_work(server.origin, ledger) as problems:
            for kill in range(kills):
                time.sleep(0.1 + below(700) / 1000)
                if workers > 1 and kill % 2:
                    server.kill_one_worker()
                else:
                    server.kill()
                    server.start()
                assert problems == []
            time.sleep(0.5)
        assert problems == []
        require_everything_published(Client.of(server.origin), ledger)
    finally:
        server.kill()
    figures = audited(server, ledger)
    return {"kills": kills, **figures, "seconds": round(time.monotonic() - began)}


def require_everything_published(client: Client, ledger: Ledger) -> None:
    """After the last publication every acknowledged withdrawal is there for everyone to see."""
    acknowledged = ledger.acknowledged()
    client.publish()
    ledger.published(acknowledged)
    for list_id in ledger.list_ids():
        _, entries = client.published(list_id)
        assert ledger.missing_from(list_id, entries, asked_at=time.monotonic()) == set()


def audited(server: Server, ledger: Ledger) -> dict[str, int]:
    """Open what the server left behind and compare."""
    settings = PortadocSettings(base_url=server.origin, data_dir=server.directory)
    with open_house(settings, clock=SystemClock(), random_bytes=system_random_bytes, environment={}) as house:
        with house.database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        return ledger.audit(house.issuer)


@contextmanager
def at_work(origin: str, ledger: Ledger) -> Iterator[list[Exception]]:
    """Keep clients at work for as long as the block runs; yield what went wrong with any of them."""
    over, problems = threading.Event(), list[Exception]()

    def repeat(act: Callable[[], None]) -> None:
        while not over.is_set() and not problems:
            try:
                act()
            except Error:  # no answer, or asked to come again
                ledger.interruption()
                over.wait(0.02)
            except Exception as exc:  # noqa: BLE001  whatever it is, the test has to hear of it
                problems.append(exc)

    acts: list[Callable[[], None]] = [
        *(partial(issue_and_perhaps_withdraw, Client.of(origin), ledger) for _ in range(CLIENTS)),
        partial(publish, Client.of(origin), ledger),
        Reader(Client.of(origin), ledger).read,
    ]
    threads = [threading.Thread(target=repeat, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield problems
    finally:
        over.set()
        for thread in threads:
            thread.join()


def issue_and_perhaps_withdraw(client: Client, ledger: Ledger) -> None:
    """Take a credential of a record of its own; withdraw every third."""
    record_id = client.upload()
    received = client.issue(record_id)
    ledger.issued(received)
    if below(3) == 0 and client.withdraw(record_id) == 1:
        ledger.withdrew((received.list_id, received.idx))


def publish(client: Client, ledger: Ledger) -> None:
    """Publish, and note which withdrawals every list has to show from now on."""
    acknowledged = ledger.acknowledged()
    client.publish()
    ledger.published(acknowledged)
    time.sleep(0.05)


class Reader:
    """Reads lists and compares each with what was seen before: nothing comes back, and no list grows younger."""

    def __init__(self, client: Client, ledger: Ledger) -> None:
        self._client, self._ledger = client, ledger
        self._seen: dict[str, tuple[int, frozenset[int]]] = {}

    def read(self) -> None:
        """Read every list once."""
        for list_id in self._ledger.list_ids():
            asked_at = time.monotonic()
            signed_at, entries = self._client.published(list_id)
            before_at, before = self._seen.get(list_id, (0, frozenset()))
            assert before <= entries, f"withdrawals were undone: {before - entries}"
            assert before_at <= signed_at, "an older list came after a newer one"
            assert self._ledger.missing_from(list_id, entries, asked_at=asked_at) == set()
            self._seen[list_id] = (signed_at, entries)
        time.sleep(0.02)
