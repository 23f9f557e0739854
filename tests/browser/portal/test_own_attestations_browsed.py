"""A worker's own attestations and the page of an offer in a real browser: by keys, on a phone, without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portadoc.schemas.examples import example
from portadoc.serve.house import House
from tests.browser.portal.at_the_keyboard import Person, chromium_program, newest_code, portal_house
from tests.browser.portal.test_journeys import POSTED

HERE = "/portal/fr-demo/attestations"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with portal_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with chromium_program() as browser:
        yield browser


def test_a_worker_collects_and_collects_again_by_keys(house: House, chromium: Any) -> None:
    claire = Person(chromium, house, "Claire Test")
    claire.open("/portal/fr-demo/requests/new")
    claire.press("Start")
    claire.answer(POSTED)
    claire.press("Send the request")
    claire.close()

    jean = Person(chromium, house, "Jean Exemple")
    jean.open("/portal/")
    jean.look()
    jean.press_on(jean.page.locator(f'a[href="{HERE}"]'))
    jean.look()
    jean.press("Put into the wallet")
    assert jean.heading() == "Put your certificate in your wallet"
    jean.look()
    link = jean.page.locator("a.button[href^='openid-credential-offer']").get_attribute("href")
    page = jean.page.url
    house.wallet.accept(str(link), tx_code=newest_code(house), copies=2)
    jean.open(page)
    assert jean.heading() == "This offer was collected"
    jean.look()

    jean.open(HERE)
    jean.press("Look at it")
    jean.sees("Copies: 2", "confirmed by the wallet", "Put into a wallet")
    jean.look()
    jean.press("Put it on a new phone")
    jean.look()
    jean.press("Go on")
    jean.sees("Choose one of the two")
    jean.look()
    jean.say("phone", "lost")
    jean.press("Go on")
    assert jean.heading() == "Put your certificate in your wallet"
    jean.open(HERE)
    jean.press_on(jean.page.locator(".card h2 a").first)
    jean.sees("ended", "Phone reported as lost: the copies on it ended")
    jean.look()
    jean.close()


@pytest.mark.parametrize(("size", "link_first"), [(PHONE, True), (DESK, False)], ids=["phone", "desktop"])
def test_the_page_of_an_offer_without_scripts(
    house: House, chromium: Any, tmp_path: Path, size: dict[str, int], link_first: bool
) -> None:
    record_id = house.issuer.upload("fr-demo", example("posted-worker-fr-de"))
    offer = house.issuer.offer("fr-demo", record_id, ["pda1"], tx_code=True, by_reference=True)
    hand = {"has_touch": True, "is_mobile": True} if link_first else {}
    context = chromium.new_context(java_script_enabled=False, viewport=size, locale="pl-PL", **hand)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    page.goto(offer.page_uri)
    button, code = page.locator("a.button").bounding_box(), page.locator("svg.qr").bounding_box()
    assert button["height"] >= 44
    if link_first:
        assert button["y"] + button["height"] < min(code["y"], size["height"])
        assert code["x"] + code["width"] <= size["width"]
    else:
        assert code["x"] < button["x"]
        assert code["y"] + code["height"] < size["height"]
    assert all(each.startswith(house.settings.base_url) for each in asked)
    page.emulate_media(media="print")
    assert not page.locator("a.button").is_visible()
    assert page.locator("svg.qr").is_visible()
    context.close()
