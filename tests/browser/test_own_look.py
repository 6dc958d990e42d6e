"""A logo, colours and words of an organisation's own: they show, and every page stays readable."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import MARKS
from tests.browser.conftest import PATIENCE_MS
from tests.browser.test_pages import barriers, scrolls
from tests.system.gateway import RunningGateway, running_gateway

pytestmark = MARKS

LOOK = Path(__file__).parents[1] / "data" / "look"
TABLE = '[branding]\ndirectory = "look"\norganisation = "Norrvakt"\nportal = "Portalen"\n'
PAGES = {
    "logon": "/.gateway/logon?next=/x",
    "help": "/.gateway/help",
    "reset": "/.gateway/reset",
    "404": "/.gateway/nothing",
    "400": "/a%2fb",
}
_BUTTON = "getComputedStyle(document.querySelector('.button')).backgroundColor"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory) -> Iterator[RunningGateway]:
    directory = tmp_path_factory.mktemp("look")
    shutil.copytree(LOOK, directory / "look")
    with running_gateway(directory, portal="http://127.0.0.1:1", tables=TABLE) as gateway:
        yield gateway


def look_at(
    browser: Browser, gateway: RunningGateway, **options: object
) -> Iterator[tuple[str, Page]]:
    """Yield each page; none may have a problem in its console."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    page, troubles = context.new_page(), []
    page.on("console", lambda told: troubles.append(told.text) if told.type == "error" else None)
    for name, path in PAGES.items():
        page.goto(gateway.origin + path)
        yield name, page
    context.close()
    assert [text for text in troubles if "status of 40" not in text] == []


@pytest.mark.parametrize(
    ("scheme", "width", "button"),
    [("light", 320, "rgb(155, 15, 42)"), ("dark", 320, "rgb(255, 154, 169)"),
     ("light", 1280, "rgb(155, 15, 42)"), ("dark", 1280, "rgb(255, 154, 169)")],
)  # fmt: skip
def test_it_shows_and_stays_readable(chromium, gateway, scheme, width, button):
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 700}}
    for name, page in look_at(chromium, gateway, locale="sv-SE", **options):
        logo = page.get_by_role("img", name="Norrvakt")
        expect(logo).to_be_visible()
        assert logo.evaluate("one => one.complete && one.naturalWidth > one.naturalHeight"), name
        expect(page.get_by_role("link", name="Norrvakt Portalen")).to_be_visible()
        assert page.evaluate(_BUTTON) == button, name
        assert barriers(page) == [], name
        assert scrolls(page) == [], name
        icon = page.locator("link[rel=icon]").get_attribute("href")
        assert page.request.get(gateway.origin + icon).headers["content-type"].startswith("image/")


def test_words_of_its_own_in_both_languages(chromium, gateway):
    for locale, words in (
        ("sv-SE", "Logga in med samma uppgifter som på datorn."),
        ("en-GB", "Log on as you do on your computer."),
    ):
        name, page = next(look_at(chromium, gateway, locale=locale))
        assert name == "logon"
        expect(page.get_by_text(words)).to_be_visible()


def test_an_svg_that_is_opened_by_itself_can_do_nothing(chromium, gateway):
    _, page = next(look_at(chromium, gateway))
    address = page.locator("img.logo").get_attribute("src")
    answer = page.goto(gateway.origin + address)
    assert answer.headers["content-security-policy"].endswith("; sandbox")
    assert page.evaluate("self.origin") == "null"
