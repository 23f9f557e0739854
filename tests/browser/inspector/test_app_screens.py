"""What a person sees: every way in leads to a verdict in words, and nothing that was scanned does anything."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from portadoc.schemas.examples import example
from tests.browser.inspector.camera import nothing, picture, write_video
from tests.browser.inspector.running import CHROMIUM, FLAGS, camera_flags, visiting

AXE = (Path(__file__).resolve().parents[3] / "inspector/node_modules/axe-core/axe.min.js").read_text()
SCREENS = ("", "scan", "ask", "import", "paper", "settings", "history", "care")
HOSTILE = "<img src=x onerror=\"document.title='run'\">\u202e" + "Z" * 10_000


@dataclass(frozen=True)
class Paper:
    """Printed seals and a verification code, all of them in the trust pack that devices fetch."""

    a1: str
    card: str
    code_url: str
    number: str


@pytest.fixture(scope="module")
def paper(inspection):
    house = inspection.house
    record = house.issuer.upload("fr-demo", example("posted-worker-fr-de"))
    card = house.issuer.upload("fr-health", example("insured-traveller"))
    a1 = house.issuer.seal("fr-demo", record, pin="none")
    sealed_card = house.issuer.seal("fr-health", card, pin="none")
    house.issuer.publish_status_lists()
    house.verifier.refresh_seal_certificates(everything=True)
    house.verifier.refresh_status_lists(everything=True)
    return Paper(a1.text, sealed_card.text, a1.verification_url, a1.document_number)


@pytest.fixture(scope="module")
def app(paper, one_device):
    """The app with the trust pack of the papers; it stays open from one test to the next."""
    return started(one_device)


@pytest.fixture
def own(emptied, inspection, paper):
    """A device that may be changed."""
    return emptied(inspection.address)


@pytest.fixture
def own_app(own):
    """The app on a device that may be changed."""
    return started(own)


def started(visit):
    page = visit.open()
    for _ in range(100):
        if visit.stored("pack"):
            return page
        page.wait_for_timeout(100)
    raise AssertionError("no trust pack was fetched")


def give(page, text):
    """Paste a text and wait for what comes of it."""
    page.goto(page.url.split("#")[0] + "#/import/text")
    page.locator("textarea").fill(text)
    page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for_url("**#/verdict/*")
    page.locator(".judging").wait_for(state="detached")
    return page.locator("main")


def complaints_of_axe(page):
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE + ";0"})
    return page.evaluate("axe.run(document).then(found => found.violations.map(each => each.id))")


def test_k07_a_printed_seal_says_authentic_and_holder_not_proven_until_a_person_compared(app, paper):
    shown = give(app, paper.a1)
    heading = shown.get_by_role("heading", level=1)
    expect(heading).to_have_text("Document authentic and in force; holder not proven")
    expect(heading).to_be_focused()
    expect(shown).to_contain_text("Maréchal-Testelin")
    expect(shown).to_contain_text("is within")
    assert complaints_of_axe(app) == []
    shown.get_by_role("button", name="Same person").click()
    expect(heading).to_have_text("Document authentic and in force; person compared")
    expect(heading).to_be_focused()


def test_another_person_makes_the_verdict_red(app, paper):
    shown = give(app, paper.a1)
    shown.get_by_role("button", name="Not this person").click()
    expect(shown.locator(".verdict-head.tone-red h1")).to_have_text("Not the holder's document")


def test_an_altered_seal_is_not_authentic_and_shows_nothing_of_its_content(app, paper):
    letter = "A" if paper.a1[-9] != "A" else "B"
    shown = give(app, paper.a1[:-9] + letter + paper.a1[-8:])
    expect(shown.locator("h1")).to_have_text("Not authentic")
    expect(shown).not_to_contain_text("Maréchal")


def test_a_card_is_not_shown_to_an_inspection_nor_an_a1_to_a_care_desk(own_app, paper):
    shown = give(own_app, paper.card)
    expect(shown.locator("h1")).to_have_text("Not for an inspection")
    expect(shown).not_to_contain_text("Delacroix")
    own_app.goto(own_app.url.split("#")[0] + "#/care")
    expect(own_app.get_by_label("Day of treatment")).to_be_visible()
    expect(own_app.locator(".bar-name")).to_contain_text("Care desk")
    expect(give(own_app, paper.card)).to_contain_text("Delacroix-Fictif")
    shown = give(own_app, paper.a1)
    expect(shown.locator("h1")).to_have_text("Not for the care desk")
    expect(shown).not_to_contain_text("Maréchal")


@pytest.mark.parametrize(
    "text", ["javascript:document.title='run'", "intent://x#Intent;end", "data:text/html,<b>x"]
)
def test_k01_an_instruction_is_shown_as_text_and_never_run(app, text):
    shown = give(app, text)
    expect(shown.locator("h1")).to_have_text("An instruction, no attestation")
    expect(shown.locator(".content")).to_contain_text(text)
    assert shown.locator(".told a").count() == 0
    assert "run" not in app.title()


def test_k03_a_look_alike_link_shows_its_host_in_full_and_leads_nowhere(app):
    shown = give(app, "https://portadoc.example@xn--prtadoc-o2a.example/v/ABCD-EFGH-JKMN-PQRS")
    expect(shown.locator(".host")).to_contain_text("xn--prtadoc-o2a.example")
    expect(shown.locator(".flags")).to_contain_text("names somebody before the host")
    assert shown.locator(".told a").count() == 0


def test_k04_hostile_text_stays_text_is_cut_visibly_and_can_be_had_whole(app):
    shown = give(app, HOSTILE[:4_000])
    assert shown.locator("img").count() == 0
    expect(shown.locator(".content bdi")).to_contain_text("<img src=x")
    assert "\u202e" not in shown.locator(".content").inner_text()
    shown.get_by_role("button", name="Show all").click()
    assert len(shown.locator(".content bdi").inner_text()) == 4_000
    assert "run" not in app.title()
    assert app.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_k08_each_verdict_stays_with_its_own_scan(app, paper):
    first = give(app, paper.a1)
    expect(first.locator("h1")).to_contain_text("holder not proven")
    address = app.url
    expect(give(app, "no attestation").locator("h1")).to_have_text("Text, no attestation")
    app.goto(address)
    expect(app.locator("main h1")).to_contain_text("holder not proven")


def test_seals_are_judged_after_reload_without_a_network(own, paper):
    page = started(own)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    own.offline()
    page.reload()
    expect(give(page, paper.a1).locator("h1")).to_contain_text("holder not proven")


def test_a_registered_device_shows_the_wallet_a_code_and_the_confirmation(own_app, inspection):
    devices = inspection.house.inspector.devices
    code = devices.pairing_code(inspection.house.inspector.settings.first, "Tablet").code
    own_app.goto(own_app.url.split("#")[0] + "#/ask")
    own_app.get_by_label("Pairing code").fill(code)
    own_app.get_by_label("Name of the device").fill("Tablet 4")
    own_app.get_by_role("button", name="Register this device").click()
    own_app.locator(".preset").first.click()
    picture_of_code = own_app.get_by_role("img", name="Code for the wallet")
    expect(picture_of_code).to_be_visible()
    assert picture_of_code.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(own_app.locator(".confirmation strong")).not_to_be_empty()
    assert complaints_of_axe(own_app) == []


def test_a_paper_without_a_code_is_never_better_than_cannot_be_authenticated(app):
    app.goto(app.url.split("#")[0] + "#/paper")
    app.get_by_label("Document number").fill("A1-1")
    app.get_by_role("button", name="Check", exact=True).click()
    expect(app.locator(".verdict h2")).to_have_text("Cannot be authenticated here")
    expect(app.locator(".verdict h2")).to_be_focused()


@pytest.mark.parametrize("width", [320, 1280])
def test_no_screen_breaks_a_rule_of_accessibility_or_its_width(own, width):
    own.page.set_viewport_size({"width": width, "height": 640})
    page = started(own)
    for screen in SCREENS:
        page.goto(f"{own.address}#/{screen}")
        expect(page.locator("main h1").first).to_be_visible()
        assert (screen, complaints_of_axe(page)) == (screen, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), screen


def test_continuous_mode_judges_one_paper_after_another_without_a_tap(
    browser_program, inspection, paper, tmp_path
):
    film = [(nothing(), 6), (picture(paper.a1), 12), (nothing(), 6), (picture(paper.card, seed=2), 12)]
    video = write_video(tmp_path / "papers.y4m", film)
    with (
        browser_program.browser_type.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *camera_flags(video)]
        ) as browser,
        visiting(browser, inspection.address) as visit,
    ):
        page = started(visit)
        page.get_by_role("button", name="Scan").click()
        page.get_by_role("button", name="Use the camera").click()
        page.get_by_label("Scan many").check()
        expect(page.locator(".running .scan-line")).to_have_count(2, timeout=10_000)
        expect(page.locator(".running")).to_contain_text("holder not proven")
        expect(page.locator(".running")).to_contain_text("Not for this purpose")
        page.wait_for_timeout(1_500)
        assert page.locator(".running .scan-line").count() == 2
        assert complaints_of_axe(page) == []
