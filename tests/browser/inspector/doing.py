"""What a person does with the app: open it, scan, paste, choose; and what the screen says then."""

from playwright.sync_api import Page, expect

from portadoc.catalogue import text
from tests.browser.inspector.running import Visit

HEADING = ".verdict-head h1, .verdict .block > h1"


def say(key: str, language: str = "en") -> str:
    """Return a text of the catalogue."""
    return text(key, language)


def prepare(visit: Visit) -> Page:
    """Open the app, let it fetch what it needs, and cut the network."""
    page = visit.open()
    visit.synchronised()
    visit.installed()
    visit.offline()
    return page


def go(visit: Visit, screen: str = "") -> Page:
    """Go to a screen of the app as it is open."""
    visit.page.goto(f"{visit.address}#/{screen}")
    return visit.page


def scan(visit: Visit, *, anew: bool = False) -> Page:
    """Open the camera from home, by as few taps as a person needs; ``anew`` starts the app first."""
    page = go(visit)
    if anew:
        page.reload()
    page.get_by_role("button", name=say("button.scan")).click()
    expect(page.locator(".explain, .viewfinder, .verdict").first).to_be_visible()
    if page.locator(".explain").count():
        page.get_by_role("button", name=say("button.use_camera")).click()
    return page


def scan_many(visit: Visit) -> Page:
    """Open the camera for one paper after another."""
    page = scan(visit)
    page.get_by_label(say("button.scan_many")).check()
    return page


def paste(visit: Visit, unverified_text: str) -> Page:
    """Paste a text and have it checked."""
    page = go(visit, "import/text")
    page.locator("textarea").fill(unverified_text)
    page.get_by_role("button", name=say("button.check"), exact=True).click()
    return page


def outcome(page: Page) -> str:
    """Wait for what comes of a scan, and return its headline."""
    page.wait_for_url("**#/verdict/*", timeout=20_000)
    page.locator(HEADING).wait_for(timeout=20_000)
    return page.locator(HEADING).inner_text()
