"""A house without a network: the tour's wallet and the pages' visitor both speak to the application in process."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from portadoc.clock import FixedClock
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import profile
from portadoc.serve.app import create_app
from portadoc.serve.house import House, open_house
from portadoc.serve.settings import PortadocSettings
from portadoc.wallet_sim.store import MemoryStore, WalletStore
from portadoc.wallet_sim.transport import AsgiTransport, Transport, TransportResponse
from portadoc.wallet_sim.wallet import Wallet

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
BASE_URL = "http://127.0.0.1:8700"
FROM_OUR_PAGE = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@dataclass
class Visitor:
    """A browser as far as the tour can tell; ``peer`` is the address it connects from."""

    app: FastAPI
    peer: str = "127.0.0.1"
    cookie: str = ""
    set_cookies: list[str] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> TransportResponse:
        return self._send("GET", path, headers, b"")

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> TransportResponse:
        typed = {"content-type": "application/x-www-form-urlencoded", **headers}
        return self._send("POST", path, typed, urlencode(form or {}).encode())

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> TransportResponse:
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**FROM_OUR_PAGE, **({"cookie": self.cookie} if self.cookie else {}), **own}
        sent = {name: value for name, value in sent.items() if value}
        answer = AsgiTransport(self.app, BASE_URL, client_host=self.peer).request(
            method, path, headers=sent, body=body
        )
        if "set-cookie" in answer.headers:
            self.set_cookies.append(answer.headers["set-cookie"])
            morsel = next(iter(SimpleCookie(answer.headers["set-cookie"]).values()))
            self.cookie = f"{morsel.key}={morsel.value}"
        return answer


@dataclass(frozen=True)
class Place:
    """The application and the house behind it."""

    app: FastAPI
    house: House
    clock: FixedClock


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all tests, since making its keys takes time."""
    with open_house(
        PortadocSettings(base_url=BASE_URL, data_dir=tmp_path_factory.mktemp("house")),
        clock=FixedClock(NOW),
        random_bytes=system_random_bytes,
        environment={},
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
def peers(house: House) -> Transport:
    """The way of a wallet to issuer and verifier of the house."""
    return AsgiTransport(create_app(house), BASE_URL)


@pytest.fixture
def place(house: House, peers: Transport) -> Iterator[Place]:
    """The house with an empty wallet, at noon."""
    assert isinstance(house.clock, FixedClock)
    yield place_with(house, MemoryStore(), peers)
    house.clock.advance(NOW - house.clock.now())


def place_with(house: House, store: WalletStore, transport: Transport) -> Place:
    """Return the application whose wallet has this store and this way to speak."""
    assert isinstance(house.clock, FixedClock)
    wallet = Wallet(
        store,
        transport=transport,
        trust=house.trust,
        clock=house.clock,
        random_bytes=system_random_bytes,
        profile=profile("ietf-latest"),
    )
    return Place(create_app(replace(house, wallet=wallet)), house, house.clock)


@pytest.fixture
def visitor(place: Place) -> Visitor:
    return Visitor(place.app)


@pytest.fixture
def with_wallet(house: House) -> Callable[[WalletStore, Transport], Visitor]:
    """Return what makes a visitor of a tour whose wallet is another one."""
    return lambda store, transport: Visitor(place_with(house, store, transport).app)
