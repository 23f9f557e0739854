"""The network transport over a real loopback socket."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from portadoc.errors import Error
from portadoc.fetch import SafeFetch
from portadoc.wallet_sim.transport import NetworkTransport, UnsafeLoopbackTransport


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; ``/away`` redirects and ``/no`` refuses."""

    def do_GET(self) -> None:
        if self.path == "/away":
            self._reply(307, b"", {"Location": "http://127.0.0.1:1/elsewhere"})
        elif self.path == "/no":
            self._reply(400, b'{"error":"invalid_request"}', {"Content-Type": "application/json; charset=utf-8"})
        else:
            self._reply(200, b"x" * 1000, {"Content-Type": "text/plain"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers.get("Content-Type", "none")
        self._reply(200, kind.encode() + b"|" + body, {"Content-Type": "text/plain"})

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def transport(origin: str) -> UnsafeLoopbackTransport:
    with pytest.warns(UserWarning, match="UnsafeLoopbackFetch"):
        return UnsafeLoopbackTransport(frozenset({origin}))


def test_any_status_comes_back_with_type_and_body(transport: UnsafeLoopbackTransport, origin: str) -> None:
    response = transport.get(f"{origin}/no")
    assert (response.status, response.content_type, response.json()) == (
        400,
        "application/json",
        {"error": "invalid_request"},
    )


def test_a_redirect_is_returned_and_not_followed(transport: UnsafeLoopbackTransport, origin: str) -> None:
    response = transport.get(f"{origin}/away")
    assert (response.status, response.headers["location"]) == (307, "http://127.0.0.1:1/elsewhere")


def test_forms_and_json_are_posted_and_so_is_nothing(transport: UnsafeLoopbackTransport, origin: str) -> None:
    assert transport.post_form(origin, {"a": "1 2"}).text == "application/x-www-form-urlencoded|a=1+2"
    assert transport.post_json(origin, [1]).text == "application/json|[1]"
    assert transport.request("POST", origin).text == "none|"


def test_a_body_over_the_limit_is_refused(transport: UnsafeLoopbackTransport, origin: str) -> None:
    with pytest.raises(Error) as caught:
        transport.request("GET", origin, max_bytes=999)
    assert caught.value.code == "limit_exceeded"


def test_only_the_named_origins_are_called(transport: UnsafeLoopbackTransport, origin: str) -> None:
    assert transport.loopback_origins == {origin}
    with pytest.raises(Error) as caught:
        transport.get("http://127.0.0.1:1/")
    assert (caught.value.code, caught.value.params["reason"]) == ("fetch_blocked", "origin")


def test_an_https_origin_is_no_exception_to_the_rule_of_https() -> None:
    with pytest.warns(UserWarning, match="UnsafeLoopbackFetch"):
        transport = UnsafeLoopbackTransport(frozenset({"https://localhost:8443"}))
    assert transport.loopback_origins == frozenset()


def test_the_safe_transport_admits_no_plain_origin_and_no_loopback(origin: str) -> None:
    transport = NetworkTransport(SafeFetch())
    assert transport.loopback_origins == frozenset()
    for url, reason in ((origin, "scheme"), ("https://127.0.0.1:8700/", "address")):
        with pytest.raises(Error) as caught:
            transport.get(url)
        assert (caught.value.code, caught.value.params["reason"]) == ("fetch_blocked", reason)
