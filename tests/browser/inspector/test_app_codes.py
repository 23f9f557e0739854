"""Texts from anywhere: links that are not followed, codes longer than any code, parts of a moving code alone.

All of it is pasted, which takes more than a camera would ever see.
"""

import zlib

import pytest
from playwright.sync_api import expect

from portadoc.formats.animated_qr.frames import make_frames
from portadoc.formats.visible_seal import base45
from tests.browser.inspector.doing import outcome, paste, say
from tests.browser.inspector.running import Visit, third_parties

PRESENTATION = f"e30.e30.{base45.encode(bytes(range(200)))}~"
"""Something that takes several parts."""


@pytest.fixture(scope="module")
def device(one_device: Visit) -> Visit:
    """A device with its trust pack; the app stays open from one test to the next, as it does for a person."""
    return one_device


@pytest.mark.parametrize(
    "text",
    [
        "http://portadoc.example/v/ABCD-EFGH-JKMN-PQRS",
        "https://portadoc.example/?next=javascript:document.title='run'",
        "HTTP://PORTADOC.EXAMPLE/%2e%2e/v/X",
    ],
)
def test_k01_a_link_is_told_with_its_host_and_never_opened(device, text):
    before = len(device.requested)
    page = paste(device, text)
    assert outcome(page) == say("told.link")
    expect(page.locator(".host").first).to_contain_text("portadoc.example", ignore_case=True)
    assert page.locator(".told a").count() == 0
    assert "run" not in page.title()
    assert third_parties(device.requested[before:], device.address.removesuffix("/inspect/")) == []
    assert len(device.context.pages) == 1


@pytest.mark.parametrize("text", ["mailto:a@portadoc.example", "tel:+33100000000", "WIFI:T:WPA;S:a;P:b;;"])
def test_k01_what_a_telephone_would_do_at_once_is_not_done(device, text):
    page = paste(device, text)
    assert outcome(page) in {say("told.script"), say("told.text"), say("told.link")}
    expect(page.locator(".content")).to_contain_text(text)
    assert page.locator(".told a").count() == 0


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("PD1:" + "A" * 4_293, "verdict.not_authentic.headline"),
        ("PD1:" + "A" * 200_000, "verdict.not_authentic.headline"),
        ("PD1:" + base45.encode(zlib.compress(bytes(2**20), 9)), "verdict.not_authentic.headline"),
        ("0" * 200_000, "told.text"),
    ],
    ids=["one character too many", "200,000 characters", "a bomb", "digits"],
)
def test_k02_a_text_longer_than_any_code_is_refused_and_the_app_goes_on(device, text, headline):
    page = paste(device, text)
    assert outcome(page) == say(headline)
    assert outcome(paste(device, "no attestation")) == say("told.text")


@pytest.mark.parametrize(
    "part",
    [
        *make_frames(PRESENTATION, frame_chars=60)[:2],
        "PX1:1/40:00000000:" + "A" * 4_300,
        "PX1:41/41:00000000:A",
    ],
    ids=["the first", "the second", "a part without an end", "too many"],
)
def test_k02_a_part_of_a_moving_code_alone_is_never_judged(device, part):
    page = paste(device, part)
    expect(page.locator("main")).to_contain_text(say("told.frame.note"))
    assert "verdict" not in page.url
