"""Management and the tour answer where nobody can stand in between."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from portadoc.clock import FixedClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.app import create_app
from portadoc.serve.house import open_house
from portadoc.serve.settings import PortadocSettings
from portadoc.wallet_sim.transport import AsgiTransport
from tests.unit.serve.conftest import INSTITUTIONS, NOW

HERE = "http://127.0.0.1:8700"
PATHS = [
    ("GET", "/issuer/fr-demo/management/credentials"),
    ("POST", "/issuer/fr-demo/management/records"),
    ("POST", "/verifier/de-inspection/management/requests"),
    ("GET", "/verifier/de-inspection/management/results/x"),
    ("GET", "/tour/a1/offer"),
    ("POST", "/tour/a1/offer"),
]


To = Callable[[str], AsgiTransport]


@pytest.fixture(scope="module")
def to(tmp_path_factory: pytest.TempPathFactory) -> Iterator[To]:
    """Return the way from here to an installation of an origin; what is asked here changes no answer of it."""
    with ExitStack() as stack:

        @cache
        def made(origin: str) -> AsgiTransport:
            folder = tmp_path_factory.mktemp("installation")
            settings = PortadocSettings(data_dir=folder, institutions=INSTITUTIONS, base_url=origin)
            house = open_house(settings, clock=FixedClock(NOW), random_bytes=system_random_bytes, environment={})
            return AsgiTransport(create_app(stack.enter_context(house)), HERE)

        yield made


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("origin", ["https://portadoc.example", "https://127.0.0.1.example", "https://192.0.2.7"])
def test_an_installation_with_a_public_origin_has_a_proxy_before_it_and_no_management(
    to: To, method: str, path: str, origin: str
) -> None:
    """A proxy on this machine can make a request from anywhere look as if it began here."""
    answer = to(origin).request(method, path, headers={"sec-fetch-site": "same-origin"})
    assert answer.status == 403
    assert "origin" in answer.text


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_an_installation_of_this_machine_has_management(to: To, method: str, path: str) -> None:
    assert to(HERE).request(method, path, headers={"sec-fetch-site": "same-origin"}).status != 403
