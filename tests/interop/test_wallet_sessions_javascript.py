"""A browser asks on our pages; a wallet that nobody here wrote (npm ``@openid4vc`` 0.4.6) answers in every way.

Every preset on the same device and across devices; the request fetched by GET and by POST; the answer encrypted
with both ciphers, or in clear; the way back with the response code, in the browser that asked and in another one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pytest

from portadoc.demo.story import INSPECTION
from portadoc.formats.openid4vp.request_object import ResponseMode
from portadoc.serve.house import House
from portadoc.verification.presets.presets import PRESETS, preset
from portadoc.verifier.asking import Asked
from portadoc.verifier.requests import Channel
from portadoc.verifier.sessions import Stage
from tests.interop.test_wallet_javascript import CASES, Case, accept, require_answered

pytestmark = pytest.mark.node

RunScript = Callable[[str, object], Any]
PAGE: Final = {"accept": "text/html", "sec-fetch-site": "same-origin"}
PID: Final = Case("fr-identity", "pid-posted-worker", "pid", "", frozenset())
FORM: Final = "application/x-www-form-urlencoded"
WALLET_METADATA: Final = {"request_object_signing_alg_values_supported": ["ES256"]}
CIPHERS: Final = ("A128GCM", "A256GCM")


@dataclass(frozen=True)
class Page:
    """What a browser is told before it would follow or show anything."""

    status: int
    headers: Mapping[str, str]


@dataclass
class Browser:
    """A browser with at most one cookie, at one session."""

    house: House
    cookie: str | None = None
    path: str = ""

    @property
    def transaction_id(self) -> str:
        return self.path.rpartition("/")[2]

    def starts(self, name: str, channel: Channel) -> None:
        """Ask a question on the page."""
        form = urlencode({"preset": name, "channel": str(channel)})
        answer = self._exchange("POST", f"/verifier/{INSPECTION}/sessions", form, content_type=FORM)
        assert answer.status == 303
        self.path = urlsplit(answer.headers["location"]).path
        self.cookie = answer.headers["set-cookie"].partition(";")[0]

    def opens(self, url: str) -> "Page":
        """Fetch a page without following where it leads."""
        assert url.startswith(self.origin)
        return self._exchange("GET", url.removeprefix(self.origin))

    def _exchange(
        self, method: str, path: str, body: str | None = None, content_type: str | None = None
    ) -> "Page":
        headers = {**PAGE, "cookie": self.cookie, "content-type": content_type}
        connection = HTTPConnection(urlsplit(self.origin).netloc, timeout=10)
        try:
            sent = {name: value for name, value in headers.items() if value is not None}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            answer.read()
            return Page(answer.status, {name.lower(): value for name, value in answer.getheaders()})
        finally:
            connection.close()

    def stage(self) -> Stage:
        """Return where the session stands for the browser that asked."""
        assert self.cookie is not None
        secret = self.cookie.partition("=")[2]
        return self.house.verifier.session(INSPECTION, self.transaction_id, secret).stage

    def link(self) -> str:
        """Return what the wallet is given: the link, or what stands in the QR code."""
        assert self.cookie is not None
        secret = self.cookie.partition("=")[2]
        view = self.house.verifier.session(INSPECTION, self.transaction_id, secret)
        return self.house.verifier.link(view.request)

    @property
    def origin(self) -> str:
        return self.house.settings.base_url


@pytest.fixture(scope="module")
def pocket(run_script: RunScript, house: House) -> list[Any]:
    """What a wallet holds that can answer every preset: an A1 in full form, a card and PID of one person."""
    cases = (CASES["pda1-webuild"], PID, CASES["ehic"])
    return [held for case in cases for held in accept(run_script, house, case, copies=1).took["held"]]


def answered(
    run_script: RunScript, browser: Browser, pocket: list[Any], *, by_post: bool = False, enc: str = CIPHERS[0]
) -> dict[str, Any]:
    """Let the wallet answer the browser's question."""
    question: dict[str, Any] = {
        "origin": browser.origin,
        "link": browser.link() + ("&" + urlencode({"request_uri_method": "post"}) if by_post else ""),
        "held": pocket,
        "selectOnce": True,
        "enc": enc,
    }
    if by_post:
        question["walletMetadata"] = WALLET_METADATA
    told: dict[str, Any] = run_script("present.mjs", question)
    assert told["answer"]["status"] == 200, told["answer"]
    assert told["jweHeader"]["enc"] == enc
    assert [each["method"] for each in told["traffic"]] == ["POST" if by_post else "GET", "POST"]
    return told


def require_shown(browser: Browser, name: str) -> None:
    """Require that the page shows a result, and that it answers all that was asked."""
    assert browser.stage() is Stage.TOLD
    page = browser.opens(f"{browser.origin}{browser.path}")
    assert page.status == 200
    secret = (browser.cookie or "").partition("=")[2]
    result = browser.house.verifier.session(INSPECTION, browser.transaction_id, secret).result
    require_answered(result, name)


@pytest.mark.parametrize("name", PRESETS)
def test_a_wallet_on_another_device_answers_every_preset(
    run_script: RunScript, house: House, pocket: list[Any], name: str
) -> None:
    browser = Browser(house)
    browser.starts(name, Channel.CROSS_DEVICE)
    turn = list(PRESETS).index(name)
    told = answered(run_script, browser, pocket, by_post=turn % 2 == 1, enc=CIPHERS[turn // 2 % 2])
    receipt = told["answer"]["body"]["redirect_uri"]  # the holder's own device is led to the receipt, nowhere else
    assert urlsplit(receipt).path.startswith(f"/verifier/{INSPECTION}/receipts/")
    assert Browser(house).opens(receipt).status == 200
    assert Browser(house).opens(receipt.partition("?")[0]).status == 404
    require_shown(browser, name)


@pytest.mark.parametrize("name", PRESETS)
def test_v55_g13_a_wallet_on_the_same_device_answers_every_preset_and_leads_back(
    run_script: RunScript, house: House, pocket: list[Any], name: str
) -> None:
    browser = Browser(house)
    browser.starts(name, Channel.SAME_DEVICE)
    turn = list(PRESETS).index(name)
    told = answered(run_script, browser, pocket, by_post=turn % 2 == 0, enc=CIPHERS[turn // 2 % 2])
    way_back = told["answer"]["body"]["redirect_uri"]
    assert browser.stage() is Stage.RETURN
    assert Browser(house).opens(way_back).status == 404
    assert browser.opens(way_back.replace("response_code=", "response_code=x")).status == 400
    assert browser.stage() is Stage.RETURN
    back = browser.opens(way_back)
    assert (back.status, back.headers["location"]) == (303, browser.path)
    assert browser.opens(way_back).status == 400
    require_shown(browser, name)


@pytest.mark.parametrize("by_post", [False, True], ids=["GET", "POST"])
@pytest.mark.parametrize("enc", CIPHERS)
def test_v54_every_cipher_and_method_go_together(
    run_script: RunScript, house: House, pocket: list[Any], enc: str, by_post: bool
) -> None:
    browser = Browser(house)
    browser.starts("inspector-quick", Channel.CROSS_DEVICE)
    answered(run_script, browser, pocket, by_post=by_post, enc=enc)
    require_shown(browser, "inspector-quick")


def test_a_response_in_clear_is_taken_where_the_request_asks_for_one(
    run_script: RunScript, house: House, pocket: list[Any]
) -> None:
    asked = Asked(response_mode=ResponseMode.DIRECT_POST)
    session = house.verifier.create_request(INSPECTION, preset("inspector-quick"), asked=asked)
    question = {"origin": house.settings.base_url, "link": session.link, "held": pocket, "selectOnce": True}
    told = run_script("present.mjs", question)
    assert told["answer"]["status"] == 200, told["answer"]
    assert told["responseMode"] == "direct_post"
    assert set(told["traffic"][1]["fields"]) == {"vp_token", "state"}
    result = house.verifier.result(INSPECTION, session.transaction_id, session.session_secret).result
    assert result is not None
    assert result.accepted
