"""The inspector app as it really runs: built, served by a house, opened in Chromium.

``python -m tests.browser.inspector.look`` and the fixtures beside this module are made of it.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

from build_web import NotFetched, build_app
from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import House, open_house
from portadoc.serve.run import housekeeping, listen, serving
from portadoc.serve.settings import PortadocSettings

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
STATIC = Path(__file__).resolve().parents[3] / "inspector" / "static"
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Served:
    """A house behind a real server on this machine."""

    house: House
    origin: str

    @property
    def address(self) -> str:
        """Where the app starts."""
        return f"{self.origin}/inspect/"


def have_the_app() -> None:
    """Build the app where its sources have changed; skip aloud where its packages cannot be had."""
    try:
        build_app()
    except NotFetched as failed:
        pytest.skip(f"the inspector app was not run in a browser: {failed}")


@contextmanager
def served_house(
    folder: Path, *, before: Callable[[PortadocSettings], None] = lambda _: None, **settings_made: Any
) -> Iterator[Served]:
    """Build the app if its sources have changed, and serve it with all roles; ``before`` prepares its folder."""
    have_the_app()
    listener = listen("127.0.0.1", 0)
    settings = PortadocSettings(
        base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", data_dir=folder, **settings_made
    )
    before(settings)
    with (
        open_house(
            settings, clock=SystemClock(), random_bytes=system_random_bytes, environment=dict(os.environ)
        ) as house,
        serving(house, listener),
        housekeeping(house),
    ):
        yield Served(house, settings.base_url)


def launch(playwright: Playwright, *flags: str) -> Browser:
    """Start headless Chromium; a fake camera and the like are flags of the whole browser."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])


def camera_flags(video: Path) -> tuple[str, ...]:
    """Return the flags by which the camera shows a video (``.y4m`` or ``.mjpeg``)."""
    return (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video.resolve()}",
    )


@dataclass
class Visit:
    """One device: a browser profile of its own, with everything that it asked for and complained about."""

    context: BrowserContext
    page: Page
    address: str
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, fragment: str = "") -> Page:
        """Open the app and wait until it can start without a network."""
        self.page.goto(self.address + fragment)
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        return self.page

    def offline(self, off: bool = True) -> None:
        """Cut the network, for the page and its service worker; or connect it again."""
        self.context.set_offline(off)

    def installed(self) -> None:
        """Wait until the service worker answers for the page."""
        wait_until_installed(self.page)

    def synchronised(self) -> list[Any]:
        """Wait until a trust pack is stored, and return what is."""
        for _ in range(100):
            found = self.stored("pack")
            if found:
                return found
            self.page.wait_for_timeout(100)
        raise AssertionError("no trust pack was fetched")

    def stored(self, store: str) -> list[Any]:
        """Return everything that one store of the device's database holds."""
        return self.page.evaluate(_READ_STORE, store)


def wait_until_installed(page: Page) -> None:
    """Wait until the app's service worker answers for a page."""
    page.evaluate(
        """navigator.serviceWorker.controller !== null || new Promise(done =>
        navigator.serviceWorker.addEventListener('controllerchange', () => done(true), {once: true}))"""
    )


@contextmanager
def visiting(browser: Browser, address: str, **options: Any) -> Iterator[Visit]:
    """Open a device: phone-sized, English, with nothing stored."""
    settings = {"viewport": PHONE, "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
    with browser.new_context(**settings) as context:
        context.grant_permissions(["camera"])
        page = context.new_page()
        visit = Visit(context, page, address)
        watch(visit)
        yield visit


@contextmanager
def handing_on(browser: Browser, **options: Any) -> Iterator[Callable[[str], Visit]]:
    """Yield what opens a device at an address: a new one, or for the next who comes the same one emptied.

    On the latter the files of the app are installed already, which is most of what a new device takes.
    """
    devices: dict[str, Visit] = {}
    with ExitStack() as opened:

        def to_next(address: str) -> Visit:
            origin = urlsplit(address).netloc
            if origin not in devices:
                devices[origin] = opened.enter_context(visiting(browser, address, **options))
            else:
                empty(devices[origin])
                devices[origin].address = address
            return devices[origin]

        yield to_next


def empty(visit: Visit) -> None:
    """Leave nothing of who had a device before but the installed files of the app: a new page, nothing stored."""
    before = visit.context.pages
    visit.page = visit.context.new_page()
    for page in before:
        page.close()
    visit.offline(False)
    visit.context.unroute_all()
    session = visit.context.new_cdp_session(visit.page)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(visit.address))
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": _STORED})
    session.detach()
    visit.context.clear_cookies()
    visit.requested.clear()
    visit.complaints.clear()
    _watch_page(visit)


def left(visit: Visit) -> Visit:
    """Leave the app of a device, and forget what was asked for and complained about so far."""
    visit.page.goto("about:blank")
    visit.requested.clear()
    visit.complaints.clear()
    return visit


def watch(visit: Visit) -> None:
    """Note every request, of the service worker too, and every complaint of the console."""

    def requested(request: Request) -> None:
        visit.requested.append(request.url)

    visit.context.on("request", requested)
    _watch_page(visit)


def _watch_page(visit: Visit) -> None:
    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            visit.complaints.append(message.text)

    visit.page.on("console", said)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))


def third_parties(requested: Sequence[str], origin: str) -> list[str]:
    """Return what was asked of anybody but the app's own origin."""
    own = (origin + "/", "blob:", "data:")
    return [url for url in requested if not url.startswith(own)]


_STORED = "cookies,file_systems,indexeddb,local_storage"
_READ_STORE = """name => new Promise((resolve, reject) => {
  const opening = indexedDB.open('portadoc-inspector');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const database = opening.result;
    if (!database.objectStoreNames.contains(name)) { database.close(); resolve([]); return; }
    const reading = database.transaction(name).objectStore(name).getAll();
    reading.onsuccess = () => { database.close(); resolve(reading.result); };
    reading.onerror = () => { database.close(); reject(reading.error); };
  };
})"""
