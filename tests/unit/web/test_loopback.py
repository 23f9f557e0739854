"""Management answers to this machine only, and to nobody who comes through it."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from starlette.types import ASGIApp

from portadoc.web.app import install_problems
from portadoc.web.loopback import OwnNetwork, loopback_only, require_loopback

Call = Callable[..., Any]
HOST = [("Host", "127.0.0.1:8700")]


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install_problems(app)

    @app.post("/management", dependencies=[Depends(require_loopback)])
    def act() -> int:
        return 1

    return app


@pytest.mark.parametrize("host", ["127.0.0.1:8700", "localhost", "LOCALHOST:8700", "[::1]:8700", "127.0.0.1"])
@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "127.8.9.1", "::ffff:127.0.0.1"])
def test_this_machine_is_served(app: FastAPI, call: Call, host: str, peer: str) -> None:
    assert call(app, "POST", "/management", headers=[("Host", host)], client=(peer, 40000)).status == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8700", "https://127.0.0.1:8700"])
def test_our_own_page_is_served(app: FastAPI, call: Call, origin: str) -> None:
    headers = [*HOST, ("Origin", origin), ("Sec-Fetch-Site", "same-origin")]
    assert call(app, "POST", "/management", headers=headers).status == 200


@pytest.mark.parametrize(
    "peer",
    ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::1", "testclient", "127.0.0.1.example", "", None],
)
def test_another_peer_is_refused(app: FastAPI, call: Call, peer: str | None) -> None:
    client = None if peer is None else (peer, 40000)
    answer = call(app, "POST", "/management", headers=HOST, client=client)
    assert (answer.status, answer.json()["code"]) == (403, "management_loopback_only")
    assert answer.json()["params"] == {"reason": "peer"}


@pytest.mark.parametrize(
    "name",
    [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded",
        "X-FORWARDED-PREFIX",
        "Via",
        "X-Real-IP",
        "X-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
    ],
)
@pytest.mark.parametrize("value", ["127.0.0.1", "", "for=127.0.0.1"])
def test_a_forwarded_request_is_refused(app: FastAPI, call: Call, name: str, value: str) -> None:
    answer = call(app, "POST", "/management", headers=[*HOST, (name, value)])
    assert answer.json()["params"] == {"reason": "forwarded"}


@pytest.mark.parametrize("http_version", ["1.0", "1"])  # how uvicorn and granian call it
def test_a_request_in_the_words_of_a_simple_proxy_is_refused(app: FastAPI, call: Call, http_version: str) -> None:
    """A proxy that names itself nowhere often speaks HTTP/1.0 to what lies behind it."""
    answer = call(app, "POST", "/management", headers=HOST, http_version=http_version)
    assert answer.json()["params"] == {"reason": "forwarded"}


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["portadoc.example"],
        ["127.0.0.1.evil.example"],
        ["localhost.evil.example:8700"],
        ["evil.example:127.0.0.1"],
        ["127.0.0.1:8700", "127.0.0.1:8700"],
        ["user@127.0.0.1"],
        ["127.1"],
        ["127.0.0.1\uff0e"[:9] + "x"],
        [""],
    ],
)
def test_a_foreign_name_for_this_machine_is_refused(app: FastAPI, call: Call, hosts: list[str]) -> None:
    answer = call(app, "POST", "/management", headers=[("Host", host) for host in hosts])
    assert answer.json()["params"] == {"reason": "host"}


@pytest.mark.parametrize(
    "headers",
    [
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Origin", "http://127.0.0.1:9999")],
    ],
)
def test_a_foreign_page_in_a_browser_here_is_refused(
    app: FastAPI, call: Call, headers: list[tuple[str, str]]
) -> None:
    answer = call(app, "POST", "/management", headers=[*HOST, *headers])
    assert answer.json()["params"] == {"reason": "cross_site"}


def own_network(origin: str, *, marked: bool) -> ASGIApp:
    app = FastAPI()
    install_problems(app)

    @app.post("/management", dependencies=[Depends(loopback_only(origin))])
    def act() -> int:
        return 1

    return OwnNetwork(app) if marked else app


def test_a_server_on_the_local_network_is_managed_from_its_own_machine_only(call: Call) -> None:
    app = own_network("https://192.168.1.5:8700", marked=True)
    assert call(app, "POST", "/management", headers=HOST).status == 200
    phone = call(app, "POST", "/management", headers=[("Host", "192.168.1.5:8700")], client=("192.168.1.9", 40000))
    assert phone.json()["params"] == {"reason": "peer"}
    itself = call(app, "POST", "/management", headers=[("Host", "192.168.1.5:8700")])
    assert itself.json()["params"] == {"reason": "host"}
    passed_on = call(app, "POST", "/management", headers=[*HOST, ("X-Forwarded-For", "192.168.1.9")])
    assert passed_on.json()["params"] == {"reason": "forwarded"}


def test_behind_a_proxy_nobody_manages(call: Call) -> None:
    app = own_network("https://portadoc.example", marked=False)
    assert call(app, "POST", "/management", headers=HOST).json()["params"] == {"reason": "origin"}
