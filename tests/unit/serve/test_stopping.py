"""A server that is told to stop stops, whoever is still sending."""

import socket
import time
from typing import Any

import pytest

from portadoc.serve import run
from portadoc.serve.run import listen, serving

HALF = (
    b"POST /issuer/fr-demo/token HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant_type="
)


def test_half_a_request_does_not_keep_the_server_alive(open_a_house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "GRACE_S", 1)
    listener = listen("127.0.0.1", 0)
    with socket.create_connection(listener.getsockname()) as slow:
        with serving(open_a_house(), listener):
            slow.sendall(HALF)
            time.sleep(0.2)
            asked = time.monotonic()
        assert time.monotonic() - asked < 5
