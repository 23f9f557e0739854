"""Bytes that are no proper HTTP, sent to both real servers: no incident, no trace, nothing of it in the log."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from portadoc.formats import strict_json
from portadoc.i18n import catalogue
from tests.soak.client import Client
from tests.soak.server import Server, running

CANARY: Final = "Canaire-Wire-7391"
_TOKEN: Final = f"POST /issuer/fr-demo/token?{CANARY} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_HOST: Final = "Host: 127.0.0.1\r\n\r\n"
_FORM: Final = "Content-Type: application/x-www-form-urlencoded\r\n"
CASES: Final[dict[str, bytes | list[bytes]]] = {
    "nothing": b"",
    "line ends": b"\r\n\r\n\r\n",
    "no request": f"{CANARY}\r\n\r\n".encode(),
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + CANARY.encode(),
    "http 0.9": f"GET /{CANARY}\r\n".encode(),
    "http 2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http 3.0": b"GET / HTTP/3.0\r\nHost: 127.0.0.1\r\n\r\n",
    "no host": f"GET /{CANARY} HTTP/1.1\r\n\r\n".encode(),
    "two hosts": f"GET /{CANARY} HTTP/1.1\r\nHost: a\r\nHost: {CANARY}\r\n\r\n".encode(),
    "path in latin-1": b"GET /status/\xe9\xff" + CANARY.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "path in utf-8": f"GET /status/é{CANARY} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
    "path with broken escapes": f"GET /status/%zz%{CANARY}% HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
    "path that is no utf-8": f"GET /status/%ff%fe%c0%af{CANARY} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
    "path with zero": f"GET /status/%00{CANARY} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
    "path with raw zero": b"GET /status/\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "absolute target": f"GET http://{CANARY}/trust HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
    "target of connect": f"CONNECT {CANARY}:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "long target": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "long header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    "header with zero": f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \x00{CANARY}\r\n\r\n".encode(),
    "header without name": f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n: {CANARY}\r\n\r\n".encode(),
    "folded header": f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n {CANARY}\r\n\r\n".encode(),
    "header in latin-1": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: \xe9\xff\r\n\r\n",
    "cookie in latin-1": b'GET /tour/a1/offer HTTP/1.1\r\nHost: a\r\nCookie: portadoc-tour="\xe9\\377\r\n\r\n',
    "negative length": f"{_TOKEN}{_FORM}Content-Length: -1\r\n\r\n".encode(),
    "length of letters": f"{_TOKEN}{_FORM}Content-Length: ten\r\n\r\n".encode(),
    "length in other digits": f"{_TOKEN}{_FORM}Content-Length: ٣\r\n\r\nabc".encode(),
    "huge length": f"{_TOKEN}{_FORM}Content-Length: 99999999999999999999\r\n\r\n".encode(),
    "two lengths": f"{_TOKEN}{_FORM}Content-Length: 1\r\nContent-Length: 2\r\n\r\na".encode(),
    "length and chunks": f"{_TOKEN}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
    "broken chunks": f"{_TOKEN}{_FORM}Transfer-Encoding: chunked\r\n\r\nzz\r\n{CANARY}\r\n".encode(),
    "huge chunk": f"{_TOKEN}{_FORM}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{CANARY}".encode(),
    "unknown coding": f"{_TOKEN}{_FORM}Transfer-Encoding: {CANARY}\r\n\r\n".encode(),
    "expectation": f"{_TOKEN}{_FORM}Expect: {CANARY}\r\nContent-Length: 0\r\n\r\n".encode(),
    "upgrade": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "half a body": f"{_TOKEN}{_FORM}Content-Length: 500\r\n\r\npre-authorized_code={CANARY}".encode(),
    "compressed body": f"{_TOKEN}{_FORM}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1fxx".encode(),
    "two requests": [b"GET /trust HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /", b"x HTTP/1.1\r\nHost: a\r\n\r\n"],
    "token in query": f"POST /issuer/fr-demo/credential?access_token={CANARY} HTTP/1.1\r\n{_HOST}".encode(),
    "strange method": f"{CANARY} /trust HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
}
_UNSUPPORTED: Final = (501, 505)
QUIET_S: Final = 1.0
TRACES: Final = ("incident", "Traceback", "panicked", "ERROR", CANARY)


@pytest.fixture(scope="module", params=[1, 2], ids=["uvicorn", "granian"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(Server(tmp_path_factory.mktemp("wire"), workers=request.param)) as started:
        yield started


def spoken(server: Server, sent: bytes | list[bytes]) -> bytes:
    """Return what the server says before it closes or falls silent.

    The connection stays open on our side: a server may give up a request whose sender has closed.
    """
    said = bytearray()
    with socket.create_connection(("127.0.0.1", server.port), timeout=QUIET_S) as connection:
        try:
            for piece in [sent] if isinstance(sent, bytes) else sent:
                connection.sendall(piece)
            while piece := connection.recv(65536):
                said += piece
        except (ConnectionError, TimeoutError):
            pass
    return bytes(said)


def test_what_is_no_http_makes_no_incident_and_leaves_no_trace(server: Server) -> None:
    with ThreadPoolExecutor(24) as senders:
        answers = dict(zip(CASES, senders.map(lambda sent: spoken(server, sent), CASES.values()), strict=True))
    for name, said in answers.items():
        if said.startswith(b"HTTP/"):
            status = int(said.split(b" ", 2)[1])
            assert status < 500 or status in _UNSUPPORTED, (name, said)
        assert b"Traceback" not in said, (name, said)
        assert CANARY.encode() not in said.partition(b"\r\n\r\n")[2], (name, said)
    assert Client.of(server.origin).nonce()
    log = server.log.read_text()
    assert [word for word in ("incident", "Traceback", "panicked", "ERROR", CANARY) if word in log] == [], log[
        -3000:
    ]


def test_a_refusal_over_real_http_has_our_form(server: Server) -> None:
    said = spoken(server, f"{_TOKEN}{_FORM}Connection: close\r\nContent-Length: 1\r\n\r\n{CANARY[0]}".encode())
    told = strict_json.loads_object(said.partition(b"\r\n\r\n")[2], what="refusal")
    assert told["error"] == "invalid_request"
    assert told["error_description"] in catalogue("en")
