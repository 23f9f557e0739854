"""What a hostile or broken publisher of lists can do over a real connection: nothing that lasts or costs."""

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from portadoc.fetch import SafeFetch, UnsafeLoopbackFetch
from portadoc.formats.status_list.claims import StatusListTerms
from portadoc.formats.status_list.jwt_form import sign_status_list_jwt
from portadoc.keys.purposes import KeyPurpose
from portadoc.verification.report import STATUS, Outcome
from portadoc.verifier.settings import StatusSettings

JWT = "application/statuslist+jwt"
PATIENCE_S = 1.0
Piece = bytes | float


@dataclass
class Publisher:
    """Says over real sockets what a test tells it: bytes, and seconds to wait before the next ones."""

    port: int
    answers: dict[str, list[Piece]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            raw = b""
            while b"\r\n\r\n" not in raw:
                raw += connection.recv(4096)
            path = raw.split(b" ")[1].decode()
            self.asked.append(path)
            for piece in self.answers.get(path, [reply(b"", status="404 Not Found")]):
                if isinstance(piece, float):
                    self.stopped.wait(piece)
                else:
                    connection.sendall(piece)


def reply(
    body: bytes, *, kind: str = JWT, status: str = "200 OK", length: int | None = None, more: str = ""
) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n{more}\r\n".encode() + body


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        publisher = Publisher(listening.getsockname()[1])

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    threading.Thread(target=publisher.serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield publisher
        publisher.stopped.set()
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def world(make_world: Callable[..., Any], publisher: Publisher) -> Any:
    with pytest.warns(UserWarning, match="UnsafeLoopbackFetch"):
        fetch = UnsafeLoopbackFetch(frozenset({publisher.origin}))
    return make_world(fetch=fetch, status=StatusSettings(timeout_s=PATIENCE_S, max_token_bytes=64 * 1024))


def token(world: Any, uri: str, **terms: Any) -> bytes:
    told = StatusListTerms(**{"uri": uri, "iat": world.NOW, "exp": world.NOW + 3600, "ttl": 300, **terms})
    signer = world.signer("fr-demo", KeyPurpose.STATUS)
    return sign_status_list_jwt(world.statuses, told, signer=signer).encode()


def check(world: Any, uri: str) -> Any:
    claims = world.claims(status={"status_list": {"idx": 7, "uri": uri}})
    report = world.verifier.verify_offline(world.SLUG, world.credential(claims=claims), may_fetch=True)
    return report.check(STATUS)


def refused(world: Any, publisher: Publisher, *answer: Piece) -> str:
    """Return why the status stayed unknown, which it has to within the patience set."""
    uri = f"{publisher.origin}/list"
    publisher.answers["/list"] = list(answer)
    began = time.monotonic()
    found = check(world, uri)
    assert time.monotonic() - began < PATIENCE_S + 0.7
    assert found.outcome is Outcome.UNKNOWN
    return str(found.full_code)


def test_a_list_comes_over_a_real_connection(world: Any, publisher: Publisher) -> None:
    uri = f"{publisher.origin}/list"
    publisher.answers["/list"] = [reply(token(world, uri))]
    assert check(world, uri).code == "status_ok"
    assert publisher.asked == ["/list"]


def test_d06_the_patience_is_five_seconds_in_all_unless_set_otherwise() -> None:
    assert StatusSettings().timeout_s <= 5


def test_d06_a_compressed_body_is_refused_unread(world: Any, publisher: Publisher) -> None:
    bomb = gzip.compress(bytes(32 * 1024 * 1024), 9)
    tracemalloc.start()
    code = refused(world, publisher, reply(bomb, more="Content-Encoding: gzip\r\n"))
    assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    tracemalloc.stop()
    assert code == "status_unavailable.content_encoding"


def test_d06_an_announced_gibibyte_is_refused_unread(world: Any, publisher: Publisher) -> None:
    assert refused(world, publisher, reply(b"x", length=1024**3), 30.0) == "status_invalid.limit_exceeded"


def test_d06_a_body_without_end_is_counted(world: Any, publisher: Publisher) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {JWT}\r\n\r\n".encode()
    assert refused(world, publisher, head, *([b"x" * 16_384] * 64)) == "status_invalid.limit_exceeded"


def test_d06_a_slow_drip_ends_at_the_deadline(world: Any, publisher: Publisher) -> None:
    drips: list[Piece] = [piece for _ in range(60) for piece in (b"x", 0.2)]
    assert refused(world, publisher, reply(b"", length=60), *drips) == "status_unavailable.timeout"


def test_d06_a_withdrawal_list_that_drips_shares_the_deadline_of_its_status_list(
    world: Any, publisher: Publisher
) -> None:
    uri = f"{publisher.origin}/list"
    publisher.answers["/list"] = [0.5, reply(token(world, uri, withdrawals_uri=f"{uri}/withdrawals"))]
    publisher.answers["/list/withdrawals"] = [
        reply(b"", length=60, kind="application/withdrawals+jwt"),
        *(piece for _ in range(60) for piece in (b"x", 0.2)),
    ]
    began = time.monotonic()
    assert check(world, uri).code == "status_ok"
    assert time.monotonic() - began < PATIENCE_S + 0.7
    assert publisher.asked == ["/list", "/list/withdrawals"]


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "500 Internal Server Error", "204 No Content"])
def test_v40_d20_any_status_but_200_leaves_the_status_unknown(
    world: Any, publisher: Publisher, status: str
) -> None:
    answer = reply(token(world, f"{publisher.origin}/list"), status=status)
    assert refused(world, publisher, answer) == "status_unavailable.status"


@pytest.mark.parametrize(
    "kind", ["text/html", "application/jwt", "application/json", "application/statuslist+json"]
)
def test_v40_d20_a_valid_list_under_another_type_leaves_the_status_unknown(
    world: Any, publisher: Publisher, kind: str
) -> None:
    answer = reply(token(world, f"{publisher.origin}/list"), kind=kind)
    assert refused(world, publisher, answer) == "status_unavailable.content_type"


@pytest.mark.parametrize("body", [b'{"token":"e30.e30.AA"}', b'"e30.e30.AA"', b"<html>", b"", b"\xff\xfe"])
def test_v40_d20_a_body_that_is_no_bare_token_leaves_the_status_unknown(
    world: Any, publisher: Publisher, body: bytes
) -> None:
    assert refused(world, publisher, reply(body)).startswith("status_invalid.")


def test_v40_a_port_that_nobody_listens_at_leaves_the_status_unknown(make_world: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with pytest.warns(UserWarning, match="UnsafeLoopbackFetch"):
        world = make_world(fetch=UnsafeLoopbackFetch(frozenset({origin})))
    assert check(world, f"{origin}/list").full_code == "status_unavailable.connect"


REDIRECTS = {
    "to a private address": "http://10.0.0.7/list",
    "to the metadata of the cloud": "http://169.254.169.254/latest",
    "to another port": "http://127.0.0.1:1/list",
    "to a file": "file:///etc/passwd",
    "to itself": "/list",
    "to a name with credentials": "http://user@127.0.0.1/list",
}


@pytest.mark.parametrize("name", REDIRECTS)
def test_d03_a_redirect_is_judged_like_the_first_address(world: Any, publisher: Publisher, name: str) -> None:
    answer = reply(b"", status="302 Found", more=f"Location: {REDIRECTS[name]}\r\n")
    assert refused(world, publisher, answer).startswith("fetch_blocked.")


def test_d03_twenty_hops_are_not_followed(world: Any, publisher: Publisher) -> None:
    for hop in range(20):
        publisher.answers[f"/{hop}"] = [reply(b"", status="302 Found", more=f"Location: /{hop + 1}\r\n")]
    answer = reply(b"", status="302 Found", more="Location: /0\r\n")
    assert refused(world, publisher, answer) == "fetch_blocked.redirects"
    assert len(publisher.asked) == 4


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "127.1", "10.1.2.3", "192.168.0.1", "[fe80::1]", "[64:ff9b::7f00:1]"]
)
def test_d02_an_inner_address_in_any_spelling_is_never_connected(make_world: Any, host: str) -> None:
    def resolver(name: str, port: int) -> list[str]:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(each[4][0]) for each in found]

    world = make_world(fetch=SafeFetch(resolver=resolver))
    assert check(world, f"https://{host}/list").code == "fetch_blocked"


def test_d02_a_name_that_changes_its_address_in_between_gains_nothing(make_world: Any) -> None:
    answers = [["203.0.113.7", "10.0.0.7"], ["10.0.0.7"]]
    asked: list[str] = []

    def resolver(name: str, port: int) -> list[str]:
        asked.append(name)
        return answers[len(asked) - 1]

    world = make_world(fetch=SafeFetch(resolver=resolver))
    assert check(world, "https://changing.example/list").full_code == "fetch_blocked.address"
    assert asked == ["changing.example"]


def test_d16_a_thousand_verifications_wait_for_one_fetch(world: Any, publisher: Publisher) -> None:
    uri = f"{publisher.origin}/list"
    publisher.answers["/list"] = [0.3, reply(token(world, uri))]
    credential = world.credential(claims=world.claims(status={"status_list": {"idx": 7, "uri": uri}}))

    def verified(_: int) -> bool:
        return bool(world.verifier.verify_offline(world.SLUG, credential, may_fetch=True).valid)

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(verified, range(1000)))
    assert publisher.asked == ["/list"]
