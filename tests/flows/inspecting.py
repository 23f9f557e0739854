"""A control service at work: a house behind a real server, papers of its issuers, a device with the app's code."""

import base64
import http.client
import json
import os
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from portadoc.clock import SystemClock
from portadoc.inspector.visits.visit import Scan
from portadoc.issuer import Sealed
from portadoc.randomness import system_random_bytes
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import UnsafeLoopbackTransport
from portadoc.wallet_sim.wallet import Wallet
from tests.inspector_core.conftest import Core

OPERATOR: Final = "de-inspection"
HOME: Final = {"pda1": "fr-demo", "ehic": "fr-health", "prc": "fr-health"}
EXAMPLES: Final = {
    "pda1": "posted-worker-fr-de",
    "ehic": "insured-traveller",
    "prc": "replacement-certificate",
}
SITE: Final = {"name": "Baustelle Nord (TEST DATA)", "address": "Probekai 21", "town": "Hamburg", "country": "DE"}
OURS: Final = {"sec-fetch-site": "same-origin"}


@dataclass(frozen=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Control:
    """A house behind a server on this machine, whose pack is made anew whenever it is asked for."""

    house: House
    transport: UnsafeLoopbackTransport

    @property
    def origin(self) -> str:
        """Where it is served."""
        return self.house.settings.base_url

    def today(self) -> date:
        """Return the day that its clock shows."""
        return datetime.fromtimestamp(self.house.clock.now(), UTC).date()

    def record(self, kind: str, **changes: Any) -> str:
        """Return the id of a new record of a kind, in force from today."""
        found = example(EXAMPLES[kind], self.today())
        if isinstance(found, Pda1):
            period = replace(found.legislation, start=self.today())
            number = changes.get("number", found.document.number)
            found = replace(found, legislation=period, document=replace(found.document, number=number))
        assert isinstance(found, Pda1 | Ehic | Prc)
        return self.house.issuer.upload(HOME[kind], found)

    def sealed(self, kind: str, **changes: Any) -> tuple[str, Sealed]:
        """Return a new record and its seal."""
        record = self.record(kind, **changes)
        return record, self.house.issuer.seal(HOME[kind], record, pin="none")

    def pack(self) -> Any:
        """Return a pack that was made now, with every list as it is published now."""
        self.house.issuer.publish_status_lists()
        self.house.verifier.refresh_status_lists(everything=True)
        self.house.verifier.refresh_seal_certificates(everything=True)
        before = self.house.verifier.trust_pack(OPERATOR).sequence
        while (made := self.house.verifier.trust_pack(OPERATOR)).sequence == before:
            time.sleep(0.02)
        return made

    def wallet(self) -> Wallet:
        """Return an empty wallet that speaks to this house."""
        house = self.house
        return Wallet(
            MemoryStore(),
            transport=self.transport,
            trust=house.trust,
            clock=house.clock,
            random_bytes=house.random_bytes,
            profile=house.wallet.means.profile,
        )

    def held(self, configuration: str = "pda1-webuild") -> tuple[str, Wallet, Any]:
        """Return a record, and a wallet that accepted a credential of it."""
        record, wallet = self.record("pda1"), self.wallet()
        offer = self.house.issuer.offer(HOME["pda1"], record, [configuration], tx_code=False, by_reference=False)
        (credential,) = wallet.accept(offer.offer_uri)
        return record, wallet, credential

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send one request over the wire, as a browser does from a page of ours."""
        connection = http.client.HTTPConnection(self.origin.removeprefix("http://"), timeout=30)
        sent = {each.replace("_", "-"): value for each, value in {**OURS, **headers}.items()}
        try:
            connection.request(method, path.removeprefix(self.origin), body=body, headers=sent)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())
        finally:
            connection.close()

    def page(self, path: str, **headers: str) -> Answer:
        """Open a page."""
        return self.request("GET", path, accept="text/html", **headers)


@dataclass
class Device:
    """A paired device: the app's own code judges, writes down and encrypts; its bytes go over the wire."""

    control: Control
    core: Core
    secret: str
    key: dict[str, Any]
    configuration: dict[str, Any]
    visit: str = field(default_factory=lambda: str(uuid.uuid4()))
    sequence: int = 0

    @property
    def cookie(self) -> str:
        """What the browser sends along."""
        return f"portadoc-device={self.secret}"

    def call(self, path: str, body: Any) -> Answer:
        """Ask the interface of the app."""
        return self.control.request(
            "POST",
            f"/inspect/api/{path}",
            json.dumps(body).encode(),
            content_type="application/json",
            cookie=self.cookie,
        )

    def synchronise(self) -> bytes:
        """Fetch the trust pack from where the configuration says it is."""
        answer = self.control.request("GET", self.configuration["pack"])
        assert answer.status == 200, answer.text
        return answer.body

    def scan(self, text: str, pack: bytes, *, state: str = "", **terms: Any) -> dict[str, Any]:
        """Return what the app writes down of a scan that it judged by a pack; ``at`` is in ``body``'s company."""
        question = {
            "purpose": terms.pop("purpose", "inspection"),
            "onDate": self.control.today().isoformat(),
            "state": state,
            "employer": "",
        }
        found = self.core.ask(
            "app_scan",
            pack=pack,
            pins=self.configuration["anchors"],
            operator=self.configuration["operator"],
            now=terms.pop("now", self.control.house.clock.now()),
            text=text,
            question=question,
            visit=self.visit,
            **terms,
        )
        assert not found.code, found
        value: dict[str, Any] = found.value
        return value

    def write(self, kind: str, body: dict[str, Any], *, at: int | None = None) -> Answer:
        """Write an entry into the visit and send it."""
        entry = {
            "version": 1,
            "visit": self.visit,
            "entry": str(uuid.uuid4()),
            "sequence": self.sequence,
            "kind": kind,
            "at": self.control.house.clock.now() if at is None else at,
            "body": body,
        }
        self.sequence += 1
        message = self.core.ask("app_seals_entry", key=self.key, entry=entry).value
        answer = self.control.request(
            "PUT",
            f"/inspect/api/entries/{entry['entry']}",
            message.encode(),
            content_type="application/jose",
            cookie=self.cookie,
        )
        assert answer.status in (200, 201), answer.text
        return answer

    def open_visit(self, **changes: str) -> None:
        """Open a new visit to the site."""
        self.visit, self.sequence = str(uuid.uuid4()), 0
        self.write("visit_opened", {"site": {**SITE, **changes}, "purpose": "inspection"})

    def received(self) -> tuple[Scan, ...]:
        """Return the scans of this visit as the service has them."""
        return self.control.house.inspector.visits.opened(OPERATOR, self.visit).visit.scans


@contextmanager
def control_service(folder: Path, **changes: Any) -> Iterator[Control]:
    """Serve a house without a setting of the operator's but short times."""
    with listen("127.0.0.1", 0) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = PortadocSettings(
            base_url=origin,
            data_dir=folder,
            verifier={"trust_pack": {"renew_s": 1}, "status": {"min_ttl_s": 1}},
            issuer={"status_ttl_s": 10},
            **changes,
        )
        environment = dict(os.environ)
        with (
            open_house(
                settings, clock=SystemClock(), random_bytes=system_random_bytes, environment=environment
            ) as house,
            serving(house, listener),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", UserWarning)
            yield Control(house, UnsafeLoopbackTransport(frozenset({origin})))


def paired(control: Control, core: Core) -> Device:
    """Pair a new device by a code, over the wire."""
    code = control.house.inspector.devices.pairing_code(OPERATOR, "Tablet 7").code
    body = json.dumps({"code": code, "name": "Tablet 7"}).encode()
    answer = control.request("POST", "/inspect/api/devices", body, content_type="application/json")
    assert answer.status == 201, answer.text
    secret = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    shown = control.request("GET", "/inspect/api/configuration")
    return Device(control, core, secret, answer.json()["encryptionKey"], shown.json())


def altered(text: str, at: int = 60) -> str:
    """Return a text with one other sign."""
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def decoded(part: str) -> bytes:
    """Return the bytes of a part of a JWS."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


_WITHOUT = """
import sys
missing, sys.argv = sys.argv[1].split(","), ["portadoc", *sys.argv[2:]]
class Blind:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in missing else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Blind(each) for each in sys.meta_path]
from portadoc.cli import main
main()
"""


def without(packages: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command where some packages are not installed."""
    command = [sys.executable, "-W", "ignore", "-c", _WITHOUT, packages, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
