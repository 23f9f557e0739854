"""Management and the tour answer where nobody can stand in between."""

from typing import Any

import pytest

from portadoc.serve.app import create_app
from portadoc.wallet_sim.transport import AsgiTransport

HERE = "http://127.0.0.1:8700"
PATHS = [
    ("GET", "/issuer/fr-demo/management/credentials"),
    ("POST", "/issuer/fr-demo/management/records"),
    ("POST", "/verifier/de-inspection/management/requests"),
    ("GET", "/verifier/de-inspection/management/results/x"),
    ("GET", "/tour/a1/offer"),
    ("POST", "/tour/a1/offer"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("origin", ["https://portadoc.example", "https://127.0.0.1.example", "https://192.0.2.7"])
def test_an_installation_with_a_public_origin_has_a_proxy_before_it_and_no_management(
    open_a_house: Any, method: str, path: str, origin: str
) -> None:
    """A proxy on this machine can make a request from anywhere look as if it began here."""
    transport = AsgiTransport(create_app(open_a_house(base_url=origin)), HERE)
    answer = transport.request(method, path, headers={"sec-fetch-site": "same-origin"})
    assert answer.status == 403
    assert "origin" in answer.text


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_an_installation_of_this_machine_has_management(open_a_house: Any, method: str, path: str) -> None:
    transport = AsgiTransport(create_app(open_a_house()), HERE)
    assert transport.request(method, path, headers={"sec-fetch-site": "same-origin"}).status != 403
