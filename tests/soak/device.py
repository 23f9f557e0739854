"""A device of an inspector, as far as a server sees it: paired by a code, it delivers entries of visits."""

import hashlib
import http.client
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from portadoc import base64url
from portadoc.clock import SystemClock
from portadoc.errors import Unavailable
from portadoc.formats.jwe import encrypt
from portadoc.inspector.service import Inspector
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import open_house
from portadoc.serve.settings import PortadocSettings
from portadoc.wallet_sim.transport import Transport
from tests.soak.client import INSPECTION
from tests.soak.server import Server, loopback

PAIRING: Final = "/inspect/api/devices"
TRIES_WITHOUT_END: Final = "[inspector]\ntries_from_one_source = 1000000\ntries_in_all = 1000000\n"
"""Settings for those who race for a pairing code; how wrong codes are slowed down is tested elsewhere."""


@dataclass(frozen=True)
class Packed:
    """An entry as it waits in an outbox: its name, and the message for the service alone."""

    entry: str
    message: str

    @property
    def path(self) -> str:
        """Where it is delivered."""
        return f"/inspect/api/entries/{self.entry}"

    @property
    def digest(self) -> str:
        """What the service has to acknowledge before the device forgets the message."""
        return base64url.encode(hashlib.sha256(self.message.encode()).digest())


@dataclass
class Device:
    """Speaks to one server. ``visit`` is the visit that it is on."""

    origin: str
    transport: Transport
    secret: str
    key: dict[str, Any]
    visit: str = field(default_factory=lambda: str(uuid.uuid4()))
    sequence: int = 0

    @classmethod
    def paired(cls, origin: str, code: str) -> "Device":
        """Pair a new device."""
        connection = http.client.HTTPConnection(
            urlsplit(origin).netloc, timeout=30
        )  # our transport keeps no cookies
        connection.request("POST", PAIRING, pairing_body(code), own(origin))
        with connection.getresponse() as answer:
            told = json.loads(answer.read())
            assert answer.status == 201, told
            secret = (answer.getheader("set-cookie") or "").partition(";")[0].partition("=")[2]
        connection.close()
        return cls(origin, loopback(origin), secret, told["encryptionKey"])

    @property
    def headers(self) -> dict[str, str]:
        """Headers of a delivery."""
        cookie = f"portadoc-device={self.secret}"
        return {**own(self.origin), "content-type": "application/jose", "cookie": cookie}

    def begin_visit(self) -> None:
        """Begin another visit."""
        self.visit, self.sequence = str(uuid.uuid4()), 0

    def pack(self, kind: str = "note", body: dict[str, Any] | None = None) -> Packed:
        """Write the next entry of the visit and encrypt it for the service alone."""
        entry = {
            "version": 1,
            "visit": self.visit,
            "entry": str(uuid.uuid4()),
            "sequence": self.sequence,
            "kind": kind,
            "at": SystemClock().now(),
            "body": {"text": f"Test data, note {self.sequence}"} if body is None else body,
        }
        self.sequence += 1
        return self.sealed(entry)

    def sealed(self, entry: dict[str, Any]) -> Packed:
        """Return an entry, encrypted."""
        raw = json.dumps(entry).encode()
        return Packed(entry["entry"], encrypt(raw, self.key, enc="A256GCM", apu=None, apv=None))

    def deliver(self, packed: Packed) -> int:
        """Send an entry once; return 201 when it was new and 200 when it was known.

        Raises Unavailable when there is no answer or the server says 503.
        """
        answer = self.transport.request(
            "PUT", self.origin + packed.path, headers=self.headers, body=packed.message.encode()
        )
        if answer.status == 503:
            raise Unavailable("peer_unavailable", endpoint="server", status=503)
        assert answer.status in (200, 201), (answer.status, answer.body)
        assert answer.json() == {"entry": packed.entry, "digest": packed.digest}
        return answer.status


def pairing_body(code: str) -> bytes:
    """Return what pairs a device."""
    return json.dumps({"code": code, "name": "Test device"}).encode()


def own(origin: str) -> dict[str, str]:
    """Return what a browser sends with a request of the app's own pages."""
    return {"content-type": "application/json", "sec-fetch-site": "same-origin", "origin": origin}


@contextmanager
def office_of(server: Server) -> Iterator[Inspector]:
    """Yield the inspector role on the files of a server, as its commands open it beside the running server."""
    settings = PortadocSettings(base_url=server.origin, data_dir=server.directory)
    with open_house(settings, clock=SystemClock(), random_bytes=system_random_bytes, environment={}) as house:
        yield house.inspector


def pairing_code(inspector: Inspector) -> str:
    """Return a new pairing code."""
    return inspector.devices.pairing_code(INSPECTION, "Test device").code
