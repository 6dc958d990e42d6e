"""`python -m tests.browser.screenshots [DIRECTORY]`: a picture of every page, in every dress.

English and Swedish, light and dark, 320, 390 and 1280 pixels wide, into screenshots/ (not kept in
git) as LANGUAGE-SCHEME-WIDTH/NAME.png. For people to look at; the tests measure.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import launch
from tests.browser.employee import Employee
from tests.browser.place import Place, running_place
from tests.browser.tour import phone, tour

LANGUAGES = ("en-GB", "sv-SE")
SCHEMES = ("light", "dark")
SIZES = ((320, 640), (390, 844), (1280, 800))


def photograph(browser: Browser, place: Place, into: Path, options: dict[str, object]) -> int:
    """Take the pictures of one dress; return their number."""
    made: list[Employee] = []

    def new() -> Employee:
        made.append(Employee(browser.new_context(**options), place))
        return made[-1]

    count = 0
    into.mkdir(parents=True, exist_ok=True)
    for stop in itertools.chain(tour(new), phone(new())):
        stop.page.screenshot(path=into / f"{stop.name}.png", full_page=True)
        count += 1
    for one in made:
        one.context.close()
    return count


def main(directory: Path) -> None:
    """Take all pictures."""
    dresses = list(itertools.product(LANGUAGES, SCHEMES, SIZES))
    with (
        tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp") as state,
        running_place(Path(state), count=6 * len(dresses)) as place,
        sync_playwright() as playwright,
        launch(playwright) as browser,
    ):
        for language, scheme, (width, height) in dresses:
            into = directory / f"{language[:2]}-{scheme}-{width}"
            options = {
                "locale": language,
                "color_scheme": scheme,
                "viewport": {"width": width, "height": height},
            }
            print(f"{into}: {photograph(browser, place, into, options)}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots"))
