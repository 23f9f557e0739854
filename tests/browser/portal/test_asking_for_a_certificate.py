"""An employer asks for an A1 in a real browser: each page without a complaint of axe, and by keyboard alone."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.portal.at_the_keyboard import reach

playwright = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "inspector/node_modules/axe-core/axe.min.js"
NARROW = 320
ANSWERS = (
    {"worker_pin": "TEST185041201"},
    {"situation": "posting"},
    {"host_state": "DE"},
    {"start": "2027-01-10", "end": "2027-05-31"},
    {"0.name": "Baustelle Nord", "0.town": "Berlin"},
    {"replaces": "none"},
    {"direct_relationship": "yes", "paid_by": "employer", "hired_out_onward": "no", "only_this_work": "yes"},
    {"earlier_posting": "no", "other_certificate": "no"},
)


@pytest.fixture(scope="module")
def chromium() -> Iterator["playwright.Browser"]:
    """The installed Chromium."""
    from tests.browser.conftest import CHROMIUM

    if CHROMIUM is None:
        pytest.skip("no Chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def look(page: "playwright.Page") -> None:
    """Look at a page as it is wide and as it is narrow, light and dark."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": f"{AXE.read_text()};0"})
    for scheme, width in (("light", 1200), ("dark", NARROW)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate("axe.run(document).then(found => found.violations.map(each => each.id))")
        assert (page.url, scheme, found) == (page.url, scheme, [])
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    session.detach()


def sign_in(page: "playwright.Page", base_url: str) -> None:
    page.goto(f"{base_url}/portal/login?to=/portal/fr-demo/requests/new")
    page.get_by_role("button", name="Claire Test").click()


def fill_in(page: "playwright.Page", answer: dict[str, str]) -> None:
    for name, value in answer.items():
        field = page.locator(f'[name="{name}"]').first
        if field.get_attribute("type") == "radio":
            page.check(f'[name="{name}"][value="{value}"]')
        elif field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def test_every_page_of_a_request_gives_axe_no_cause(chromium: "playwright.Browser", tour_url: str) -> None:
    page = chromium.new_page()
    page.goto(f"{tour_url}/portal/")
    look(page)
    sign_in(page, tour_url)
    look(page)
    page.get_by_role("button", name="Start").click()
    for answer in ANSWERS:
        look(page)
        page.get_by_role("button", name="Continue").click()
        assert page.title().startswith("Error: ")
        look(page)
        fill_in(page, answer)
        page.get_by_role("button", name="Continue").click()
    look(page)
    page.get_by_role("button", name="Send the request").click()
    assert page.get_by_role("heading", level=1).inner_text() == "The certificate is granted"
    look(page)
    decided = page.url
    page.goto(f"{decided}/hand-over")
    page.get_by_role("button", name="Make a QR code").click()
    look(page)
    for address in (f"{decided}/change", f"{tour_url}/portal/fr-demo/", f"{tour_url}/portal/fr-demo/hand-over"):
        page.goto(address)
        look(page)
    page.close()


def test_the_keyboard_is_enough_and_no_script_is_needed(chromium: "playwright.Browser", tour_url: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, tour_url)
    began = time.monotonic()
    press(page, "Start")
    for answer in ANSWERS:
        for name, value in answer.items():
            type_in(page, page.locator(f'[name="{name}"]').first, name, value)
        press(page, "Continue")
    press(page, "Send the request")
    assert page.get_by_role("heading", level=1).inner_text() == "The certificate is granted"
    assert time.monotonic() - began < 180
    context.close()


def press(page: "playwright.Page", name: str) -> None:
    """Press a button by keys, and wait for the page that it leads to."""
    reach(page, page.get_by_role("button", name=name))
    with page.expect_navigation():
        page.keyboard.press("Enter")


def type_in(page: "playwright.Page", field: "playwright.Locator", name: str, value: str) -> None:
    """Answer one field by keys: an option by arrows and the space bar, a country and a text by typing."""
    kind = field.get_attribute("type")
    reach(page, field)
    if kind == "radio":
        page.keyboard.press("Space")
        for _ in range(12):
            if page.locator(f'[name="{name}"][value="{value}"]').is_checked():
                return
            page.keyboard.press("ArrowDown")
        raise AssertionError(name)
    if kind == "date":
        year, month, day = value.split("-")
        page.keyboard.type(month + day + year)
    else:
        page.keyboard.type("Germany" if value == "DE" else value)
