"""Every situation of the table, really made: colour, mark, words and reason on the screen, in two languages."""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from portadoc.catalogue import WITH_TEXTS
from tests.browser.inspector.camera import FRAMES_A_SECOND, Scene, Shot, nothing, picture
from tests.browser.inspector.doing import HEADING, go, outcome, paste, say, scan
from tests.browser.inspector.running import Visit, handing_on, visiting
from tests.browser.inspector.seen import shift_clock
from tests.browser.inspector.situations import SITUATIONS, Situation, treatment_day
from tests.browser.inspector.town import Town

ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "docs/screenshots/inspector"
PAGE = ROOT / "docs/inspecting-verdicts.md"
AXE = (ROOT / "inspector/node_modules/axe-core/axe.min.js").read_text()
WRITING = os.environ.get("PORTADOC_WRITE_EXPECTED") == "1"
LARGEST_PICTURE = 40_000
OUTLINES = {"green": "M24 3a21", "amber": "M24 4 46 44", "red": "M15 3h18"}
"""Circle, triangle, octagon: how the outline of each mark begins."""
OTHERS = [each for each in WITH_TEXTS if each != "en"]
SCREENS = ("", "scan", "ask", "import", "paper", "settings", "history", "care", "visits")


@pytest.fixture(scope="module")
def given(town: Town) -> dict[str, str]:
    """What each situation puts before the app; all of it is older than the trust packs of the devices."""
    made = {each.id: each.given(town) for each in SITUATIONS if each.given is not None and each.ready}
    town.publish()
    return made


@pytest.fixture(scope="module")
def devices(camera: Browser) -> Iterator[Callable[[str], Visit]]:
    """What opens devices on which nothing is stored."""
    with handing_on(camera, device_scale_factor=1) as to_next:
        yield to_next


@pytest.fixture
def device(devices: Callable[[str], Visit], town: Town) -> Visit:
    """A device that has synchronised."""
    visit = devices(town.served.address)
    visit.open()
    visit.installed()
    visit.synchronised()
    return visit


def choose(visit: Visit, situation: Situation) -> None:
    """Set what the situation asks of the settings, by hand as a person does."""
    page = go(visit, "settings")
    page.get_by_label(say("screen.visit.purpose")).select_option(situation.purpose)
    page.get_by_label(say("field.my_state")).select_option(situation.state)
    page.get_by_label(say("field.employer_asked")).fill(situation.employer)
    if situation.purpose == "care":
        go(visit, "care")
        page.get_by_label(say("field.treatment_day")).fill(treatment_day(situation) or today_in(page))


def today_in(page: Page) -> str:
    return page.evaluate("new Date().toLocaleDateString('sv')")


def by_phone(visit: Visit, scene: Scene, town: Town, credential: str, *, other: bool) -> None:
    scene.begin(nothing())
    page = scan(visit)
    page.get_by_role("button", name=say("button.phone_offline")).click()
    nonce = page.locator(".nonce .code-letters").inner_text().replace(" ", "")
    shown = town.house.wallet.show(credential, challenge=nonce[::-1] if other else nonce)
    film = [picture(each, Shot(pixels=5.5), seed=at) for at, each in enumerate(shown.frames)]
    scene.show(*film, frames_each=FRAMES_A_SECOND // 7)


def by_wallet(visit: Visit, town: Town, credential: str) -> None:
    inspector = town.house.inspector
    code = inspector.devices.pairing_code(inspector.settings.first, "Tablet").code
    page = go(visit, "ask")
    page.get_by_label(say("screen.pair.code")).fill(code)
    page.get_by_label(say("screen.pair.name")).fill("Tablet 4")
    page.get_by_role("button", name=say("screen.pair")).click()
    with page.expect_response(lambda answer: urlsplit(answer.url).path.endswith("/asks")) as asked:
        page.locator(".preset").first.click()
    town.house.wallet.present(json.loads(asked.value.text())["link"])


def by_typing(visit: Visit) -> None:
    page = go(visit, "paper")
    page.get_by_label(say("field.issuing_state")).select_option("FR")
    page.get_by_label(say("field.document_number")).fill("A1-FR-2026-0004271")
    page.get_by_label(say("field.surnames"), exact=True).fill("Maréchal-Testelin")
    page.get_by_role("button", name=say("button.check"), exact=True).click()


def bring(visit: Visit, situation: Situation, text: str, scene: Scene, town: Town) -> None:
    """Bring a situation about, up to the screen that says what came of it."""
    choose(visit, situation)
    match situation.way:
        case "typed":
            by_typing(visit)
            return
        case "phone" | "phone_other":
            by_phone(visit, scene, town, text, other=situation.way == "phone_other")
        case "wallet":
            by_wallet(visit, town, text)
        case _:
            paste(visit, text)
    outcome(visit.page)
    if situation.way in ("same", "different"):
        visit.page.get_by_role("button", name=say(f"button.{situation.way}_person")).click()


def check_words(page: Page, situation: Situation, language: str = "en") -> None:
    heading = page.locator(".verdict-head h2" if situation.way == "typed" else HEADING)
    expect(heading).to_have_text(say(situation.headline, language))
    expect(page.locator("html")).to_have_attribute("lang", language)
    if situation.reason:
        expect(page.locator("main")).to_contain_text(say(situation.reason, language))
    if not situation.colour:
        assert page.locator(".verdict-head").count() == 0
        return
    head = page.locator(".verdict-head")
    expect(head).to_have_class(f"verdict-head tone-{situation.colour}")
    expect(head.locator(".verdict-word")).to_have_text(say(f"colour.{situation.colour}", language))
    assert head.locator(".mark-outline").get_attribute("d").startswith(OUTLINES[situation.colour])


def complaints_of_axe(page: Page) -> list[str]:
    if not page.evaluate("'axe' in globalThis"):
        session = page.context.new_cdp_session(page)
        session.send("Runtime.evaluate", {"expression": f"{AXE};0"})
    return page.evaluate("axe.run(document).then(found => found.violations.map(each => each.id))")


def write_picture(page: Page, name: str) -> None:
    """Write what the phone shows, in few colours."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    file = PICTURES / f"{name}.png"
    page.evaluate("scrollTo(0, 0); document.querySelector('form ~ .verdict')?.scrollIntoView()")
    page.screenshot(path=file, animations="disabled")
    with Image.open(file) as taken:
        few = taken.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


class Campaign:
    """The situations of one device, one after the other; then the other languages of what they came to."""

    def __init__(self, visit: Visit, scene: Scene, town: Town) -> None:
        self.visit, self.scene, self.town = visit, scene, town
        self._others: Iterator[str] = itertools.cycle(OTHERS)
        self._shown: list[tuple[str, Situation, str]] = []

    def run(self, situation: Situation, text: str) -> None:
        page = self.visit.page
        bring(self.visit, situation, text, self.scene, self.town)
        check_words(page, situation)
        assert (situation.id, complaints_of_axe(page)) == (situation.id, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), situation.id
        if WRITING:
            write_picture(page, situation.id)
        if situation.way != "typed":
            self._shown.append((page.url, situation, next(self._others)))

    def in_other_languages(self) -> None:
        page = self.visit.page
        for url, situation, language in sorted(self._shown, key=lambda each: each[2]):
            page.locator(".bar-language").select_option(language)
            page.goto(url)
            check_words(page, situation, language)
        page.locator(".bar-language").select_option("en")


def of(chosen: Callable[[Situation], bool]) -> list[Situation]:
    return [each for each in SITUATIONS if chosen(each)]


@pytest.mark.slow
def test_every_situation_of_a_device_that_is_up_to_date(given, device, scene, town):
    campaign = Campaign(device, scene, town)
    for situation in of(lambda each: each.ready and each.moved == 0):
        device.offline(situation.way != "wallet")
        campaign.run(situation, given.get(situation.id, ""))
    device.offline()
    late = next(each for each in SITUATIONS if each.id == "list-missing")
    assert late.given is not None
    campaign.run(late, late.given(town))
    campaign.in_other_languages()
    assert [each for each in device.complaints if "ERR_INTERNET_DISCONNECTED" not in each] == []


@pytest.mark.parametrize("moved", sorted({each.moved for each in SITUATIONS if each.moved}))
def test_every_situation_of_a_device_that_was_long_without_network(given, device, scene, town, moved):
    device.offline()
    shift_clock(device, moved)
    device.page.reload()
    campaign = Campaign(device, scene, town)
    for situation in of(lambda each: each.moved == moved):
        campaign.run(situation, given[situation.id])
    campaign.in_other_languages()


def test_a_device_that_was_never_connected_judges_nothing(given, camera, scene, town):
    (situation,) = of(lambda each: each.id == "no-trust-data")
    with visiting(camera, town.served.address) as visit:
        visit.context.route("**/verifier/**", lambda route: route.abort())
        visit.open()
        visit.installed()
        visit.offline()
        campaign = Campaign(visit, scene, town)
        campaign.run(situation, given["seal-in-force"])
        campaign.in_other_languages()


def test_no_other_screen_breaks_a_rule_of_accessibility(device):
    for screen in SCREENS:
        page = go(device, screen)
        expect(page.locator("main h1").first).to_be_visible()
        assert (screen, complaints_of_axe(page)) == (screen, [])
        if WRITING:
            write_picture(page, f"screen-{screen or 'home'}")


def page_of_verdicts() -> str:
    """Return docs/inspecting-verdicts.md."""
    lines = [
        "# What the inspector app says",
        "",
        "Written from `tests/browser/inspector/situations.py` by `make screenshots`; changes belong there. Each "
        "situation was really made, with the example records (test data), and judged by the app in a browser, "
        "without network unless a wallet is asked. The app says the same in eight languages.",
    ]
    titles = {
        "green": "Confirmed: a circle with a tick",
        "amber": "Caution: a triangle",
        "red": "Stop: an octagon",
        "": "Nothing to confirm: what was scanned is named",
    }
    for colour, title in titles.items():
        lines += ["", f"## {title}", "", "| situation | what the screen says | screen |", "|---|---|---|"]
        for each in of(lambda situation, colour=colour: situation.colour == colour):
            words = f"**{say(each.headline)}**" + (f"<br>{say(each.reason)}" if each.reason else "")
            shown = f'<img src="screenshots/inspector/{each.id}.png" width="195" alt="{say(each.headline)}">'
            lines.append(f"| {each.what} | {words} | {shown} |")
    return "\n".join(lines) + "\n"


def test_every_situation_stands_in_the_documentation_with_its_picture():
    if WRITING:
        PAGE.write_text(page_of_verdicts(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page_of_verdicts()
    named = {f"{each.id}.png" for each in SITUATIONS} | {f"screen-{each or 'home'}.png" for each in SCREENS}
    assert {each.name for each in PICTURES.iterdir()} == named
    assert [each.name for each in PICTURES.iterdir() if each.stat().st_size > LARGEST_PICTURE] == []


def test_there_are_twenty_situations_and_no_two_alike():
    assert len(SITUATIONS) >= 20
    assert len({each.id for each in SITUATIONS}) == len(SITUATIONS)
    assert {each.colour for each in SITUATIONS} == {"green", "amber", "red", ""}
