"""A house that serves the app, and devices that open it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.inspector.running import CHROMIUM, Served, Visit, launch, served_house, visiting


@pytest.fixture(scope="session")
def inspection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house with the built app, behind a real server."""
    with served_house(tmp_path_factory.mktemp("inspection")) as served:
        yield served


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


@pytest.fixture
def visit(browser_program: Browser, inspection: Served) -> Iterator[Visit]:
    """A new device that has nothing stored; ``visit.open()`` starts the app on it."""
    with visiting(browser_program, inspection.address) as opened:
        yield opened
