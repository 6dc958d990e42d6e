"""`python -m tests.browser.screenshots [DIRECTORY]`: a picture of every page, in every dress.

English and Swedish, light and dark, 320, 390 and 1280 pixels wide, into screenshots/ (not kept in
git) as LANGUAGE-SCHEME-WIDTH/NAME.png. For people to look at; the tests measure.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import launch
from tests.browser.employee import Employee
from tests.browser.place import Place, running_place
from tests.browser.tour import Stop, phone, proof, tour

LANGUAGES = ("en-GB", "sv-SE")
SCHEMES = ("light", "dark")
SIZES = ((320, 640), (390, 844), (1280, 800))


Walk = Callable[[Callable[[], Employee]], Iterator[Stop]]


def all_pages(new: Callable[[], Employee]) -> Iterator[Stop]:
    """Walk past what is there without `prove_mobile`, and past the phone."""
    return itertools.chain(tour(new), phone(new()))


def photograph(
    browser: Browser, place: Place, into: Path, options: dict[str, object], walk: Walk
) -> int:
    """Take the pictures of one dress; return their number."""
    made: list[Employee] = []

    def new() -> Employee:
        made.append(Employee(browser.new_context(**options), place))
        return made[-1]

    count = 0
    into.mkdir(parents=True, exist_ok=True)
    for stop in walk(new):
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
        tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp") as other_state,
        running_place(Path(state), count=6 * len(dresses)) as place,
        running_place(
            Path(other_state), 4 * len(dresses), self_service="prove_mobile = true"
        ) as careful,
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
            count = photograph(browser, place, into, options, all_pages)
            count += photograph(browser, careful, into, options, lambda new: proof(new()))
            print(f"{into}: {count}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots"))
