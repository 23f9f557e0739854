"""An installation with a paired device, and everything that a device, a wallet and an office do with it."""

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from portadoc.clock import FixedClock
from portadoc.formats.jwe import encrypt
from portadoc.inspector.service import Inspector
from portadoc.wallet_sim.transport import TransportResponse
from tests.abuse.town import INSPECTION, Town, open_town
from tests.sparing import copy_installation

NOW: Final = int(datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp())
TODAY: Final = date(2026, 11, 22)
OURS: Final = {"sec-fetch-site": "same-origin"}
PNG: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@dataclass
class Tablet:
    """A device: what it holds, and how it speaks to the service."""

    town: Town
    secret: str
    key: dict[str, Any]
    device: str
    visit: str = field(default_factory=lambda: str(uuid.uuid4()))
    sequence: int = 0

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TransportResponse:
        """Send one request as the app does."""
        sent = {**OURS, "cookie": f"portadoc-device={self.secret}", "content-type": "application/json", **headers}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.town.transport.request(method, f"/inspect/api/{path}", headers=sent, body=raw)

    def entry(self, kind: str, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Return the next entry of the visit."""
        made = {
            "version": 1,
            "visit": self.visit,
            "entry": str(uuid.uuid4()),
            "sequence": self.sequence,
            "kind": kind,
            "at": self.town.now(),
            "body": body,
            **changes,
        }
        self.sequence += 1
        return made

    def sealed(self, entry: Any) -> str:
        """Return the message that waits in the outbox."""
        raw = entry if isinstance(entry, bytes) else json.dumps(entry).encode()
        return encrypt(raw, self.key, enc="A256GCM", apu=None, apv=None)

    def put(self, name: str, message: str, **headers: str) -> TransportResponse:
        """Send a message of the outbox."""
        sent = {"content-type": "application/jose", **headers}
        return self.call("PUT", f"entries/{name}", message.encode(), **sent)

    def write(self, kind: str, body: dict[str, Any], **changes: Any) -> TransportResponse:
        """Write one entry and send it."""
        entry = self.entry(kind, body, **changes)
        return self.put(entry["entry"], self.sealed(entry))

    def open_visit(self, site: str = "Baustelle Nord (Testdaten)", **more: Any) -> TransportResponse:
        """Open a visit."""
        return self.write("visit_opened", {"site": {"name": site, "town": "Hamburg", "country": "DE", **more}})

    def scan(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a scan of a paper without a code."""
        return {
            "scan": str(uuid.uuid4()),
            "text": "",
            "verdict": "not_judged",
            "colour": "amber",
            "onDate": TODAY.isoformat(),
            "facts": {},
            "purpose": "inspection",
            **changes,
        }


@pytest.fixture
def clock() -> FixedClock:
    """A clock that the test moves."""
    return FixedClock(NOW)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation in which nothing has happened yet: it takes long to make."""
    folder = tmp_path_factory.mktemp("made-for-inspectors")
    with open_town(folder, clock=FixedClock(NOW)):
        return folder


@pytest.fixture
def town(tmp_path: Path, made: Path, clock: FixedClock) -> Iterator[Town]:
    """An installation of its own."""
    copy_installation(made, tmp_path / "installation")
    with open_town(tmp_path / "installation", clock=clock) as opened:
        yield opened


@pytest.fixture
def inspector(town: Town) -> Inspector:
    """The inspector role of the installation."""
    return town.house.inspector


@pytest.fixture
def pair(town: Town) -> Callable[..., Tablet]:
    """Return a maker of paired devices."""

    def make(slug: str = INSPECTION, name: str = "Tablet") -> Tablet:
        code = town.house.inspector.devices.pairing_code(slug, name).code
        headers = {**OURS, "content-type": "application/json"}
        body = json.dumps({"code": code, "name": name}).encode()
        answer = town.transport.request("POST", "/inspect/api/devices", headers=headers, body=body)
        assert answer.status == 201, answer.text
        cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
        told = answer.json()
        return Tablet(town, cookie, told["encryptionKey"], told["device"])

    return make


@pytest.fixture
def tablet(pair: Callable[..., Tablet]) -> Tablet:
    """A paired device."""
    return pair()


@pytest.fixture
def png() -> bytes:
    """A picture of one pixel."""
    return PNG
