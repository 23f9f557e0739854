"""A single A1 from empty form to wallet, timed as a person would take: reading, thinking, pointing and typing.

The person is a model, so that the figure does not depend on the machine: questions and all that is only told are
read, 238 words a minute; labels and options are recognised in the time that the keystroke-level model gives for
thinking (1.35 s before each field; 1.1 s to point, 0.2 s to click, 0.28 s a key). What the machine itself takes is
measured and printed beside it.
Sources: Brysbaert 2019 (reading); Card, Moran and Newell 1980 (keystroke-level model)
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings

playwright = pytest.importorskip("playwright.sync_api")

WORDS_A_SECOND = 238 / 60
KEY_S, POINT_S, CLICK_S, THINK_S = 0.28, 1.1, 0.2, 1.35
ALLOWED_S = 180
CODE = r"\b\d{6}\b"
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


@pytest.fixture
def house(tmp_path: os.PathLike[str]) -> Iterator[House]:
    """A house of its own, since the worker's messages are read from its folder."""
    listener = listen("127.0.0.1", 0)
    settings = PortadocSettings(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", data_dir=tmp_path)
    with (
        open_house(
            settings, clock=SystemClock(), random_bytes=system_random_bytes, environment=dict(os.environ)
        ) as opened,
        serving(opened, listener),
    ):
        yield opened


@dataclass
class Person:
    """Who fills in the pages, and how long that took so far."""

    page: "playwright.Page"
    person_s: float = 0.0
    machine_s: float = 0.0
    asked: int = 0

    def reads(self, selector: str) -> str:
        """Read all of a part of the page, but for the links that stand beside every answer."""
        text = str(self.page.locator(selector).first.inner_text())
        links = sum(len(each.inner_text().split()) for each in self.page.locator(f"{selector} .change").all())
        self.person_s += (len(text.split()) - links) / WORDS_A_SECOND
        return text

    def reads_question(self) -> None:
        """Read what is asked: every heading, help and legend of the form."""
        for each in self.page.locator("main form").locator("h1, .help, legend:not(:has(h1))").all():
            self.person_s += len(each.inner_text().split()) / WORDS_A_SECOND

    def answers(self, name: str, value: str) -> None:
        box = self.page.locator(f'[name="{name}"]').first
        self.person_s += THINK_S + POINT_S + CLICK_S
        if box.get_attribute("type") == "radio":
            self.page.check(f'[name="{name}"][value="{value}"]')
        elif box.evaluate("each => each.tagName") == "SELECT":
            self.person_s += 3 * KEY_S
            box.select_option(value)
        else:
            self.person_s += len(value.replace("-", "")) * KEY_S
            box.fill(value)

    def presses(self, button: str) -> None:
        self.person_s += POINT_S + CLICK_S
        began = time.monotonic()
        self.page.get_by_role("button", name=button).click()
        self.page.wait_for_load_state()
        self.machine_s += time.monotonic() - began


def test_from_the_empty_form_to_the_wallet_in_three_minutes(house: House) -> None:
    from tests.browser.conftest import CHROMIUM

    if CHROMIUM is None:
        pytest.skip("no Chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        employer = Person(browser.new_page())
        _sign_in(employer.page, house.settings.base_url)
        asked = _fill_in(employer)
        _send_and_hand_over(employer)
        _collect(employer, house)
        browser.close()
    assert len(asked) == len(set(asked)), "a fact was asked twice"
    print(
        f"person {employer.person_s:.0f} s, machine {employer.machine_s:.1f} s, {employer.asked} questions, "
        f"{len(asked)} facts asked"
    )
    assert employer.person_s <= ALLOWED_S  # the machine's share is printed: how fast it is, no test says


def _sign_in(page: "playwright.Page", base_url: str) -> None:
    page.goto(f"{base_url}/portal/login?to=/portal/fr-demo/requests/new")
    page.get_by_role("button", name="Claire Test").click()


def _fill_in(employer: Person) -> list[str]:
    """Answer every question; return the names of all fields that were shown, each time that they were."""
    employer.presses("Start")
    asked: list[str] = []
    for answer in ANSWERS:
        employer.asked += 1
        employer.reads_question()
        fields = employer.page.locator("main form [name]")
        asked += sorted({str(fields.nth(index).get_attribute("name")) for index in range(fields.count())})
        for name, value in answer.items():
            employer.answers(name, value)
        employer.presses("Continue")
    return [name for name in asked if name not in ("_", "action")]


def _send_and_hand_over(employer: Person) -> None:
    """Read the check page, on which all that the registers know stands unasked; send; make the worker's code."""
    shown = employer.reads("main")
    assert "Jean" in shown
    assert "Menuiserie" in shown
    employer.presses("Send the request")
    assert "granted" in employer.reads(".verdict")
    employer.presses("QR code for the worker")
    employer.reads(".offer")


def _collect(employer: Person, house: House) -> None:
    """Let the worker scan the code, type the code of the message, agree: three taps and six digits."""
    link = employer.page.locator("a.button[href^='openid-credential-offer']").get_attribute("href")
    (message,) = sorted((house.settings.data_dir / "messages").glob("*.json"))
    text = json.loads(message.read_text(encoding="utf-8"))["text"]
    code = next(word.strip(".") for word in text.split() if word.strip(".").isdigit())
    employer.person_s += len(text.split()) / WORDS_A_SECOND + len(code) * KEY_S + 3 * (POINT_S + CLICK_S + THINK_S)
    began = time.monotonic()
    (held,) = house.wallet.accept(str(link), tx_code=code)
    employer.machine_s += time.monotonic() - began
    assert held.vct == "urn:eudi:pda1:1"
