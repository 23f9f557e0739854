"""P16, D06: a status server that sends too much, too slowly or for ever costs little memory and few seconds."""

import os
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import pytest

from portadoc.errors import Error
from portadoc.fetch import UnsafeLoopbackFetch
from tests.abuse.memory import MIB, Gauge
from tests.soak.server import LINUX_ONLY

ALLOWED: Final = 32 * MIB

pytestmark = [
    LINUX_ONLY,
    pytest.mark.skipif(not Gauge().works, reason="/proc keeps no marks of memory here: P16 was NOT measured"),
]


def endless(piece: bytes, times: int) -> Callable[[], Iterator[bytes]]:
    return lambda: (piece for _ in range(times))


class HostileServer:
    """Answers every connection with the same head and then with pieces, as long as anybody listens."""

    def __init__(self, head: bytes, pieces: Callable[[], Iterator[bytes]]) -> None:
        self._head, self._pieces = head, pieces
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "HostileServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        with suppress(OSError):
            connection, _ = self._listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(self._head)
                for piece in self._pieces():
                    connection.sendall(piece)


def slowly() -> Iterator[bytes]:
    while True:
        time.sleep(0.2)
        yield b"a"


GZIP_BOMB: Final = zlib.compress(bytes(100 * MIB), 9, wbits=31)
_TYPE: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/statuslist+jwt\r\n"
SERVED: Final[dict[str, tuple[bytes, Callable[[], Iterator[bytes]]]]] = {
    "D06 gzip bomb": (
        _TYPE + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIP_BOMB),
        lambda: iter([GZIP_BOMB]),
    ),
    "D06 1 GiB announced": (_TYPE + b"Content-Length: 1073741824\r\n\r\n", endless(b"A" * MIB, 1024)),
    "D06 without an end": (_TYPE + b"\r\n", endless(b"A" * MIB, 1024)),
    "D06 chunk of 1 GiB": (
        _TYPE + b"Transfer-Encoding: chunked\r\n\r\n40000000\r\n",
        endless(b"A" * MIB, 1024),
    ),
    "D06 slow drip": (_TYPE + b"Content-Length: 100\r\n\r\n", slowly),
    "D06 headers without an end": (b"HTTP/1.1 200 OK\r\n", endless(b"X-More: " + b"y" * 1000 + b"\r\n", 100_000)),
    "D06 one long header": (b"HTTP/1.1 200 OK\r\nX-More: ", endless(b"y" * MIB, 1024)),
}


@pytest.mark.filterwarnings("ignore:UnsafeLoopbackFetch")
@pytest.mark.parametrize("served", SERVED.values(), ids=SERVED)
def test_p16_what_a_status_server_sends_costs_little_and_ends(
    served: tuple[bytes, Callable[[], Iterator[bytes]]],
) -> None:
    with HostileServer(*served) as server:
        fetch = UnsafeLoopbackFetch(frozenset({server.origin}))
        told: list[str] = []

        def attempt() -> None:
            try:
                fetched = fetch.get(
                    f"{server.origin}/status/1",
                    accept=("application/statuslist+jwt",),
                    max_bytes=2 * MIB,
                    timeout_s=2.0,
                )
                told.append(f"{len(fetched.body)} bytes")
            except Error as error:
                told.append(error.code)

        began = time.monotonic()
        growth = Gauge(os.getpid()).growth(attempt)
        print(f"\n{growth / MIB:5.1f} MiB, {time.monotonic() - began:4.1f} s, {told[0]}")
        assert told[0] in {"limit_exceeded", "fetch_failed"}
        assert growth <= ALLOWED
        assert time.monotonic() - began <= 5.0
