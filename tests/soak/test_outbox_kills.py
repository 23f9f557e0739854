"""P1: a device whose service is killed over and over delivers every entry, and each is there once.

The device does what the app does: an entry waits until it is acknowledged with the digest of its very message, and
comes again until then. SIGKILL falls in the middle of deliveries. The oracle reads the files that are left: every
acknowledged entry, none twice, each told to the institution's systems once, nothing that no device wrote.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select

from portadoc.errors import Error
from portadoc.inspector.service import Inspector
from portadoc.inspector.store.tables import ENTRIES
from portadoc.schemas.events import EventKind
from portadoc.storage import outbox
from tests.soak.client import below
from tests.soak.device import Device, Packed, office_of, pairing_code
from tests.soak.server import LINUX_ONLY, Server

pytestmark = LINUX_ONLY
KILLS: Final = int(os.environ.get("SOAK_OUTBOX_KILLS", "200"))
DEVICES: Final = 3
VISIT_ENTRIES: Final = 400
"""A new visit is begun after so many."""


@dataclass
class Outbox:
    """One device at work, in a thread of its own."""

    device: Device
    sent: list[Packed] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)
    """The answer that let the device forget each entry: 201, or 200 where an answer was lost before."""
    deliveries: int = 0
    unanswered: int = 0

    def work(self, over: threading.Event, problems: list[Exception]) -> None:
        """Write entries and deliver them until it is over; the last one is delivered still."""
        while not over.is_set() and not problems:
            if self.device.sequence >= VISIT_ENTRIES:
                self.device.begin_visit()
            packed = self.device.pack()
            self.sent.append(packed)
            try:
                self.deliver(packed)
            except Exception as exc:  # noqa: BLE001  whatever it is, the test has to hear of it
                problems.append(exc)

    def deliver(self, packed: Packed) -> None:
        """Deliver an entry until it is acknowledged."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            self.deliveries += 1
            try:
                self.acknowledged[packed.entry] = self.device.deliver(packed)
            except Error:  # no answer, or asked to come again
                self.unanswered += 1
                time.sleep(0.02)
            else:
                return
        raise AssertionError("an entry was not taken for a minute")


def test_a_few_kills_lose_and_double_no_entry(tmp_path: Path) -> None:
    campaign(tmp_path, workers=1, kills=2)


@pytest.mark.soak
@pytest.mark.parametrize("workers", [1, 2], ids=["uvicorn", "granian-2"])
def test_many_kills_lose_and_double_no_entry(tmp_path: Path, workers: int) -> None:
    print(f"\n{workers} worker(s), {KILLS} kills: {campaign(tmp_path, workers=workers, kills=KILLS)}")


def campaign(directory: Path, *, workers: int, kills: int) -> dict[str, int]:
    """Kill a server ``kills`` times while devices deliver; audit what is left; return the figures."""
    server, problems = Server(directory, workers=workers), list[Exception]()
    began = time.monotonic()
    server.start()
    try:
        with office_of(server) as inspector:
            codes = [pairing_code(inspector) for _ in range(DEVICES)]
        boxes = [Outbox(Device.paired(server.origin, code)) for code in codes]
        with at_work(boxes, problems):
            kill_now_and_then(server, kills, problems)
    finally:
        server.kill()
    assert problems == []
    with office_of(server) as inspector:
        figures = audited(inspector, boxes)
    return {"kills": kills, **figures, "seconds": round(time.monotonic() - began)}


@contextmanager
def at_work(boxes: list[Outbox], problems: list[Exception]) -> Iterator[None]:
    """Keep devices at work for as long as the block runs, and until what they have written is delivered."""
    over = threading.Event()
    threads = [threading.Thread(target=box.work, args=(over, problems)) for box in boxes]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def kill_now_and_then(server: Server, kills: int, problems: list[Exception]) -> None:
    """Of several workers, every other time one alone is killed; the others go on and it is replaced."""
    for kill in range(kills):
        time.sleep(0.05 + below(400) / 1000)
        if server.workers > 1 and kill % 2:
            server.kill_one_worker()
        else:
            server.kill()
            server.start()
        assert problems == []
    time.sleep(0.3)


def audited(inspector: Inspector, boxes: list[Outbox]) -> dict[str, int]:
    """Compare what is stored and told with what the devices wrote; return the figures."""
    sent = {packed.entry for box in boxes for packed in box.sent}
    acknowledged = Counter(code for box in boxes for code in box.acknowledged.values())
    with inspector.deployment.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        stored = list(connection.scalars(select(ENTRIES.c.entry_id)))
    assert len(stored) == len(set(stored)), "an entry is there twice"
    assert set(stored) == sent == {entry for box in boxes for entry in box.acknowledged}, "an entry is lost"
    told = told_of(inspector)
    assert Counter(told) == Counter(stored), "an entry was told to nobody, or twice"
    return {
        "entries": len(stored),
        "acknowledged at once": acknowledged[201],
        "acknowledged when they came again": acknowledged[200],
        "deliveries": sum(box.deliveries for box in boxes),
        "deliveries without an answer": sum(box.unanswered for box in boxes),
    }


def told_of(inspector: Inspector) -> list[str]:
    """Return the entries of which the institution's systems were told."""
    found: list[str] = []
    with inspector.deployment.database.read() as connection:
        cursor = None
        while page := outbox.read_after(connection, institution=None, cursor=cursor):
            found += [each.event.subject_id for each in page if each.event.kind is EventKind.ENTRY_RECEIVED]
            cursor = page[-1].event_id
    return found
