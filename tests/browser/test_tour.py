"""The tour as a newcomer clicks through it: over HTTP with a plain browser, and in Chromium where there is one."""

import logging
import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from portadoc.tour.progress import Progress
from portadoc.tour.rendering import PAGES
from portadoc.tour.texts import page_texts
from portadoc.verification.rendering.wording import Words

JOURNEYS = ("a1", "ehic")
HEADLINES = {
    "en": ("Authentic and in force", "Withdrawn with effect from"),
    "fr": ("Authentique et en vigueur", "Retiré avec effet au"),
}
WALLET_SCHEMES = {"openid-credential-offer", "openid4vp"}


def click_through(browser, journey: str, *, answer: int = 0) -> list:
    """Press the one button of each page, from the first page to the last, and return what was seen."""
    pages = [browser.open("/")]
    pages.append(browser.submit(pages[-1], form=JOURNEYS.index(journey)))  # offer
    pages.append(browser.submit(pages[-1]))  # wallet
    pages.append(browser.submit(pages[-1]))  # request
    pages.append(browser.open(next(link for link in pages[-1].links if "/consent" in link)))
    pages.append(browser.submit(pages[-1], button=answer))  # report
    if answer == 0:
        pages.append(browser.submit(pages[-1]))  # withdrawal
        pages.append(browser.submit(pages[-1]))  # refusal
    return pages


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("journey", JOURNEYS)
def test_the_whole_path_from_offer_to_refusal(browser, journey, language):
    browser.language = language
    t = page_texts(language)
    pages = click_through(browser, journey)
    assert [page.path for page in pages] == ["/", *(f"/tour/{journey}/{name}" for name in PAGES)]
    assert {page.status for page in pages} == {200}
    assert {page.lang for page in pages} == {language}
    offer, wallet, request, consent, report, withdrawal, refusal = pages[1:]
    assert t["offer.code"] in offer.text
    assert t["wallet.hidden"] in wallet.text
    assert t["request.wanted"] in request.text
    assert t["consent.opened"] in consent.text
    say = Words(language).say
    assert HEADLINES[language][0] in report.text
    assert report.text.count(say("outcome.pass")) >= 12 + 3
    assert all(say(f"check.{line}") in report.text for line in ("technical_validity", "document_validity"))
    assert t["withdrawal.copies"] in withdrawal.text
    assert HEADLINES[language][1] in refusal.text
    assert say("outcome.fail") in refusal.text
    assert "revoked" in refusal.text
    assert HEADLINES[language][0] not in refusal.text


def test_the_last_page_leads_into_the_other_journey(browser):
    refusal = click_through(browser, "a1")[-1]
    assert browser.submit(refusal).path == "/tour/ehic/offer"


def test_the_holder_may_decline_and_be_asked_again(browser):
    report = click_through(browser, "a1", answer=1)[-1]
    assert "wallet_refused" in report.text
    assert browser.submit(report).path == "/tour/a1/request"


def test_a_wrong_transaction_code_leads_back_to_the_offer(browser):
    offer = browser.submit(browser.open("/"))
    right = offer.forms[0].fields["tx_code"]
    refused = browser.submit(offer, tx_code=right[:-1] + str((int(right[-1]) + 1) % 10))
    assert refused.status == 403
    assert "/tour/a1/offer" in refused.links
    assert browser.submit(offer).path == "/tour/a1/wallet"


def test_the_language_can_be_switched_on_every_page_and_stays(browser):
    for page in click_through(browser, "a1"):
        french = browser.open(f"{page.path}?lang=fr" if page.path != "/tour/a1/consent" else "/?lang=fr")
        assert french.lang == "fr"
        onward = [link for link in french.links if link.startswith("/tour") and not link.endswith("lang=en")]
        for address in (*onward, *(form.action for form in french.forms)):
            assert address.endswith("?lang=fr")


@pytest.mark.parametrize("journey", JOURNEYS)
def test_every_page_is_well_made(browser, journey):
    """One heading of the first rank, one filled button, labels that lead somewhere, test data marked as such."""
    for page in click_through(browser, journey):
        tags = page.tags
        assert "Test data" in page.text
        assert [tag for tag, _ in tags].count("h1") == 1
        assert [tag for tag, _ in tags].count("main") == 1
        ids = [values["id"] for _, values in tags if "id" in values]
        assert len(ids) == len(set(ids))
        for tag, values in tags:
            for name in ("aria-labelledby", "aria-describedby", "for"):
                assert values.get(name, ids[0]) in ids, (page.path, tag, values)
            assert tag != "script"
            assert "style" not in values
        filled = [values for tag, values in tags if tag == "button" and values.get("class") != "plain"]
        filled += [values for tag, values in tags if tag == "a" and values.get("class") == "next"]
        assert len(filled) == 1, page.path


@pytest.mark.parametrize("journey", JOURNEYS)
def test_pages_name_no_other_origin(browser, journey):
    for page in click_through(browser, journey):
        for _, values in page.tags:
            for name in ("href", "src", "action"):
                parts = urlsplit(values.get(name, ""))
                own = parts.netloc in ("", urlsplit(browser.base_url).netloc)
                assert parts.scheme in WALLET_SCHEMES or own, values


def test_secrets_of_the_session_stand_in_no_address_page_or_log(browser, caplog):
    caplog.set_level(logging.DEBUG)
    pages = click_through(browser, "a1")
    progress = Progress.from_cookie(browser.cookies["portadoc-tour", "/tour/a1"])
    secrets = [progress.question.session_secret, progress.second_question.session_secret]
    # the server's own access log is silenced in ``serve``; pytest listens to it all the same
    lines = [record.getMessage() for record in caplog.records if record.name != "uvicorn.access"]
    offered = [progress.offer_uri.rpartition("%2F")[2], progress.tx_code]
    for secret in secrets:
        assert not any(secret in page.url or secret in page.html for page in pages)
    for secret in (*secrets, *offered, "Maréchal", "A1-FR-2026-0004271"):
        assert [line for line in lines if secret in line] == []


def test_a_second_visit_does_not_disturb_the_first(tour_url, browser):
    """Each visitor withdraws the attestation of that visit only."""
    other = type(browser)(tour_url)
    mine = browser.submit(browser.submit(browser.submit(browser.open("/"))))
    click_through(other, "a1")
    consent = browser.open(next(link for link in mine.links if "/consent" in link))
    assert HEADLINES["en"][0] in browser.submit(consent).text


def test_a_request_from_another_site_is_refused(tour_url, browser):
    first = browser.open("/")
    browser.site = "cross-site"
    refused = browser.submit(first)
    assert refused.status == 403
    assert browser.raw_cookies == []


def test_a_verifier_that_still_holds_the_old_list_says_so_and_can_be_asked_again(browser):
    """As with several worker processes: the answer after the withdrawal was judged by the list from before."""
    t = page_texts("en")
    click_through(browser, "a1")
    progress = Progress.from_cookie(browser.cookies["portadoc-tour", "/tour/a1"])
    old = replace(progress, second_question=progress.question)
    browser.cookies["portadoc-tour", "/tour/a1"] = old.to_cookie()
    stale = browser.open("/tour/a1/refusal")
    assert HEADLINES["en"][0] in stale.text
    assert t["refusal.stale"] in stale.text
    assert HEADLINES["en"][1] in browser.submit(stale).text


@pytest.mark.slow
@pytest.mark.parametrize("journey", JOURNEYS)
def test_the_path_in_chromium(tour_url, chromium, journey):
    """Clicked in light and dark, at 1200, 640 (zoom 200 %) and 320 pixels; no request leaves our origin."""
    buttons = {
        "/": f"form[action^='/tour/{journey}/'] button",
        "offer": ".stacked button",
        "wallet": "article form button",
        "request": "a.next",
        "consent": ".answers button",
        "report": "article form button",
        "withdrawal": "article form button",
        "refusal": None,
    }
    chromium.open(f"{tour_url}/")
    for name, button in buttons.items():
        assert chromium.run("location.pathname") == (name if name == "/" else f"/tour/{journey}/{name}")
        for scheme in ("light", "dark"):
            for width in (1200, 640, 320):
                chromium.look(width=width, scheme=scheme)
                assert chromium.run("document.documentElement.scrollWidth") <= width, (name, width)
            ground = chromium.run("getComputedStyle(document.body).backgroundColor")
            assert (sum(map(int, re.findall(r"\d+", ground)[:3])) > 384) == (scheme == "light")
        targets = chromium.run(
            "Math.min(...[...document.querySelectorAll('main button, a.next, nav a')]"
            ".map(each => each.getBoundingClientRect().height))"
        )
        assert targets >= 24  # WCAG 2.2 §2.5.8
        if button is not None:
            chromium.click(button)
    assert {urlsplit(url).netloc for url in chromium.requested} == {urlsplit(tour_url).netloc}
    assert chromium.complaints == []
