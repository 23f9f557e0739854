"""Real connections to real servers on loopback: pinned, bounded in size and time, no step on a peer's word."""

import gzip
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portadoc.errors import Error, Malformed, Refused, Unavailable
from portadoc.fetch import (
    Deadline,
    Request,
    SafeFetch,
    Target,
    UnsafeLoopbackFetch,
    exchange,
    parse_target,
    tls_context,
)

JSON = ("application/json",)
Answer = Callable[..., bytes]


def loopback_fetch(*origins: str, **options: Any) -> UnsafeLoopbackFetch:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return UnsafeLoopbackFetch(frozenset(origins), **options)


@pytest.fixture
def fetch(server: Any) -> UnsafeLoopbackFetch:
    return loopback_fetch(server.origin)


def refusal_of(fetch: Any, url: str, **options: Any) -> tuple[type[Error], str, Any]:
    with pytest.raises(Error) as refusal:
        fetch.get(url, accept=options.pop("accept", JSON), **options)
    return type(refusal.value), refusal.value.code, refusal.value.params.get("reason")


def test_an_unsafe_fetch_says_so() -> None:
    with pytest.warns(UserWarning, match="UnsafeLoopbackFetch"):
        UnsafeLoopbackFetch(frozenset({"http://127.0.0.1:1"}))


def test_a_document_is_fetched(server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer) -> None:
    more = 'ETag: "1"\r\nSet-Cookie: a=b\r\nCache-Control: max-age=5\r\n'
    server.answer("/a?b=c", answer_with(b'{"a":1}', kind="Application/JSON; charset=utf-8", more=more))
    got = fetch.get(f"{server.origin}/a?b=c#d", accept=JSON)
    assert (got.status, got.content_type, got.body) == (200, "application/json", b'{"a":1}')
    assert got.url == f"{server.origin}/a?b=c"
    assert got.headers == {"etag": '"1"', "set-cookie": "a=b", "cache-control": "max-age=5"}


def test_a_request_says_no_more_than_it_must(server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer) -> None:
    server.answer("/", answer_with())
    fetch.get(server.origin, accept=("application/statuslist+jwt", "application/json"))
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET / HTTP/1.1"
    assert sorted(line for line in lines[1:] if line) == [
        "Accept-Encoding: identity",
        "Accept: application/statuslist+jwt, application/json;q=0.9",
        "Connection: close",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: portadoc",
    ]


def test_the_first_media_type_is_the_one_preferred(
    server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer
) -> None:
    server.answer("/", answer_with())
    fetch.get(server.origin, accept=("application/a", "application/json", "application/c"))
    assert b"\r\nAccept: application/a, application/json;q=0.9, application/c;q=0.8\r\n" in server.requests[0]


def test_a_proxy_of_the_environment_is_not_used(
    server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answer("/", answer_with())
    assert fetch.get(server.origin, accept=JSON).status == 200


@pytest.mark.parametrize("status", ["204 No Content", "400 Bad", "404 Gone", "410 Gone", "500 Fault", "503 Later"])
def test_another_status_is_no_document(
    server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer, status: str
) -> None:
    server.answer("/", answer_with(b"", status=status))
    with pytest.raises(Unavailable) as refusal:
        fetch.get(server.origin, accept=JSON)
    assert refusal.value.code == "fetch_failed"
    assert refusal.value.params == {"reason": "status", "status": int(status[:3])}


@pytest.mark.parametrize("kind", ["text/html", "application/jwt", "", "application/json2"])
def test_another_media_type_is_no_document(
    server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer, kind: str
) -> None:
    server.answer("/", answer_with(kind=kind))
    assert refusal_of(fetch, server.origin) == (Unavailable, "fetch_failed", "content_type")


def test_any_status_comes_back_from_a_single_request(
    server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer
) -> None:
    server.answer("/token", answer_with(b'{"error":"x"}', status="400 Bad", more="Location: http://10.0.0.1/\r\n"))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    got = fetch.send("POST", f"{server.origin}/token", headers=headers, body=b"a=1")
    assert (got.status, got.body) == (400, b'{"error":"x"}')
    assert server.requests[0].endswith(b"\r\n\r\na=1")
    assert b"Content-Length: 3\r\n" in server.requests[0]


def test_a_redirect_of_a_single_request_is_not_followed(
    server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer
) -> None:
    server.answer("/a", answer_with(b"", status="307 Over there", more="Location: /b\r\n"))
    assert fetch.send("POST", f"{server.origin}/a", body=b"secret").status == 307
    assert server.connections == 1


# Addresses


def test_only_the_listed_origins_are_called(server: Any, fetch: UnsafeLoopbackFetch) -> None:
    for url in (
        "http://127.0.0.1:1/",
        f"https://127.0.0.1:{server.port}/",
        f"http://localhost:{server.port}/",
        f"http://[::1]:{server.port}/",
        "http://127.0.0.1/",
        "https://status.example/",
    ):
        assert refusal_of(fetch, url) == (Refused, "fetch_blocked", "origin")
    assert server.connections == 0


def test_a_listed_name_that_leads_off_this_machine_is_blocked(server: Any) -> None:
    origin = f"http://localhost:{server.port}"
    fetch = loopback_fetch(origin, resolver=lambda host, port: ["127.0.0.1", "10.0.0.1"])
    assert refusal_of(fetch, origin) == (Refused, "fetch_blocked", "address")
    assert server.connections == 0


def test_a_host_that_changes_its_address_in_between_gains_nothing(server: Any, answer_with: Answer) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    origin = f"http://localhost:{server.port}"
    server.answer("/", answer_with())
    assert loopback_fetch(origin, resolver=lambda host, port: next(answers)).get(origin, accept=JSON).status == 200
    assert next(answers) == ["10.0.0.1"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1"])
def test_a_public_name_with_an_inner_address_is_never_connected(server: Any, address: str) -> None:
    fetch = SafeFetch(resolver=lambda host, port: ["1.1.1.1", address])
    url = f"https://status.example:{server.port}/"
    assert refusal_of(fetch, url) == (Refused, "fetch_blocked", "address")
    assert server.connections == 0


def test_the_next_address_is_tried_when_one_takes_no_connection(server: Any, answer_with: Answer) -> None:
    origin = f"http://localhost:{server.port}"
    server.answer("/", answer_with())
    fetch = loopback_fetch(origin, resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert fetch.get(origin, accept=JSON).status == 200


def test_a_closed_port_is_unavailable(fetch: UnsafeLoopbackFetch) -> None:
    closed = "http://127.0.0.1:1"
    assert refusal_of(loopback_fetch(closed), closed) == (Unavailable, "fetch_failed", "connect")


# Redirects


class PublicThenReal(SafeFetch):
    """Take one name for a public host that lives on this test's server; judge all others as ever."""

    def __init__(self, ca_file: str) -> None:
        super().__init__(ca_file=ca_file)

    def _admit(self, target: Target, deadline: Deadline) -> tuple[str, ...]:
        return ("127.0.0.1",) if target.host == "public.example" else super()._admit(target, deadline)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://127.0.0.1:{port}/inner", "address"),
        ("https://[::1]:{port}/inner", "address"),
        ("https://169.254.169.254/latest/meta-data", "address"),
        ("http://public.example:{port}/inner", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("//user@public.example/", "userinfo"),
        ("https://[broken/", "url"),
    ],
)
def test_a_redirect_is_judged_like_a_first_address(
    tls_server: Callable[..., Any], authority: Any, answer_with: Answer, location: str, reason: str
) -> None:
    server = tls_server("public.example")
    more = f"Location: {location.format(port=server.port)}\r\n"
    server.answer("/", answer_with(b"", status="302 Found", more=more))
    fetch = PublicThenReal(authority.ca_file)
    url = f"https://public.example:{server.port}/"
    assert refusal_of(fetch, url) == (Refused, "fetch_blocked", reason)
    assert server.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_up_to_three_redirects_are_followed(
    server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer, status: int
) -> None:
    for n in range(3):
        server.answer(f"/{n}", answer_with(b"", status=f"{status} Moved", more=f"Location: {n + 1}\r\n"))
    server.answer("/3", answer_with(b"[]"))
    got = fetch.get(f"{server.origin}/0", accept=JSON)
    assert (got.body, got.url) == (b"[]", f"{server.origin}/3")
    assert server.connections == 4
    assert refusal_of(fetch, f"{server.origin}/0", redirects=2) == (Refused, "fetch_blocked", "redirects")
    assert refusal_of(fetch, f"{server.origin}/0", redirects=0) == (Refused, "fetch_blocked", "redirects")


def test_a_loop_of_redirects_ends(server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer) -> None:
    server.answer("/", answer_with(b"", status="302 Found", more="Location: /\r\n"))
    assert refusal_of(fetch, server.origin) == (Refused, "fetch_blocked", "redirects")
    assert server.connections == 4


def test_a_redirect_to_nowhere_ends_like_a_loop(
    server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer
) -> None:
    server.answer("/", answer_with(b"", status="302 Found"))
    assert refusal_of(fetch, server.origin) == (Refused, "fetch_blocked", "redirects")


# Size and time


def test_a_body_up_to_the_bound_is_taken(server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer) -> None:
    server.answer("/", answer_with(b"x" * 1000))
    assert len(fetch.get(server.origin, accept=JSON, max_bytes=1000).body) == 1000
    assert refusal_of(fetch, server.origin, max_bytes=999) == (Malformed, "limit_exceeded", None)


def test_an_announced_gibibyte_is_refused_unread(server: Any, fetch: UnsafeLoopbackFetch) -> None:
    server.answer(
        "/", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n", 3.0
    )
    began = time.monotonic()
    assert refusal_of(fetch, server.origin) == (Malformed, "limit_exceeded", None)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked\r\n", ""])
def test_a_body_without_length_is_counted(server: Any, fetch: UnsafeLoopbackFetch, framing: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{framing}\r\n".encode()
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n" if framing else b"x" * 65536
    server.answer("/", head, *[piece] * 40)
    assert refusal_of(fetch, server.origin) == (Malformed, "limit_exceeded", None)


@pytest.mark.parametrize("line", [b"X-%d: " + b"y" * 60000 + b"\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 100])
def test_an_endless_head_is_refused(server: Any, fetch: UnsafeLoopbackFetch, line: bytes) -> None:
    start = b"HTTP/1.1 200 OK\r\n" if line.startswith(b"X") else b""
    server.answer("/", start, *[line.replace(b"%d", b"%d" % n) for n in range(90)])
    kind, code, _ = refusal_of(fetch, server.origin, max_bytes=1000)
    assert (kind, code) in ((Malformed, "limit_exceeded"), (Unavailable, "fetch_failed"))


def test_a_compressed_body_is_refused_unread(server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    server.answer("/", answer_with(bomb, more="Content-Encoding: gzip\r\n"))
    assert refusal_of(fetch, server.origin) == (Unavailable, "fetch_failed", "content_encoding")


@pytest.mark.parametrize(
    "drip",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b"x", 0.05] * 60),
        (*[b"H", 0.05] * 60,),
        (b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n", 0.05] * 60),
        (3.0,),
    ],
    ids=["body", "status line", "headers", "silence"],
)
def test_a_slow_peer_is_left_at_the_deadline(
    server: Any, fetch: UnsafeLoopbackFetch, drip: tuple[bytes | float, ...]
) -> None:
    server.answer("/", *drip)
    began = time.monotonic()
    assert refusal_of(fetch, server.origin, timeout_s=0.4) == (Unavailable, "fetch_failed", "timeout")
    assert time.monotonic() - began < 1.5


def test_a_peer_that_is_silent_in_the_tls_handshake_is_left_at_the_deadline(server: Any) -> None:
    origin = f"https://127.0.0.1:{server.port}"
    began = time.monotonic()
    refusal = refusal_of(loopback_fetch(origin), origin, timeout_s=0.4)
    assert refusal == (Unavailable, "fetch_failed", "timeout")
    assert time.monotonic() - began < 1.5


def test_a_request_that_the_peer_does_not_take_is_left_at_the_deadline(
    server: Any, fetch: UnsafeLoopbackFetch
) -> None:
    server.deaf = True
    with pytest.raises(Unavailable) as refusal:
        fetch.send("POST", server.origin, body=b"x" * 50_000_000, timeout_s=0.4)
    assert refusal.value.params == {"reason": "timeout"}


def test_redirects_share_one_deadline(server: Any, fetch: UnsafeLoopbackFetch, answer_with: Answer) -> None:
    server.answer("/", 0.2, answer_with(b"", status="302 Found", more="Location: /\r\n"))
    began = time.monotonic()
    assert refusal_of(fetch, server.origin, timeout_s=0.5) == (Unavailable, "fetch_failed", "timeout")
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "protocol"),
        (b"nonsense\r\n\r\n", "protocol"),
        (b"HTTP/1.1 abc\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{}", "truncated"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "protocol",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "protocol"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-ffffffffffffffffffff\r\nab\r\n0\r\n\r\n",
            "protocol",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n0\r\n\r\n", "protocol"),
    ],
)
def test_a_broken_answer_is_no_document(server: Any, fetch: UnsafeLoopbackFetch, raw: bytes, reason: str) -> None:
    server.answer("/", raw)
    assert refusal_of(fetch, server.origin) == (Unavailable, "fetch_failed", reason)


# TLS


def get_pinned(server: Any, host: str, ca_file: str | None) -> Any:
    return exchange(
        Request("GET", Target("https", host, server.port, "/")),
        addresses=("127.0.0.1",),
        tls=tls_context(ca_file),
        max_bytes=1000,
        deadline=Deadline(5),
    )


def test_the_certificate_is_checked_against_the_name_though_the_address_is_pinned(
    tls_server: Callable[..., Any], authority: Any, answer_with: Answer
) -> None:
    server = tls_server("status.example")
    server.answer("/", answer_with(b"[1]"))
    assert get_pinned(server, "status.example", authority.ca_file).body == b"[1]"
    with pytest.raises(Unavailable) as refusal:
        get_pinned(server, "other.example", authority.ca_file)
    assert refusal.value.params == {"reason": "tls"}


def test_an_unknown_authority_is_not_believed(tls_server: Callable[..., Any]) -> None:
    server = tls_server("status.example")
    with pytest.raises(Unavailable) as refusal:
        get_pinned(server, "status.example", None)
    assert refusal.value.params == {"reason": "tls"}


def test_an_expired_certificate_is_not_believed(tls_server: Callable[..., Any], authority: Any) -> None:
    server = tls_server("status.example", days=-1)
    with pytest.raises(Unavailable) as refusal:
        get_pinned(server, "status.example", authority.ca_file)
    assert refusal.value.params == {"reason": "tls"}


def test_a_peer_that_speaks_no_tls_is_refused(server: Any, authority: Any) -> None:
    server.greeting = b"220 mail.example ESMTP\r\n"
    with pytest.raises(Unavailable) as refusal:
        get_pinned(server, "status.example", authority.ca_file)
    assert refusal.value.params == {"reason": "tls"}


def test_https_on_loopback_under_an_authority_of_our_own(
    tls_server: Callable[..., Any], authority: Any, answer_with: Answer
) -> None:
    server = tls_server("127.0.0.1")
    server.answer("/", answer_with(b"[2]"))
    origin = f"https://127.0.0.1:{server.port}"
    assert loopback_fetch(origin, ca_file=authority.ca_file).get(origin, accept=JSON).body == b"[2]"
    assert refusal_of(loopback_fetch(origin), origin) == (Unavailable, "fetch_failed", "tls")


def test_its_own_address_on_the_local_network_may_be_named() -> None:
    """Nothing listens there: what is refused is refused before any connection."""
    origin = "https://192.0.2.7:1"
    named = loopback_fetch(origin, own_addresses=frozenset({"192.0.2.7"}), resolver=lambda host, port: [host])
    assert named._admit(parse_target(origin, schemes=frozenset({"https"})), Deadline(1)) == ("192.0.2.7",)
    other = loopback_fetch(origin, own_addresses=frozenset({"192.0.2.8"}), resolver=lambda host, port: [host])
    assert refusal_of(other, origin) == (Refused, "fetch_blocked", "address")


@pytest.fixture(autouse=True)
def no_leaked_sockets() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        yield
