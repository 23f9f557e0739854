"""A browser asks: the cookie that proves it, the way back from the wallet, the result and the receipt it sees."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from portadoc.errors import Refused, Unavailable, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.jwe import encrypt
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import bind, select
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.verification.receipts import open_receipt
from portadoc.verifier.requests import Phase
from portadoc.wallet_sim.transport import TransportResponse

HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}
FORM = {"content-type": "application/x-www-form-urlencoded", **HTML}
PURPOSE = "inspector-quick"


@dataclass
class Browser:
    """A browser with its one cookie, at one session."""

    world: Any
    cookies: dict[str, str] = field(default_factory=dict)
    path: str = ""

    def get(self, path: str, **headers: str) -> TransportResponse:
        own = [f"{name}={value}" for name, value in self.cookies.items() if path.startswith(self.path)]
        sent = {**HTML, **({"cookie": "; ".join(own)} if own else {}), **headers}
        response: TransportResponse = self.world.http.get(path, headers=sent)
        return response

    def start(self, channel: str, *, preset: str = PURPOSE, **form: str) -> TransportResponse:
        body = urlencode({"preset": preset, "channel": channel, **form}).encode()
        path = f"/verifier/{self.world.SLUG}/sessions"
        response: TransportResponse = self.world.http.request("POST", path, headers=FORM, body=body)
        if response.status == 303:
            name, _, rest = response.headers["set-cookie"].partition("=")
            self.cookies[name] = rest.split(";")[0]
            self.path = response.headers["location"]
        return response

    def show(self, **headers: str) -> TransportResponse:
        return self.get(self.path, **headers)

    @property
    def transaction_id(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def secret(self) -> str:
        return self.cookies["portadoc-session"]

    @property
    def view(self) -> Any:
        return self.world.verifier.session(self.world.SLUG, self.transaction_id, self.secret)


@dataclass
class WalletSide:
    """What the wallet does with the link of a session."""

    browser: Browser

    @property
    def asked(self) -> dict[str, Any]:
        world = self.browser.world
        link = world.verifier.link(self.browser.view.request)
        (uri,) = parse_qs(urlsplit(link).query)["request_uri"]
        claims: dict[str, Any] = unverified_claims(world.http.get(uri).text)
        return claims

    def answer(self, *, nonce: str | None = None, credential: str | None = None) -> TransportResponse:
        world, asked = self.browser.world, self.asked
        presentation = bind(
            credential or world.held("pda1"),
            audience=asked["client_id"],
            nonce=nonce or asked["nonce"],
            now=world.clock.now(),
            signer=world.holder,
        )
        (key,) = asked["client_metadata"]["jwks"]["keys"]
        payload = {"vp_token": {"a1": [presentation]}, "state": asked["state"]}
        text = encrypt(strict_json.dumps(payload), key, enc="A256GCM", apu=None, apv=None)
        response: TransportResponse = world.http.post_form(asked["response_uri"], {"response": text})
        return response

    def way_on(self) -> str:
        """Answer well and return where the wallet sends the holder: path and query."""
        uri = urlsplit(self.answer().json()["redirect_uri"])
        return f"{uri.path}?{uri.query}"


def started(world: Any, channel: str, **form: str) -> tuple[Browser, WalletSide]:
    browser = Browser(world)
    assert browser.start(channel, **form).status == 303
    return browser, WalletSide(browser)


# --- asking


def test_the_page_that_asks_offers_every_purpose_that_is_registered(world: Any) -> None:
    for language, word in (("en", "Purpose"), ("fr", "But")):
        response = world.http.get(f"/verifier/{world.SLUG}/ask?lang={language}", headers=HTML)
        assert response.status == 200
        assert f"<legend>{word}</legend>" in response.text
        assert 'value="inspector-quick"' in response.text
    assert "script-src 'self'" in response.headers["content-security-policy"]
    other = world.http.get("/verifier/de-other/ask", headers=HTML)
    assert 'value="care-desk"' not in other.text
    assert world.http.get("/verifier/nobody/ask", headers=HTML).status == 404


def test_asking_is_for_this_machine_and_our_own_page_only(world: Any) -> None:
    away = {**FORM, "x-forwarded-for": "203.0.113.7"}
    crossing = {**FORM, "sec-fetch-site": "cross-site"}
    path = f"/verifier/{world.SLUG}/sessions"
    body = b"preset=inspector-quick&channel=cross_device"
    for headers in (away, crossing):
        assert world.http.request("POST", path, headers=headers, body=body).status == 403
    assert (
        world.http.get(f"/verifier/{world.SLUG}/ask", headers={**HTML, "forwarded": "for=1.2.3.4"}).status == 403
    )


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"preset": "nothing", "channel": "cross_device"}, 403),
        ({"preset": PURPOSE, "channel": "system"}, 400),
        ({"preset": PURPOSE, "channel": "same_device", "on_date": "tomorrow"}, 400),
        ({"channel": "same_device"}, 403),
    ],
)
def test_a_form_that_asks_nothing_sound_is_refused_as_a_page(
    world: Any, form: dict[str, str], status: int
) -> None:
    path = f"/verifier/{world.SLUG}/sessions"
    response = world.http.request("POST", path, headers=FORM, body=urlencode(form).encode())
    assert (response.status, response.content_type) == (status, "text/html")


def test_the_cookie_is_out_of_reach_and_survives_the_way_back(world: Any) -> None:
    cookie = Browser(world).start("same_device").headers["set-cookie"]
    attributes = {
        part.strip().partition("=")[0].lower(): part.strip().partition("=")[2] for part in cookie.split(";")
    }
    assert attributes["samesite"] == "lax"
    assert "httponly" in attributes
    assert attributes["path"].startswith(f"/verifier/{world.SLUG}/sessions/")
    assert "secure" not in attributes  # plain http on loopback; see the next test


def test_the_cookie_travels_over_tls_only_where_there_is_tls(make_world: Any) -> None:
    world = make_world(base_url="https://localhost:8700")
    assert "secure" in Browser(world).start("same_device").headers["set-cookie"].lower()


# --- cross-device: a code that lives shortly, a number to compare


def test_a_code_for_another_device_lives_shortly_and_shows_a_number_to_compare(world: Any) -> None:
    browser, _ = started(world, "cross_device")
    shown = browser.show()
    assert shown.status == 200
    assert '<svg role="img"' in shown.text
    number = browser.view.request.confirmation
    assert len(number) == 6
    assert number in shown.text
    assert '<noscript><meta http-equiv="refresh"' in shown.text
    world.clock.advance(world.settings.session_ttl_s)
    assert browser.view.stage == "expired"
    assert "refresh" not in browser.show().text
    assert world.settings.session_ttl_s < world.settings.request_ttl_s


def test_the_holders_page_shows_the_same_number_and_the_receipt_and_nothing_else(world: Any) -> None:
    browser, wallet = started(world, "cross_device")
    place = wallet.way_on()
    page = world.http.get(place, headers=HTML)
    assert page.status == 200
    assert browser.view.request.confirmation in page.text
    assert "FR" not in page.text.replace("lang=", "")
    file = world.http.get(place.replace("?", "/file?"))
    assert file.content_type == "application/verification-receipt+jwt"
    receipt = open_receipt(file.text, verifiers=world.keys.trust, now=world.NOW)
    assert (receipt.verifier_id, receipt.purpose, receipt.verdict) == ("DE:TEST90", PURPOSE, "authentic_in_force")
    path = urlsplit(place).path
    for wrong in (path, f"{path}?response_code=x", f"{path}x?{urlsplit(place).query}"):
        assert world.http.get(wrong, headers=HTML).status == 404


def test_the_result_page_shows_verdict_report_and_receipt_to_the_browser_that_asked(world: Any) -> None:
    browser, wallet = started(world, "cross_device")
    assert wallet.answer().status == 200
    for language in ("en", "fr"):
        shown = browser.get(f"{browser.path}?lang={language}")
        assert shown.status == 200
        assert 'class="overall green"' in shown.text
        assert '<article class="report report-green report-only"' in shown.text
    receipt = browser.get(f"{browser.path}/receipt")
    assert open_receipt(receipt.text, verifiers=world.keys.trust, now=world.NOW).colour == "green"
    assert 'filename="receipt.jwt"' in receipt.headers["content-disposition"]


def test_a_refused_answer_shows_why(world: Any) -> None:
    browser, wallet = started(world, "cross_device")
    assert wallet.answer(nonce="of-another-session").status == 400
    shown = browser.show()
    assert 'class="overall amber"' in shown.text
    assert "kb_invalid" in shown.text


def test_g16_words_of_the_wallet_are_text_on_the_page(world: Any) -> None:
    browser, wallet = started(world, "cross_device")
    hostile = {"error": "access_denied", "error_description": '"><script>alert(1)</script>'}
    world.http.post_form(wallet.asked["response_uri"], {**hostile, "state": wallet.asked["state"]})
    shown = browser.show()
    assert "<script>alert" not in shown.text
    assert "alert(1)" in shown.text


def test_g22_claims_are_text_on_the_page(world: Any) -> None:
    browser, wallet = started(world, "cross_device")
    claims = world.claims("pda1")
    hostile = "</text><script>alert(1)</script>"
    credential = world.held("pda1", employer={**claims["employer"], "name": hostile})
    wallet.answer(credential=credential)
    shown = browser.show()
    assert shown.status == 200
    assert "<script>alert" not in shown.text


# --- V-55, G12, G13: who sees a result


def test_v55_g12_g13_nobody_but_the_browser_that_asked_sees_anything(world: Any) -> None:
    browser, wallet = started(world, "cross_device")
    other, _ = started(world, "cross_device")
    wallet.answer()
    for cookies in ({}, {"portadoc-session": other.secret}, {"portadoc-session": "x"}):
        stranger = Browser(world, cookies, browser.path)
        for suffix in ("", "/events", "/receipt", "/return?response_code=x", "/requests"):
            response = stranger.get(browser.path + suffix)
            assert (response.status, "report-" in response.text) == (404, False), suffix
    assert browser.show().status == 200


def test_v55_g13_on_the_same_device_a_result_waits_for_the_way_back(world: Any) -> None:
    browser, wallet = started(world, "same_device")
    assert (
        f'href="{browser.world.verifier.link(browser.view.request)}"'.replace("&", "&amp;") in browser.show().text
    )
    back = wallet.way_on()
    assert urlsplit(back).path == f"{browser.path}/return"
    (code,) = parse_qs(urlsplit(back).query)["response_code"]
    assert len(code) >= 43  # 256 bits
    assert (browser.view.stage, browser.view.result, browser.view.receipt) == ("return", None, None)
    assert "report-" not in browser.show().text
    response = browser.get(back, **{"sec-fetch-site": "cross-site"})
    assert (response.status, response.headers["location"]) == (303, browser.path)
    assert browser.view.stage == "told"
    assert browser.view.result.accepted
    assert "report-green" in browser.show().text


@pytest.mark.parametrize("code", [None, "", "x", "A" * 43])
def test_v55_g13_a_missing_or_wrong_code_releases_nothing(world: Any, code: str | None) -> None:
    browser, wallet = started(world, "same_device")
    right = wallet.way_on()
    place = f"{browser.path}/return" + ("" if code is None else f"?response_code={code}")
    response = browser.get(place, accept="application/json")
    assert (response.status, response.json()["code"]) == (400, "response_code_invalid")
    assert browser.view.result is None
    assert browser.get(right).status == 303


def test_v55_g13_the_code_of_one_session_opens_no_other(world: Any) -> None:
    victim, wallet = started(world, "same_device")
    attacker, attackers_wallet = started(world, "same_device")
    right, theirs = wallet.way_on(), attackers_wallet.way_on()
    # the attacker's browser with the victim's code, and the other way round
    crossed = theirs.replace(urlsplit(theirs).query, urlsplit(right).query)
    assert attacker.get(crossed).status == 400
    assert attacker.get(right).status == 404
    assert (victim.view.stage, attacker.view.stage) == ("return", "return")
    assert victim.get(right).status == 303


def test_v55_g13_a_link_that_was_slipped_to_a_victim_shows_the_attacker_nothing(world: Any) -> None:
    attacker, victims_wallet = started(world, "same_device")
    back = victims_wallet.way_on()
    victims_browser = Browser(world, {}, attacker.path)
    assert victims_browser.get(back).status == 404
    assert attacker.view.stage == "return"
    assert attacker.view.result is None
    refused, wallet = started(world, "same_device")
    wallet.answer(nonce="other")
    for presentation in refused.view.result.presentations:
        assert presentation.report.claims == {}


def test_v55_g13_a_code_is_used_once(world: Any) -> None:
    browser, wallet = started(world, "same_device")
    back = wallet.way_on()
    assert browser.get(back).status == 303
    again = browser.get(back, accept="application/json")
    assert (again.status, again.json()["code"]) == (400, "response_code_invalid")
    assert browser.view.stage == "told"


def test_v55_a_withdrawn_attestation_of_a_stranger_shows_no_claim_on_the_same_device(world: Any) -> None:
    browser, wallet = started(world, "same_device")
    world.withdraw(7, iat=world.NOW - 10)
    assert wallet.answer(credential=world.credential()).status == 400
    (presentation,) = browser.view.result.presentations
    assert browser.view.stage == "told"
    assert presentation.report.claims == {}
    assert "report-red" in browser.show().text


def test_v55_two_ways_back_at_once_count_as_one(world: Any) -> None:
    browser, wallet = started(world, "same_device")
    (code,) = parse_qs(urlsplit(wallet.way_on()).query)["response_code"]
    twin = world.another_process()
    world.verifier.come_back(world.SLUG, browser.transaction_id, browser.secret, code)
    with pytest.raises(Untrusted):
        twin.come_back(world.SLUG, browser.transaction_id, browser.secret, code)


# --- the receipt of a check


def test_the_receipt_holds_nothing_of_the_person_and_is_told_to_the_system_that_asked(world: Any) -> None:
    session = world.ask()
    answer = session.answer().json()
    view = session.view()
    claims = unverified_claims(view.receipt)
    told = strict_json.dumps(claims).decode()
    for private in ("document_number", "personal_administrative_number"):
        assert world.claims()[private] not in told
    assert claims["policy_version"] == view.result.presentations[0].report.policy_version
    code = parse_qs(urlsplit(answer["redirect_uri"]).query)["response_code"][0]
    request_id = session.created.request_uri.rpartition("/")[2]
    assert world.verifier.receipt(world.SLUG, request_id, code).receipt == view.receipt
    with pytest.raises(Refused):
        world.verifier.receipt(world.SLUG, request_id, None)


def test_a_refused_presentation_has_a_receipt_too_and_what_cannot_be_read_has_none(world: Any) -> None:
    stranger = LocalSigner(new_private_key("ES256", system_random_bytes))
    session = world.ask()
    assert "redirect_uri" not in session.answer(session.present(signer=stranger)).json()
    claims = unverified_claims(session.view().receipt)
    assert (claims["verdict"], claims["colour"]) == ("holder_not_proven", "amber")
    unread = world.ask()
    unread.answer("x", vp_token={"a1": ["no presentation"]})
    assert unread.view().receipt is None
    declined = world.ask()
    declined.post({"error": "access_denied", "state": declined.request["state"]})
    assert declined.view().receipt is None


def test_an_answer_is_taken_even_where_its_receipt_cannot_be_kept(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise Unavailable("storage_unavailable", reason="full")

    monkeypatch.setattr("portadoc.verifier.store.request_store.add_receipt", full)
    session = world.ask()
    assert session.answer().status == 200
    assert (session.code, session.view().receipt) == ("accepted", None)


def test_an_answer_that_lacks_what_was_asked_is_not_what_was_asked(world: Any) -> None:
    session = world.ask()
    session.answer(session.present(select(world.credential(), [])))
    assert session.view().result.verdict == "not_what_was_asked"
    assert unverified_claims(session.view().receipt)["verdict"] == "not_what_was_asked"


def test_pages_use_only_files_of_their_own(world: Any) -> None:
    shown = Browser(world)
    shown.start("cross_device")
    text = shown.show().text
    for name in ("pages.css", "report.css", "live.js"):
        assert f"/verifier-pages/{name}?v=" in text
        assert world.http.get(f"/verifier-pages/{name}").status == 200
    assert world.http.get("/verifier-pages/../settings.py").status == 404
    assert shown.view.request.phase is Phase.OPEN
