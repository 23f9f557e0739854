"""What an observer in the page notes without touching the app: taps, the camera's first picture, the verdict."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.browser.inspector.running import Visit

_OBSERVER = """(() => {
  const seen = {taps: 0, tapped: null, usable: null, picture: null, part: null, verdict: null};
  globalThis.observed = seen;
  const now = () => performance.now();
  addEventListener('click', event => {
    if (event.isTrusted) Object.assign(seen, {taps: seen.taps + 1, tapped: now()});
  }, true);
  const videos = new WeakSet();
  new MutationObserver(() => {
    const find = selector => document.querySelector(selector);
    const video = find('video');
    if (video !== null && !videos.has(video)) {
      videos.add(video);
      Object.assign(seen, {picture: null, part: null, verdict: null});
      video.requestVideoFrameCallback(() => { seen.picture ??= now(); });
    }
    if (find('main h1') !== null) seen.usable ??= now();
    if (find('.frame-bar') !== null) seen.part ??= now();
    if (find('.verdict-head h1, .told h1') !== null) seen.verdict ??= now();
  }).observe(document, {childList: true, subtree: true});
})()"""


@dataclass(frozen=True)
class Seen:
    """Taps since the page was opened; times in milliseconds since then, those of the last stream of the camera."""

    taps: int
    tapped: float | None
    usable: float
    picture: float | None
    part: float | None
    verdict: float | None

    @property
    def reading(self) -> float:
        """Milliseconds from the first picture that the camera presented to the verdict."""
        assert self.picture is not None
        assert self.verdict is not None
        return self.verdict - self.picture


def observe(visit: Visit) -> None:
    """Observe all that the device's page opens from now on."""
    visit.page.add_init_script(_OBSERVER)


def seen(page: Page) -> Seen:
    """Return what was noted so far."""
    noted: dict[str, Any] = page.evaluate("globalThis.observed")
    return Seen(**noted)


def now_in(page: Page) -> float:
    """Return the time of the page in milliseconds."""
    return float(page.evaluate("performance.now()"))


def shift_clock(visit: Visit, seconds: int) -> None:
    """Let all that the device's page opens from now on believe that so much time has passed."""
    visit.page.add_init_script(
        f"""(() => {{
          const Here = Date, now = Date.now;
          globalThis.Date = class extends Here {{
            constructor(...given) {{ super(...(given.length === 0 ? [now() + {1000 * seconds}] : given)); }}
            static now() {{ return now() + {1000 * seconds}; }}
          }};
        }})()"""
    )
