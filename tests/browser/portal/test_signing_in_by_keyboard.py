"""The way in, in a real browser: with the keyboard alone, without scripts, and without a complaint of axe."""

from collections.abc import Iterator
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "inspector/node_modules/axe-core/axe.min.js"


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


def complaints(page: "playwright.Page") -> list[str]:
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": f"{AXE.read_text()};0"})
    return page.evaluate("axe.run(document).then(found => found.violations.map(each => each.id))")


def test_the_list_of_example_people_gives_axe_no_cause(chromium: "playwright.Browser", tour_url: str) -> None:
    for scheme in ("light", "dark"):
        page = chromium.new_page(color_scheme=scheme)
        page.goto(f"{tour_url}/portal/login")
        assert page.url.startswith(f"{tour_url}/development-login/authorize?")
        assert complaints(page) == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.close()


def test_somebody_signs_in_with_the_keyboard_and_without_scripts(
    chromium: "playwright.Browser", tour_url: str
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{tour_url}/portal/login?to=/portal/fr-demo/")
    focused = page.get_by_role("button", name="Claire Test")
    for _ in range(20):
        page.keyboard.press("Tab")
        if focused.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"{tour_url}/portal/fr-demo/")
    assert [each["name"] for each in context.cookies() if each["httpOnly"]] == ["portadoc-portal"]
    context.close()
