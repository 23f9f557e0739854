"""Many requests that arrive at once: each is sent but for its last byte, then all last bytes leave together.

So the server has every request in hand, on connections spread over its workers, before the first can be answered.
"""

import json
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

SETTLE_S: Final = 0.03
ANSWER_S: Final = 60.0


@dataclass(frozen=True)
class Answer:
    """Status and JSON body; an empty one for a page."""

    status: int
    body: Mapping[str, Any]

    @property
    def code(self) -> str:
        """Return our code of a refusal, or an empty text."""
        return str(self.body.get("error_description", self.body.get("code", "")))


def request(port: int, path: str, body: bytes, headers: Mapping[str, str], method: str = "POST") -> bytes:
    """Return the bytes of a request."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def volley(port: int, requests: Sequence[bytes]) -> list[Answer]:
    """Send all requests at once and return their answers in the order of the requests."""
    connections = [socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S) for _ in requests]
    try:
        for connection, sent in zip(connections, requests, strict=True):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(sent[:-1])
        time.sleep(SETTLE_S)
        for connection, sent in zip(connections, requests, strict=True):
            connection.send(sent[-1:])
        return [_answer(connection) for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def _answer(connection: socket.socket) -> Answer:
    raw = bytearray()
    while piece := connection.recv(65536):
        raw += piece
    head, _, body = bytes(raw).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower(), head
    is_json = b"json" in head.lower().partition(b"content-type:")[2].partition(b"\r\n")[0]
    return Answer(int(head.split()[1]), json.loads(body) if is_json else {})
