"""Somebody at the portal who has a keyboard and no pointer, on pages without scripts; and a house."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).resolve().parents[3]
AXE = (ROOT / "inspector/node_modules/axe-core/axe.min.js").read_text()
NARROW, WIDE = 320, 1200
COUNTRIES = {"AT": "Austria", "BE": "Belgium", "DE": "Germany", "ES": "Spain", "FR": "France"}
_FURTHEST = 140
_FOCUSED = "([name, value]) => document.activeElement.name === name && value"
_STOPS_AHEAD = """wanted => {
  const all = document.querySelectorAll('a[href], button, input, select, textarea, summary');
  const stops = [...all].filter(each => {
    if (each.disabled || each.tabIndex < 0 || each.getClientRects().length === 0) return false;
    if (each.type !== 'radio' || each === wanted) return true;
    const group = [...document.getElementsByName(each.name)];
    return each === (group.find(other => other.checked) ?? group[0]);
  });
  return Math.max(0, stops.indexOf(wanted) - stops.indexOf(document.activeElement));
}"""
"""How often the tab key is pressed to get there, as far as the page tells: to look after each press is slow."""


@contextmanager
def portal_house(folder: Path, **settings_made: Any) -> Iterator[House]:
    """Yield a house behind a real server."""
    listener = listen("127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = PortadocSettings(base_url=base_url, data_dir=folder, **settings_made)
    clock, environment = SystemClock(), dict(os.environ)
    with (
        open_house(settings, clock=clock, random_bytes=system_random_bytes, environment=environment) as house,
        serving(house, listener),
    ):
        yield house


def newest_code(house: House) -> str:
    """Return the transaction code of the newest message to a person."""
    newest = max((house.settings.data_dir / "messages").glob("*.json"), key=lambda each: each.stat().st_mtime_ns)
    return re.findall(r"(?<![0-9-])[0-9]{6}(?![0-9-])", newest.read_text(encoding="utf-8"))[-1]


def reach(page: "Page", wanted: "Locator") -> None:
    """Go on with the tab key until the wanted element has the focus, and no further than all around the page."""
    for _ in range(wanted.evaluate(_STOPS_AHEAD)):
        page.keyboard.press("Tab")
    for _ in range(_FURTHEST):
        if wanted.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not get there: {wanted}")


@contextmanager
def chromium_program() -> Iterator["Browser"]:
    """Yield the installed Chromium; skip where there is none."""
    from tests.browser.conftest import CHROMIUM

    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Person:
    """Somebody who is signed in and does everything by keys."""

    def __init__(
        self,
        browser: "Browser",
        house: House,
        name: str = "",
        *,
        to: str = "/portal/fr-demo/",
        office: bool = False,
        locale: str = "en-US",
    ) -> None:
        self.house = house
        context = browser.new_context(
            base_url=house.settings.base_url,
            locale=locale,
            viewport={"width": WIDE, "height": 900},
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        self.page: Page = context.new_page()
        if name:
            suffix = "&for=office" if office else ""
            self.page.goto(f"/portal/login?provider=development&to={to}{suffix}")
            self.press(name)

    def open(self, address: str) -> None:
        self.page.goto(address)

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press a button or follow a link, reached with the tab key."""
        self.press_on(self._wanted(name))

    def press_on(self, wanted: "Locator") -> None:
        self.reach(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def fetch(self, name: str) -> bytes:
        """Follow a link to a document, by keys, and return the document."""
        self.reach(self._wanted(name))
        with self.page.expect_download() as download:
            self.page.keyboard.press("Enter")
        return download.value.path().read_bytes()

    def say(self, name: str, value: str) -> None:
        """Fill in one field."""
        field = self.page.locator(f'[name="{name}"]').first
        kind = field.get_attribute("type")
        if kind == "radio":
            self._choose(name, value)
            return
        self.reach(field)
        if kind == "checkbox":
            self.page.keyboard.press("Space")
        elif kind == "date":
            year, month, day = value.split("-")
            self.page.keyboard.type(month + day + year)
        elif field.evaluate("each => each.tagName") == "SELECT":
            self._choose_from_list(field, value)
        else:
            self.page.keyboard.type(value)

    def answer(self, answers: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Answer every question that comes up to the check of the answers; return which were asked."""
        asked = []
        while "/questions/" in self.page.url:
            question = self.page.url.rsplit("/", 1)[1]
            asked.append(question)
            for name, value in answers[question].items():
                self.say(name, value)
            self.press("Continue")
            assert not self.page.url.endswith(f"/{question}"), self.page.locator(".summary").inner_text()
        return asked

    def sees(self, *texts: str) -> None:
        shown = self.page.inner_text("main")
        for text in texts:
            assert text in shown, (text, self.page.url, shown)

    def heading(self) -> str:
        return self.page.locator("h1").first.inner_text()

    def reach(self, wanted: "Locator") -> None:
        """Go on with the tab key until the wanted element has the focus."""
        reach(self.page, wanted)

    def look(self) -> None:
        """Expect no script, nothing that axe finds, nothing that scrolls sideways: wide light, narrow dark."""
        assert self.page.locator("script").count() == 0
        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": f"{AXE};0"})
        for scheme, width in (("dark", NARROW), ("light", WIDE)):
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            self.page.set_viewport_size({"width": width, "height": 900})
            found = self.page.evaluate(
                "axe.run(document).then(found => found.violations.map(each => each.id + ' ' + each.nodes[0].html))"
            )
            assert (self.page.url, scheme, found) == (self.page.url, scheme, [])
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, self.page.url
        session.detach()

    def collect(self, button: str) -> Any:
        """Make the code of the offer, and take it into the wallet of the house with the code of the message."""
        before = set(self._messages())
        self.press(button)
        assert self.page.locator(".offer svg").count() == 1
        link = self.page.locator("a.button[href^='openid-credential-offer']").get_attribute("href")
        (message,) = set(self._messages()) - before
        text = json.loads(message.read_text(encoding="utf-8"))["text"]
        code = next(word.strip(".") for word in text.split() if word.strip(".").isdigit())
        (held,) = self.house.wallet.accept(str(link), tx_code=code)
        return held

    def close(self) -> None:
        self.page.context.close()

    def _messages(self) -> list[Path]:
        return sorted((self.house.settings.data_dir / "messages").glob("*.json"))

    def _wanted(self, name: str | re.Pattern[str]) -> "Locator":
        return self.page.get_by_role("button", name=name).or_(self.page.get_by_role("link", name=name)).first

    def _choose(self, name: str, value: str) -> None:
        for _ in range(_FURTHEST):
            if self.page.evaluate(_FOCUSED, [name, True]):
                break
            self.page.keyboard.press("Tab")
        self.page.keyboard.press("Space")
        for _ in range(12):
            if self.page.locator(f'[name="{name}"][value="{value}"]').is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError((name, value))

    def _choose_from_list(self, field: "Locator", value: str) -> None:
        self.page.keyboard.type(COUNTRIES.get(value, value))
        assert field.input_value() == value or value not in COUNTRIES
