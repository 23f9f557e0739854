"""The pages before an authorization: in eight languages, without a script, for the browser that began only."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlencode

import pytest
from fastapi import Request, Response

from portadoc.catalogue import WITH_TEXTS, texts
from portadoc.errors import Conflict
from portadoc.issuer.entitlements import entitlement
from portadoc.issuer.http.authorize import MOST_AT_ONCE, Cookies
from portadoc.issuer.identification.matching import Fact, Finding
from portadoc.issuer.pages.authorize_page import Pages
from tests.flows.identifying import A1, Browser, Town, other_pid, parameters
from tests.unit.issuer.identification.test_certificates import WORKER, worker


@pytest.fixture
def browser(town: Town) -> Browser:
    town.give_pid(town.wallet)
    town.certificate()
    opened = town.browser()
    opened.open(town.pushed())
    return opened


def pages(town: Town, browser: Browser) -> dict[str, str]:
    """Return the markup of every page, by name."""
    found = {"choose": browser.get(browser.place).text}
    link = browser.post(f"{browser.place}/pid").headers["location"]
    found["open"] = browser.get(link).text
    twin = town.make_wallet()
    town.give_pid(twin, other_pid(given_name="Aurore"))
    town.identify(browser, twin)
    found["nothing"] = browser.get(browser.place).text
    town.identify(browser)
    found["certificates"] = browser.get(browser.place).text
    found["stopped"] = browser.get(f"/issuer/{A1}/authorize/nobody").text
    return found


@pytest.mark.parametrize("language", WITH_TEXTS)
def test_every_page_is_written_in_the_language_of_its_reader(town: Town, language: str) -> None:
    town.give_pid(town.wallet)
    town.certificate()
    browser = town.browser(language)
    browser.open(town.pushed())
    words = texts(language, "authorize").entries
    titles = {
        "choose": "choose.title",
        "open": "open.title",
        "nothing": "none.title",
        "certificates": "found.title",
        "stopped": "stopped.title",
    }
    for name, markup in pages(town, browser).items():
        assert f'<html lang="{language}">' in markup, name
        assert f"<h1>{words[titles[name]]}</h1>" in markup, name
        assert markup.count("<h1>") == 1, name


def test_pages_hold_no_script_and_nothing_from_elsewhere(town: Town, browser: Browser) -> None:
    for name, markup in pages(town, browser).items():
        assert not re.search(r"<script|<iframe|style=|\son[a-z]+=|<meta http-equiv", markup), name
        assert not re.search(r'(?:src|href|action)="https?:', markup), name
        assert '<a class="skip" href="#content">' in markup, name
        ids = re.findall(r'\sid="([^"]+)"', markup)
        assert len(set(ids)) == len(ids), name
        for named in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', markup):
            assert named in ids, (name, named)
        heads = [int(level) for level in re.findall(r"<h([1-6])", markup)]
        assert all(after <= before + 1 for before, after in pairwise(heads)), name


def test_the_policy_lets_a_form_end_at_the_wallet_and_nowhere_else(town: Town, browser: Browser) -> None:
    answer = browser.get(browser.place)
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' test-wallet:; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    stopped = browser.get(f"/issuer/{A1}/authorize/nobody")
    assert "form-action 'self';" in stopped.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [
        ("https://wallet.example/back?x=1", " https://wallet.example"),
        ("https://wallet.example:8443/", " https://wallet.example:8443"),
        ("https://w.example;script-src/x", ""),
        ("eu.wallet.app:/back", " eu.wallet.app:"),
    ],
)
def test_no_address_of_a_wallet_can_write_a_policy(
    make_town: Callable[..., Town], redirect_uri: str, source: str
) -> None:
    town = make_town(redirect_uris=(redirect_uri,))
    browser = town.browser()
    browser.open(town.pushed(redirect_uri=redirect_uri))
    policy = browser.get(browser.place).headers["content-security-policy"]
    assert f"form-action 'self'{source};" in policy


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(town: Town) -> None:
    begun = town.browser().get(town.pushed())
    cookie = begun.headers["set-cookie"]
    assert f"Path=/issuer/{A1}/authorize;" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=900;" in cookie


def test_over_tls_no_other_host_of_the_domain_can_set_the_cookie(town: Town) -> None:
    """Whoever could, would let a victim's browser come back to an authorization of the attacker."""
    settings = town.issuer.settings.model_copy(update={"base_url": "https://issuer.example"})
    cookies, response = Cookies(Pages(settings)), Response()
    cookies.keep(Request({"type": "http", "headers": []}), response, A1, "a1", "secret")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-portadoc-authorize-a1=secret; ")
    assert cookie.endswith("; Path=/; SameSite=lax; Secure")
    tossed = Request({"type": "http", "headers": [(b"cookie", b"portadoc-authorize-a1=tossed")]})
    assert cookies.secret(tossed, "a1") == ""


def test_two_authorizations_in_one_browser_do_not_end_each_other(town: Town) -> None:
    browser = town.browser()
    first = browser.open(town.pushed())
    second = browser.open(town.pushed())
    assert (browser.get(first).status, browser.get(second).status) == (200, 200)


def test_no_page_fills_a_browser_with_cookies_until_nothing_is_answered(town: Town) -> None:
    """Whoever opens pushed requests in somebody's browser makes its requests no longer than a few of them."""
    names = [f"portadoc-authorize-{number:032x}" for number in range(MOST_AT_ONCE)]
    for held in (names[:-1], names):
        carried = "; ".join(f"{name}=secret" for name in held)
        begun = town.http.request("GET", town.pushed(), headers={"cookie": f"other=1; {carried}"})
        assert begun.status == 303
        ended = [name for name in names if f"{name}=" in begun.headers["set-cookie"]]
        assert ended == (held if held == names else [])


def test_a_yes_is_to_what_was_seen(town: Town, browser: Browser) -> None:
    """In a second tab somebody else identifies: the yes of the first tab is not to that person's certificate."""
    town.identify(browser)
    first_tab = browser.seen()
    other = town.make_wallet()
    town.give_pid(other, other_pid(given_name="Aurore"))
    town.issuer.upload(A1, worker(forenames="Aurore", pin="2 91 04 99 512 777 01"))
    town.identify(browser, other)
    for seen in (first_tab, "", "é"):
        again = browser.post(f"{browser.place}/approve", form=urlencode({"seen": seen}))
        assert (again.status, again.headers["location"]) == (303, browser.place)
    assert "code=" in browser.approve().headers["location"]


def test_a_yes_is_to_what_was_seen_when_another_identifies_meanwhile(town: Town, browser: Browser) -> None:
    """Between the look at what the reader has seen and the code, somebody else is identified in another tab."""
    town.identify(browser)
    sessions, authorization_id = town.issuer.authorizations, browser.place.rpartition("/")[2]
    seen = sessions.of_browser(A1, authorization_id, browser_secret=browser.secret())
    other = town.issuer.upload(A1, worker(forenames="Aurore", pin="2 91 04 99 512 777 01"))
    known = sessions.identified(seen, replace(WORKER, given_name="Aurore").to_json())
    sessions.entitle(known, [entitlement(other, "pda1")])
    with pytest.raises(Conflict, match="authorization_over"):
        sessions.approve(seen)


def test_two_who_identify_at_one_moment_get_nothing_of_each_other(town: Town, browser: Browser) -> None:
    """What was found for the first is written after the second has identified."""
    before, secret = town.issuer.authorizations, browser.secret()
    open_one = before.of_browser(A1, browser.place.rpartition("/")[2], browser_secret=secret)
    found = town.issuer.identifying.certificates.held(A1, ("pda1",), WORKER)
    first = before.identified(open_one, WORKER.to_json())
    before.identified(open_one, replace(WORKER, given_name="Aurore").to_json())
    before.entitle(first, tuple(one for each in found for one in each.entitlements))
    assert "Nothing can be given" in browser.page()
    assert browser.approve().status == 409


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_j17_another_site_sends_nobody_to_a_provider(town: Town, browser: Browser, site: str) -> None:
    sent = browser.get(f"{browser.place}/provider/france-connect", **{"sec-fetch-site": site})
    assert sent.status == 403


def test_a_pushed_request_is_begun_once_and_by_its_client(town: Town) -> None:
    address = town.pushed()
    assert town.browser().get(address.replace("client_id=test-wallet", "client_id=other")).status == 403
    assert town.browser().get(address).status == 303
    assert town.browser().get(address).status == 403
    assert town.browser().get(f"/issuer/{A1}/authorize").status == 403
    assert town.browser().get("/issuer/nobody/authorize?client_id=a&request_uri=b").status == 404


def test_another_browser_sees_and_does_nothing(town: Town, browser: Browser) -> None:
    town.identify(browser)
    stranger = town.browser()
    for path in ("", "/pid/0", "/return?response_code=x", "/provider/france-connect"):
        assert stranger.get(f"{browser.place}{path}").status == 404, path
    for path in ("/pid", "/approve", "/refuse"):
        assert stranger.post(f"{browser.place}{path}").status == 404, path
    assert "What the wallet will get" in browser.page()


@pytest.mark.parametrize("path", ["/pid", "/approve", "/refuse"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_j17_another_site_can_press_no_button(town: Town, browser: Browser, path: str, site: str) -> None:
    town.identify(browser)
    refused = browser.post(f"{browser.place}{path}", **{"sec-fetch-site": site})
    assert refused.status == 403
    assert "What the wallet will get" in browser.page()


def test_nobody_approves_before_anybody_identified(town: Town, browser: Browser) -> None:
    assert browser.approve().status == 409


def test_a_wallet_is_named_by_its_address_where_nobody_vouches_for_a_name(town: Town, browser: Browser) -> None:
    page = browser.page()
    assert "It has not been named by a wallet provider" in page
    assert "test-wallet:" in page
    assert "If a message, a code or another person led you here, refuse." in page


def test_what_a_wallet_says_of_itself_is_shown_as_text(town: Town) -> None:
    browser = town.browser()
    browser.open(town.pushed(client_id="<b>\u202egpj"))
    markup = browser.get(browser.place).text
    assert "&lt;b&gt;\\u202egpj" in markup
    assert "<b>" not in markup


def test_the_language_can_be_chosen_and_is_kept(town: Town, browser: Browser) -> None:
    chosen = browser.get(f"{browser.place}?lang=de")
    assert '<html lang="de">' in chosen.text
    assert "portadoc-authorize-language=de" in chosen.headers["set-cookie"]


def test_there_is_no_way_across_devices(town: Town, browser: Browser) -> None:
    for name, markup in pages(town, browser).items():
        assert "<svg" not in markup, name
        assert 'src="data:' not in markup, name
    assert "no code for another device" in texts("en", "authorize").text("open.same_device")


def test_without_an_access_key_and_providers_nobody_is_asked_for_a_pid(make_town: Callable[..., Town]) -> None:
    town = make_town(identity_providers=())
    town.identification.pid.offered = lambda institution: False  # type: ignore[method-assign]
    browser = town.browser()
    browser.open(town.pushed())
    assert "There is no way to identify here at present." in browser.page()
    assert browser.post(f"{browser.place}/pid").status == 403


def test_every_outcome_of_a_comparison_that_can_be_shown_has_words() -> None:
    entries = texts("en", "authorize").entries
    for fact in Fact:
        assert f"fact.{fact.value}" in entries
    for finding in set(Finding) - {Finding.OPEN}:
        assert f"finding.{finding.value}" in entries
    for because in ("number_and_names", "town_and_names", "offered_and_names"):
        assert f"because.{because}" in entries


def test_the_way_back_names_the_issuer(town: Town, browser: Browser) -> None:
    town.identify(browser)
    told = parameters(browser.approve().headers["location"])
    assert set(told) == {"code", "state", "iss"}
