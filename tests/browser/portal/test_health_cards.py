"""An insured person and a hospital in a real browser: each page without a complaint of axe, wide and narrow."""

import re
from collections.abc import Iterator

import pytest

from tests.browser.portal.test_asking_for_a_certificate import look

playwright = pytest.importorskip("playwright.sync_api")
CARDS = "/portal/fr-health/health/"
BORN = "1988-06-20"


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


def signed_in(chromium: "playwright.Browser", base_url: str, person: str) -> "playwright.Page":
    page = chromium.new_context(locale="en-GB").new_page()
    page.goto(f"{base_url}/portal/login?to=/portal/fr-health/")
    page.get_by_role("button", name=person).click()
    return page


def test_a_lost_card_a_consent_code_and_a_hospital(chromium: "playwright.Browser", tour_url: str) -> None:
    nadia = signed_in(chromium, tour_url, "Nadia Modèle")
    look(nadia)
    nadia.get_by_role("link", name="Health cards").click()
    look(nadia)
    nadia.get_by_role("link", name=re.compile("Report the card as lost ?: Lina")).press("Enter")
    look(nadia)
    nadia.get_by_role("button", name="Report it").press("Enter")
    assert nadia.get_by_role("heading", level=1).inner_text() == "Your new card is there"
    look(nadia)
    nadia.goto(f"{tour_url}{CARDS}")
    nadia.get_by_role("button", name="Make a consent code").first.press("Enter")
    look(nadia)
    code = nadia.locator(".secret").inner_text()

    clinic = signed_in(chromium, tour_url, "Clinique Test Berlin")
    clinic.get_by_role("link", name="Get a replacement certificate").click()
    clinic.get_by_role("button", name="Get the certificate").press("Enter")
    look(clinic)  # with its faults
    clinic.get_by_label("Consent code").fill(code)
    clinic.get_by_label("Date of birth").fill(BORN)
    clinic.get_by_label("The departure was too soon").check()
    clinic.get_by_role("button", name="Get the certificate").press("Enter")
    look(clinic)
    with clinic.expect_download() as download:
        clinic.get_by_role("link", name="Open the PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")

    clinic.goto(f"{tour_url}{CARDS}replacement/request")
    look(clinic)
    clinic.get_by_label("Personal number").fill("TEST288062001")
    clinic.get_by_label("Date of birth").fill(BORN)
    clinic.get_by_label("The card was stolen").check()
    clinic.get_by_role("button", name="Ask the person").press("Enter")
    look(clinic)
    nadia.goto(f"{tour_url}{CARDS}")
    look(nadia)
    nadia.get_by_role("button", name="Yes, give the certificate").press("Enter")
    clinic.reload()
    assert clinic.get_by_role("link", name="Open the PDF").is_visible()
