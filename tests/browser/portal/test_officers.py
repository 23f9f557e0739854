"""Officers in a real browser, by keyboard alone: refused, contested, asked, decided, approved, collected."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from tests.browser.portal.at_the_keyboard import reach

playwright = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "inspector/node_modules/axe-core/axe.min.js"
OFFICE = "/portal/fr-demo/office"
NARROW = 320
GIVEN = {
    "worker_pin": {"worker_pin": "TEST185041201"},
    "situation": {"situation": "posting"},
    "host_state": {"host_state": "DE"},
    "period": {"start": "2027-01-10", "end": "2027-05-31"},
    "workplaces": {"0.name": "Baustelle Nord", "0.town": "Berlin"},
    "replaces": {"replaces": "posted_other_employer"},
    "replaced_posting": {"start": "2026-02-01", "end": "2026-12-31", "ended_early": "no"},
    "link": {
        "direct_relationship": "yes",
        "paid_by": "employer",
        "hired_out_onward": "no",
        "only_this_work": "yes",
    },
    "history": {"earlier_posting": "no", "other_certificate": "no"},
}


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


@pytest.fixture(scope="module")
def office_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A house whose office decides by two persons."""
    listener = listen("127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = PortadocSettings(base_url=base_url, data_dir=tmp_path_factory.mktemp("office"))
    here = settings.institutions["fr-demo"].model_copy(update={"four_eyes": True})
    settings = settings.model_copy(update={"institutions": {**settings.institutions, "fr-demo": here}})
    clock, environment = SystemClock(), dict(os.environ)
    with (
        open_house(settings, clock=clock, random_bytes=system_random_bytes, environment=environment) as house,
        serving(house, listener),
    ):
        yield base_url


class Person:
    """Somebody at a keyboard; every page that is opened is looked at wide and narrow, light and dark."""

    def __init__(self, chromium: "playwright.Browser", base_url: str, name: str, *, office: bool = False) -> None:
        self.page = chromium.new_context(java_script_enabled=True, base_url=base_url).new_page()
        suffix = "&for=office" if office else ""
        self.page.goto(f"/portal/login?provider=development&to=/portal/fr-demo/{suffix}")
        self.press(name)

    def open(self, address: str, name: str = "") -> None:
        self.page.goto(address)
        self.look(name)

    def press(self, name: str) -> None:
        """Press a button or follow a link by keys."""
        wanted = self.page.get_by_role("button", name=name).or_(self.page.get_by_role("link", name=name)).first
        self.reach(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.page.wait_for_load_state()

    def say(self, name: str, value: str) -> None:
        """Fill in one field by keys."""
        field = self.page.locator(f'[name="{name}"]').first
        kind = field.get_attribute("type")
        self.reach(field)
        if kind == "radio":
            self._choose(name, value)
        elif kind == "checkbox":
            self.page.keyboard.press("Space")
        elif kind == "date":
            year, month, day = value.split("-")
            self.page.keyboard.type(month + day + year)
        else:
            self.page.keyboard.type(value)

    def _choose(self, name: str, value: str) -> None:
        self.page.keyboard.press("Space")
        for _ in range(12):
            if self.page.locator(f'[name="{name}"][value="{value}"]').is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(name)

    def reach(self, wanted: "playwright.Locator") -> None:
        reach(self.page, wanted)

    def look(self, name: str = "") -> None:
        """Require no complaint of axe and no sideways scrolling."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": f"{AXE.read_text()};0"})
        for scheme, width in (("dark", NARROW), ("light", 1200)):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.set_viewport_size({"width": width, "height": 900})
            found = self.page.evaluate(
                "axe.run(document).then(found => found.violations.map(each => each.id + ' ' + each.nodes[0].html))"
            )
            assert (self.page.url, scheme, found) == (self.page.url, scheme, [])
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, self.page.url
            if name and (folder := os.environ.get("PORTADOC_SCREENSHOTS")):
                self.page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        session.detach()

    def press_decide(self) -> None:
        """Send the decision: the button, not the way to the form."""
        self.reach(self.page.locator("form.question button"))
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def sees(self, text: str) -> None:
        assert text in self.page.inner_text("main"), (text, self.page.url)


def ask(claire: Person) -> str:
    """Fill in a request that the rules refuse; return its address."""
    claire.page.goto("/portal/fr-demo/requests/new")
    claire.press("Start")
    while "/questions/" in claire.page.url:
        for name, value in GIVEN[claire.page.url.rsplit("/", 1)[1]].items():
            claire.say(name, "Germany" if name == "host_state" else value)
        claire.press("Continue")
    claire.press("Send the request")
    return claire.page.url


def test_from_a_refusal_to_the_certificate_by_two_officers(
    chromium: "playwright.Browser", office_url: str
) -> None:
    claire = Person(chromium, office_url, "Claire Test")
    request = ask(claire)
    claire.sees("The certificate cannot be granted")
    claire.look()
    claire.say("said", "The other worker went home early.")
    claire.press("Have a person look at it")
    claire.sees("A case officer decides on your request")

    anne = Person(chromium, office_url, "Anne Agent", office=True)
    anne.open(f"{OFFICE}/?show=contested", "office-list")
    anne.sees("The applicant wants a person to look at it.")
    anne.press("A1-")
    anne.sees("The other worker went home early.")
    anne.look("office-case")
    case = anne.page.url
    anne.press("Take the case")
    anne.press("Ask the applicant")
    anne.look("office-ask")
    anne.say("reason", "When did the other worker go home?")
    anne.say("q.replaces", "yes")
    anne.press("Send to the applicant")
    anne.sees("Waiting for the applicant")

    claire.page.goto(request)
    claire.sees("When did the other worker go home?")
    claire.look()
    claire.press("Answer the questions")
    claire.press("Continue")
    claire.look()
    claire.say("said", "On 1 March.")
    claire.press("Send the request")
    claire.sees("A case officer decides on your request")

    anne.page.goto(f"{case}/decide")
    anne.look("office-decide")
    anne.say("outcome", "grant")
    anne.press_decide()
    anne.look("office-decide-faults")
    anne.say("reason", "The other posting ended early, for a reason that nobody foresaw.")
    anne.say("article", "Article 12(1)")
    anne.press_decide()
    anne.sees("Your decision is not what the fixed rules found.")
    anne.look("office-decide-departs")
    anne.say("sure", "yes")
    anne.press_decide()
    anne.sees("You have decided as follows.")

    paul = Person(chromium, office_url, "Paul Second", office=True)
    paul.open(f"{OFFICE}/?show=approval")
    paul.press("A1-")
    paul.sees("This is not what the fixed rules found.")
    paul.look("office-approve")
    paul.press("Approve")
    paul.sees("Certificate granted")
    paul.look("office-decided")

    jean = Person(chromium, office_url, "Jean Exemple")
    jean.page.goto(request)
    jean.sees("The certificate is granted")
    jean.sees("This was decided by a case officer.")
    jean.look()
    jean.press("Put into the wallet")
    jean.press("Make a QR code")
    assert jean.page.locator("svg").count() == 1

    anne.open(case)
    anne.press("Withdraw the certificate")
    anne.look("office-withdraw")
    for path, name in (("/", "office-list-all"), ("/?show=tasks", "office-tasks"), ("/figures", "office-figures")):
        anne.open(OFFICE + path, name)
    victor = Person(chromium, office_url, "Victor Audit", office=True)
    victor.open(f"{OFFICE}/audit")
    number = anne.page.goto(case) and anne.page.inner_text("h1").removeprefix("Case ")
    victor.say("case", number)
    victor.press("Show the history")
    victor.sees("Officer B")
    victor.look("office-audit")
