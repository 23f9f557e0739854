"""A served installation in which two officers have to agree, and the people who come to its office."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from portadoc.clock import FixedClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from tests.unit.portal.test_portal_pages import NOW, Browser

SLUG: Final = "fr-demo"
OFFICE: Final = f"/portal/{SLUG}/office"
GIVEN: Final = {
    "worker_pin": {"worker_pin": "TEST185041201"},
    "situation": {"situation": "posting"},
    "host_state": {"host_state": "DE"},
    "workplaces": {"0.name": "Baustelle Nord", "0.town": "Berlin"},
    "replaced_posting": {"start": "2026-02-01", "end": "2026-12-31", "ended_early": "no"},
    "history": {"earlier_posting": "no", "other_certificate": "no"},
}
UNSURE: Final = {
    "direct_relationship": "unknown",
    "paid_by": "employer",
    "hired_out_onward": "no",
    "only_this_work": "yes",
}
GRANT: Final = {
    "outcome": "grant",
    "article": "01/12_1",
    "start": "2027-01-10",
    "end": "2027-05-31",
    "reason": "The employer has shown\r\nthe contract.",
}


@dataclass
class Town:
    """An installation and its people's browsers."""

    house: House
    browse: Callable[..., Browser]

    def apply(self, browser: Browser, *, refused: bool = False, urgent: bool = False) -> str:
        """Return the id of a request that the rules refuse, or leave to a person."""
        given = {
            **GIVEN,
            "period": {"start": "2026-11-23" if urgent else "2027-01-10", "end": "2027-05-31"},
            "replaces": {"replaces": "posted_other_employer" if refused else "none"},
            "link": {**UNSURE, **({"direct_relationship": "yes"} if refused else {})},
        }
        browser.start("employer")
        while "/questions/" in browser.path:
            browser.answer(given[browser.path.rsplit("/", 1)[1]])
        base = browser.path.removesuffix("/check")
        browser.submit()
        if "Answer the questions" in browser.page.text:  # "I do not know" is asked once more
            browser.get(f"{base}/check")
            browser.submit()
        return base.rsplit("/", 1)[1]


def opened_town(folder: Path, stack: ExitStack, *, four_eyes: bool) -> Town:
    """Return a served installation."""
    listener = stack.enter_context(listen("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = PortadocSettings(base_url=base_url, data_dir=folder)
    here = settings.institutions[SLUG].model_copy(update={"four_eyes": four_eyes})
    settings = settings.model_copy(update={"institutions": {**settings.institutions, SLUG: here}})
    house = stack.enter_context(
        open_house(settings, clock=FixedClock(NOW), random_bytes=system_random_bytes, environment={})
    )
    stack.enter_context(serving(house, listener))

    def browse(person: str | None = None, *, staff: bool = False) -> Browser:
        return stack.enter_context(closing(Browser(base_url, person, staff=staff)))

    return Town(house, browse)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """An office in which one officer decides."""
    with ExitStack() as stack:
        yield opened_town(tmp_path_factory.mktemp("town"), stack, four_eyes=False)


@pytest.fixture(scope="module")
def strict_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """An office in which two officers decide."""
    with ExitStack() as stack:
        yield opened_town(tmp_path_factory.mktemp("strict-town"), stack, four_eyes=True)
