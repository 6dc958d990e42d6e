"""One Chromium and one place for all browser tests; a fresh profile for each employee."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests import requirements
from tests.browser.employee import Employee
from tests.browser.place import Place, running_place

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_MS = 15_000


def launch(playwright: Playwright) -> Browser:
    """Start the Chromium of this machine; Playwright's own is never downloaded."""
    path = requirements.program("chromium")
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))


# Of the package, not of the session: while Playwright runs, its event loop is this thread's, and
# asyncio tests of other directories would find it running.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    requirements.program("chromium")
    with sync_playwright() as playwright, launch(playwright) as browser:
        expect.set_options(timeout=PATIENCE_MS)
        yield browser


@pytest.fixture(scope="package")
def place(tmp_path_factory) -> Iterator[Place]:
    requirements.program("chromium")
    with running_place(tmp_path_factory.mktemp("browser")) as place:
        yield place


@pytest.fixture
def employee(chromium: Browser, place: Place) -> Iterator[Callable[..., Employee]]:
    """A new employee with a fresh browser profile; options are those of a Playwright context.

    They come from outside until they go inside. In the end none of their pages had a problem.
    """
    made: list[Employee] = []

    def make(**options) -> Employee:
        context = chromium.new_context(**({"locale": "en-GB"} | options))
        context.set_default_timeout(PATIENCE_MS)
        made.append(Employee(context, place))
        return made[-1]

    yield make
    problems = [problem for one in made for problem in one.problems]
    for one in made:
        one.context.close()
    place.relay.come_from("127.0.0.1")
    assert problems == []
