"""Look at a screen: ``python -m tests.browser.inspector.look "#scan" out.png [--dark] [--width 1200]``.

SCREEN is what follows the address of the app. The app is built first where its sources have changed.
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.inspector.running import launch, served_house, visiting


def main() -> None:
    """Open one screen and write what it looks like."""
    wish = argparse.ArgumentParser(description=__doc__)
    wish.add_argument("screen")
    wish.add_argument("picture", type=Path)
    wish.add_argument("--dark", action="store_true")
    wish.add_argument("--width", type=int, default=390)
    wish.add_argument("--height", type=int, default=844)
    wish.add_argument("--language", default="en-GB")
    wish.add_argument("--wait", type=float, default=0.5, help="seconds before the picture is taken")
    wished = wish.parse_args()
    options = {
        "viewport": {"width": wished.width, "height": wished.height},
        "color_scheme": "dark" if wished.dark else "light",
        "locale": wished.language,
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        served_house(Path(folder)) as served,
        sync_playwright() as playwright,
        launch(playwright) as browser,
        visiting(browser, served.address, **options) as visit,
    ):
        visit.open(wished.screen)
        visit.page.wait_for_timeout(wished.wait * 1000)
        visit.page.screenshot(path=wished.picture, full_page=True)
        for complaint in visit.complaints:
            print("complaint:", complaint)


if __name__ == "__main__":
    main()
