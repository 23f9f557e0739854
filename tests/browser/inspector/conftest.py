"""A house that serves the app, and devices that open it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.inspector.camera import Scene, camera_browser
from tests.browser.inspector.running import (
    CHROMIUM,
    Served,
    Visit,
    handing_on,
    launch,
    left,
    served_house,
    visiting,
)
from tests.browser.inspector.town import Town, open_town


@pytest.fixture(scope="session")
def inspection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house with the built app, behind a real server."""
    with served_house(tmp_path_factory.mktemp("inspection")) as served:
        yield served


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A house in which documents are issued, withdrawn and replaced; an inspectors' service is part of it."""
    with open_town(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.fixture(scope="module")
def browsers() -> Iterator[Playwright]:
    """What starts Chromium. It keeps an event loop running, so it lives no longer than its module of tests."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: the inspector app was not run in a real browser")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser_program(browsers: Playwright) -> Iterator[Browser]:
    """Headless Chromium without a camera."""
    with launch(browsers) as browser:
        yield browser


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """What stands before the camera of ``camera``."""
    return Scene(tmp_path_factory.mktemp("film") / "scene.y4m")


@pytest.fixture(scope="module")
def camera(browsers: Playwright, scene: Scene) -> Iterator[Browser]:
    """Headless Chromium with a camera that sees the scene."""
    with camera_browser(browsers, scene.film) as browser:
        yield browser


@pytest.fixture
def visit(browser_program: Browser, inspection: Served) -> Iterator[Visit]:
    """A new device that has nothing stored; ``visit.open()`` starts the app on it."""
    with visiting(browser_program, inspection.address) as opened:
        yield opened


@pytest.fixture(scope="module")
def emptied(browser_program: Browser) -> Iterator[Callable[[str], Visit]]:
    """Devices with nothing stored, for who does not mind that the app's files are installed already."""
    with handing_on(browser_program) as to_next:
        yield to_next


@pytest.fixture(scope="module")
def emptied_with_camera(camera: Browser) -> Iterator[Callable[[str], Visit]]:
    """Such devices with a camera that sees the scene."""
    with handing_on(camera) as to_next:
        yield to_next


@pytest.fixture(scope="module")
def one_device(browser_program: Browser, inspection: Served) -> Iterator[Visit]:
    """The device behind ``used``."""
    with visiting(browser_program, inspection.address) as opened:
        opened.open()
        opened.synchronised()
        opened.installed()
        yield opened


@pytest.fixture
def used(one_device: Visit) -> Visit:
    """A device with its trust pack on which others were before: for what leaves no trace but in the history.

    The app is not open. To start it again takes a fifth of what a new device takes.
    """
    return left(one_device)
