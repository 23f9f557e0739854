"""Nothing untrusted causes a 500: every route of a house, whatever is sent to it.

The routes are taken from the application itself, so a new one is tried without being named here; one whose sound
requests are known is tried near those as well.
"""

import json
import re
from typing import Any, Final
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portadoc.wallet_sim.transport import AsgiTransport, TransportResponse
from tests.abuse.answers import require_sound
from tests.abuse.effort import bounded
from tests.abuse.requests_near_sound import FORM, JSON, NEAR, Sent
from tests.abuse.spoiling import Draw, json_values, respelt_json, texts
from tests.abuse.town import INSPECTION, ISSUER, Town, quoted, routes_of

METHODS: Final = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "BREW")
FAR_AWAY: Final = "192.0.2.7"
_PARAMETER: Final = re.compile(r"\{[a-z_]+\}")
_latin = st.text(alphabet=st.characters(max_codepoint=0xFF, exclude_characters="\r\n\x00"), max_size=40)
_header_names = st.sampled_from(
    (
        "content-type",
        "content-encoding",
        "content-length",
        "transfer-encoding",
        "authorization",
        "accept",
        "accept-language",
        "cookie",
        "host",
        "origin",
        "sec-fetch-site",
        "forwarded",
        "x-forwarded-for",
        "x-http-method-override",
        "dpop",
        "if-none-match",
        "range",
        "expect",
        "upgrade",
    )
)
PAGES = (
    *("/tour", "/portal", "/development-login"),
    *("/issuer/{institution}/authorize", "/issuer/{institution}/offers/{reference}/page"),
)
"""Routes for people, whose refusals may be pages."""
_header_values = st.one_of(
    _latin,
    st.sampled_from(
        (
            JSON,
            FORM,
            "application/json; charset=utf-16",
            "multipart/form-data; boundary=x",
            "text/xml",
            "gzip",
            "chunked",
            "-1",
            "99999999999999999999",
            "Bearer x",
            "Bearer " + "x" * 600,
            "DPoP x",
            "Basic eDp5",
            "fr;q=0.9,en;q=" + "9" * 100,
            "fr;q=.",
            "text/html",
            "*/*",
            "[::1]:8700",
            "127.0.0.1:8700",
            "evil.example",
            "bytes=0-",
            "x" * 20_000,
        )
    ),
)


def send(town: Town, sent: Sent, *, peer: str = "127.0.0.1") -> TransportResponse:
    """Send a request as it is."""
    transport = AsgiTransport(town.app, town.house.settings.base_url, client_host=peer)
    return transport.request(sent.method, sent.target, headers=sent.headers, body=sent.body)


@st.composite
def wild(draw: Draw, method: str, template: str) -> Sent:
    """Return a request for a route of which nothing is known but its method and its path."""
    known = st.sampled_from((ISSUER, "fr-health", INSPECTION, "a1", "ehic", "portadoc.css", "expired"))
    segment = st.one_of(known, texts, st.just(""), st.just("a" * 3000))
    path = _PARAMETER.sub(lambda _: quoted(draw(segment)), template)
    if not draw(st.integers(0, 9)):
        path += draw(st.sampled_from(("/", "//", "/..", "/%2e%2e/", "%ff%fe", ";x=1", "%00", "%")))
    sent = Sent(method if draw(st.integers(0, 9)) else draw(st.sampled_from(METHODS)), path)
    sent.query = draw(
        st.one_of(st.just(""), st.binary(max_size=30).map(quote_from_bytes), st.just("&&=&=;?x[]=1"))
    )
    content_type, sent.body = draw(_body())
    sent.headers = {"content-type": content_type} if content_type else {}
    return sent


@st.composite
def _body(draw: Draw) -> tuple[str, bytes]:
    kind = draw(st.sampled_from(("none", "json", "form", "bytes")))
    if kind == "json":
        return JSON, draw(respelt_json(draw(json_values.map(_json_text))))
    if kind == "form":
        pairs = draw(st.lists(st.tuples(texts, texts), max_size=5))
        return FORM, "&".join(f"{quoted(name)}={quoted(value)}" for name, value in pairs).encode()
    if kind == "bytes":
        return draw(st.sampled_from(("", JSON, FORM, "text/plain"))), draw(st.binary(max_size=200))
    return "", b""


def _json_text(value: Any) -> bytes:
    return json.dumps(value).encode()


def _with_odd_headers(draw: Draw, sent: Sent) -> Sent:
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        sent.headers[draw(_header_names)] = draw(_header_values)
    return sent


def test_every_route_that_is_tried_near_its_sound_form_exists(town: Town) -> None:
    assert set(NEAR) <= set(routes_of(town.app))


def test_anything_sent_to_any_route_is_answered_without_an_incident(town: Town) -> None:
    for method, template in routes_of(town.app):
        _throw_at(town, method, template)


def _throw_at(town: Town, method: str, template: str) -> None:
    @bounded(40, by_default=8)  # of each of some two hundred routes
    @given(data=st.data())
    def throw(data: st.DataObject) -> None:
        sent = _with_odd_headers(data.draw, data.draw(wild(method, template)))
        answer = send(town, sent, peer=data.draw(st.sampled_from(("127.0.0.1", "127.0.0.1", FAR_AWAY))))
        if sent.method == "HEAD":  # told by status and headers alone
            assert (answer.status < 500, answer.body) == (True, b"")
        else:
            require_sound(answer, may_be_page=template.startswith(PAGES))

    throw()


@pytest.mark.parametrize("route", sorted(NEAR), ids=" ".join)
def test_a_request_near_the_sound_one_is_answered_without_an_incident(town: Town, route: tuple[str, str]) -> None:
    statuses: set[int] = set()
    if route[1].startswith("/tour"):
        town.walk_the_tour()

    # what is drawn changes with every change of a test: few of the first may come near
    for effort in (bounded(60, by_default=25), bounded(600)):
        _try_near(town, route, statuses, effort)
        if min(statuses) < 400:
            return
    raise AssertionError("no request came near enough to be taken")


def _try_near(town: Town, route: tuple[str, str], statuses: set[int], effort: settings) -> None:
    @effort
    @given(data=st.data())
    def try_near(data: st.DataObject) -> None:
        sent = _with_odd_headers(data.draw, NEAR[route](data.draw, town))
        answer = send(town, sent)
        statuses.add(answer.status)
        require_sound(answer, may_be_page=route[1].startswith(PAGES))

    try_near()
