"""A whole installation behind its doors, its example machine, and a machine of another employer."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from portadoc.clock import FixedClock
from portadoc.formats import strict_json
from portadoc.portal.login.proved import Proved
from portadoc.portal.login.settings import MachineSettings
from portadoc.randomness import system_random_bytes
from portadoc.serve.app import create_app
from portadoc.serve.development.people import PEOPLE, STRONG_ACR
from portadoc.serve.house import House, open_house
from portadoc.serve.settings import PortadocSettings
from tests.sparing import copy_installation

NOW: Final = int(datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp())
APPLICATIONS: Final = "/portal/api/fr-demo/applications"
ANSWERS: Final[dict[str, Any]] = {
    "worker_pin": "TEST185041201",
    "situation": "posting",
    "host_state": "DE",
    "period": {"start": "2027-01-04", "end": "2027-06-30"},
    "workplaces": [{"name": "Baustelle Test GmbH", "street": "Probeweg 3", "town": "Hamburg"}],
    "replaces": "none",
    "link": {
        "direct_relationship": True,
        "paid_by": "employer",
        "hired_out_onward": False,
        "only_this_work": True,
    },
    "history": {"earlier_posting": False, "other_certificate": False},
}
_MAY: Final = ("start", "view", "answer", "submit", "withdraw", "report_change", "view_paper")
INTERIM_KEY: Final = ECKey.generate_key("P-256")
LIMITED_KEY: Final = ECKey.generate_key("P-256")


@dataclass
class Doors:
    """The application of an installation, asked as a server would be."""

    house: House
    clock: FixedClock
    app: Any = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.house)

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        return self.ask_together([(method, path, sent)])[0]

    def ask_together(self, asked: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        async def gathered() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app)
            origin = self.house.settings.base_url
            async with httpx.AsyncClient(transport=transport, base_url=origin, timeout=60) as client:
                return await asyncio.gather(
                    *(client.request(method, path, **sent) for method, path, sent in asked)
                )

        return asyncio.run(gathered())

    def cookie(self, sub: str) -> dict[str, str]:
        """Return the headers of an example person's browser."""
        person = PEOPLE[sub]
        groups = tuple(("groups", each) for each in person.claims.get("groups", ()))
        issuer = f"{self.house.settings.base_url}/development-login"
        companies = tuple(person.claims.get("companies", ()))
        proved = Proved(
            "development", issuer, sub, STRONG_ACR, person.name, person.claims.get("pin"), companies, groups
        )
        secret = self.house.portal.login.sessions.open(proved)
        return {"cookie": f"portadoc-portal={secret}", "sec-fetch-site": "same-origin"}


@dataclass
class Machine:
    """A machine with its key."""

    doors: Doors
    client_id: str
    key: ECKey

    def bearer(self) -> dict[str, str]:
        """Return the header of a new access token."""
        base_url = self.doors.house.settings.base_url
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{base_url}/portal/token",
            "jti": system_random_bytes(12).hex(),
            "exp": self.doors.clock.now() + 60,
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode({"alg": "ES256"}, claims, self.key, algorithms=["ES256"]),
        }
        told = self.doors.ask("POST", "/portal/token", data=form)
        assert told.status_code == 200, told.text
        return {"authorization": f"Bearer {told.json()['access_token']}"}

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.doors.ask("GET", path, headers={**self.bearer(), **headers})

    def file(self, key: str = "k-1", **members: Any) -> httpx.Response:
        return self.send({"answers": ANSWERS, **members}, key)

    def send(self, body: Any, key: str = "k-1") -> httpx.Response:
        return self.doors.ask("POST", APPLICATIONS, json=body, headers={**self.bearer(), "idempotency-key": key})

    def withdraw(self, application_id: str) -> httpx.Response:
        return self.doors.ask("POST", f"{APPLICATIONS}/{application_id}/withdrawal", headers=self.bearer())


@pytest.fixture(scope="session")
def made_machines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation in which nothing has happened yet, made once."""
    folder = tmp_path_factory.mktemp("machines-made")
    settings = PortadocSettings(data_dir=folder)
    with open_house(settings, clock=FixedClock(NOW), random_bytes=system_random_bytes, environment={}):
        return folder


@pytest.fixture
def open_doors(tmp_path: Path, made_machines: Path) -> Iterator[Callable[..., Doors]]:
    """Return a maker of one installation; ``login`` are settings about signing in."""
    opened = []

    def make(*, employers: tuple[str, ...] = ("TEST12345",), **login: Any) -> Doors:
        folder = tmp_path / "installation"
        copy_installation(made_machines, folder)
        own = ECKey.import_key(strict_json.loads_object(key_of(folder).read_bytes(), what="key"))
        machines = [
            machine("payroll-test", own, *employers),
            machine("interim-software", INTERIM_KEY, "TEST23456"),
            machine("reader", LIMITED_KEY, "TEST12345", actions=("view",)),
        ]
        settings = PortadocSettings(data_dir=folder, portal={"login": {"machines": machines, **login}})
        clock = FixedClock(NOW)
        house = open_house(settings, clock=clock, random_bytes=system_random_bytes, environment={})
        opened.append(house)
        return Doors(house.__enter__(), clock)

    yield make
    for house in opened:
        house.__exit__(None, None, None)


@pytest.fixture
def doors(open_doors: Callable[..., Doors]) -> Doors:
    """An installation."""
    return open_doors()


@pytest.fixture
def payroll(doors: Doors) -> Machine:
    """Payroll software of Menuiserie Test."""
    return payroll_of(doors)


@pytest.fixture
def interim(doors: Doors) -> Machine:
    """Software of another employer."""
    return Machine(doors, "interim-software", INTERIM_KEY)


@pytest.fixture
def reader(doors: Doors) -> Machine:
    """A machine that may only look."""
    return Machine(doors, "reader", LIMITED_KEY)


def payroll_of(doors: Doors) -> Machine:
    """Return the example machine with the key that lies in the data folder."""
    held = strict_json.loads_object(key_of(doors.house.settings.data_dir).read_bytes(), what="key")
    return Machine(doors, "payroll-test", ECKey.import_key(held))


def key_of(folder: Path) -> Path:
    return folder / "machines" / "payroll-test.json"


def machine(client_id: str, key: ECKey, *employers: str, actions: tuple[str, ...] = _MAY) -> MachineSettings:
    today = date(2026, 11, 22)
    mandates = [
        {
            "employer": each,
            "actions": actions,
            "valid_from": today - timedelta(days=1),
            "valid_until": today + timedelta(days=30),
        }
        for each in employers
    ]
    return MachineSettings.model_validate(
        {"client_id": client_id, "jwk": key.as_dict(private=False), "mandates": mandates}
    )
