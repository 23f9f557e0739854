"""The holder at an issuer's pages: what the browser does there, and at which pages it stops."""

from collections.abc import Mapping

import pytest

from portadoc.errors import Refused
from portadoc.wallet_sim.issuance.sign_in import sign_in
from portadoc.wallet_sim.transport import Transport, TransportResponse

ORIGIN = "https://issuer.example"
START = f"{ORIGIN}/authorize?request_uri=one"
ASKING = '<form method="post" action="/authorize/1/pid"></form><form method="post" action="/authorize/1/refuse">'
OPENING = '<a href="/help">?</a><a href="openid4vp://?request_uri=r">Open</a>'
AGREEING = '<form method="POST" action="/authorize/1/approve"></form>'
BACK = f"{ORIGIN}/authorize/1/return?response_code=c"


def page(text: str, status: int = 200) -> TransportResponse:
    return TransportResponse(status, {"content-type": "text/html"}, text.encode())


def to(address: str, **headers: str) -> TransportResponse:
    return TransportResponse(303, {"location": address, **headers}, b"")


PAGES: Mapping[str, TransportResponse] = {
    "GET /authorize": to("/authorize/1", **{"set-cookie": "browser=secret; Path=/authorize; HttpOnly"}),
    "GET /authorize/1": page(ASKING),
    "POST /authorize/1/pid": to("/authorize/1/pid/9"),
    "GET /authorize/1/pid/9": page(OPENING),
    "GET /authorize/1/return": to("/authorize/1/found"),
    "GET /authorize/1/found": page(AGREEING),
    "POST /authorize/1/approve": to("wallet://back?code=c&state=s"),
}


class Pages(Transport):
    """An issuer of fixed pages that notes what it was sent."""

    loopback_origins = frozenset()

    def __init__(self, **changed: TransportResponse) -> None:
        self.sent: list[tuple[str, Mapping[str, str]]] = []
        self._pages = {**PAGES, **changed}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_bytes: int = 0,
    ) -> TransportResponse:
        assert url.startswith(f"{ORIGIN}/")
        self.sent.append((method, headers or {}))
        return self._pages[f"{method} {url.removeprefix(ORIGIN).partition('?')[0]}"]


def test_the_holder_identifies_approves_and_is_sent_back_in_one_browser() -> None:
    pages, links = Pages(), []

    def present(link: str) -> str:
        links.append(link)
        return BACK

    assert sign_in(START, present=present, transport=pages) == "wallet://back?code=c&state=s"
    assert links == ["openid4vp://?request_uri=r"]
    assert [method for method, _ in pages.sent] == ["GET", "GET", "POST", "GET", "GET", "GET", "POST"]
    assert "cookie" not in pages.sent[0][1]
    assert {headers["cookie"] for _, headers in pages.sent[1:]} == {"browser=secret"}


@pytest.mark.parametrize(
    ("place", "answer", "step"),
    [
        ("GET /authorize/1", page("nothing to press"), "pid"),
        ("GET /authorize/1", page('<form method="post" action="https://evil.example/pid">'), "origin"),
        ("GET /authorize/1", page('<form action="/authorize/1/pid">'), "pid"),
        ("GET /authorize/1", to("/authorize/1"), "redirects"),
        ("GET /authorize", to("https://evil.example/"), "origin"),
        ("POST /authorize/1/pid", page(ASKING, 400), "pid"),
        ("GET /authorize/1/pid/9", page('<a href="javascript:x">Open</a>'), "wallet"),
        ("GET /authorize/1/found", page(ASKING), "approve"),
        ("POST /authorize/1/approve", page("later", 503), "approve"),
        ("POST /authorize/1/approve", TransportResponse(303, {}, b""), "approve"),
    ],
)
def test_a_page_that_is_another_than_expected_stops_it(place: str, answer: TransportResponse, step: str) -> None:
    with pytest.raises(Refused, match="sign_in_stopped") as stopped:
        sign_in(START, present=lambda _: BACK, transport=Pages(**{place: answer}))
    assert stopped.value.params["step"] == step


@pytest.mark.parametrize(("back", "step"), [(None, "return"), ("https://evil.example/", "origin")])
def test_a_wallet_that_leads_nowhere_or_elsewhere_stops_it(back: str | None, step: str) -> None:
    with pytest.raises(Refused, match="sign_in_stopped") as stopped:
        sign_in(START, present=lambda _: back, transport=Pages())
    assert stopped.value.params["step"] == step
