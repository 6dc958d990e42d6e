"""Every page in several dresses: language, width, targets, colours, and what axe-core finds."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import pytest
from axe_playwright_python.sync_playwright import Axe
from babel.messages.pofile import read_po
from playwright.sync_api import Page

from tests.browser import MARKS
from tests.browser.employee import Employee
from tests.browser.place import running_place
from tests.browser.tour import ALONE, OURS, PORTAL, Stop, proof, tour

pytestmark = MARKS

DRESSES = {
    "narrow, Swedish, dark": {
        "locale": "sv-SE", "color_scheme": "dark", "viewport": {"width": 320, "height": 568},
    },
    "wide": {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}},
    # A window of 1280 by 800 at 200 % (WCAG 1.4.4): half as many CSS pixels, twice as dense.
    "zoomed, Swedish": {
        "locale": "sv-SE", "viewport": {"width": 640, "height": 400}, "device_scale_factor": 2,
    },
}  # fmt: skip

_TOO_SMALL = """() => [...document.querySelectorAll(".button, button, input:not([type=hidden], [hidden])")]
  .map(one => [one.textContent.trim() || one.id, one.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 44)
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
_WIDER = """() => [...document.querySelectorAll("body *")]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 0.5)
  .map(one => one.tagName + "." + one.className)"""
_LARGER_LETTERS = """size => { document.documentElement.style.fontSize = size }"""
_REACHABLE = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden], [hidden])")]
  .filter(one => one.getClientRects().length > 0)
  .map(one => (one.dataset.place = [...document.querySelectorAll("*")].indexOf(one)) + "")"""
_FOCUSED = """() => {
  const one = document.activeElement, look = getComputedStyle(one), box = one.getBoundingClientRect();
  const clear = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2;
  const seen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return { place: one.dataset.place, fault: clear && seen ? "" : one.outerHTML.slice(0, 200) };
}"""
_GROUND = """() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)
  .map(Number)"""


@cache
def sentences(language: str) -> set[str]:
    """Return the fixed sentences of one language that the other one does not share."""
    place = files("gateway.texts") / "locales/sv/LC_MESSAGES/portvakt.po"
    with place.open("rb") as file:
        pairs = [
            (message.id, message.string)
            for message in read_po(file, locale="sv")
            if isinstance(message.id, str) and message.id and "%(" not in message.id
        ]
    both = [pair for pair in pairs if pair[0] != pair[1]]
    return {english if language == "en" else swedish for english, swedish in both}


def faults(stop: Stop, options: dict) -> list[str]:
    """Return what is wrong with a page of ours."""
    page, language = stop.page, options["locale"][:2]
    found = []
    if page.locator("html").get_attribute("lang") != language:
        found.append("lang")
    text = page.locator("body").inner_text()
    other = sentences("sv" if language == "en" else "en")
    found += [f"not {language}: {one}" for one in other if re.search(rf"\b{re.escape(one)}", text)]
    if page.locator("h1").count() != 1 or not page.title():
        found.append("heading or title")
    if stop.kind == OURS:
        found += looks(page, options)
    return found


def looks(page: Page, options: dict) -> list[str]:
    """Return what is wrong with sizes and colours."""
    found = [f"small: {one}" for one in page.evaluate(_TOO_SMALL)]
    dark = sum(page.evaluate(_GROUND)) < 3 * 128
    if dark != (options.get("color_scheme") == "dark"):
        found.append("ground")
    return found


def barriers(page: Page) -> list[str]:
    """Return what axe-core (WCAG 2.2 A and AA, best practice) finds in any page."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html']}" for one in found for node in one["nodes"]
    ]


def scrolls(page: Page) -> list[str]:
    """Return what sticks out to the right of the window."""
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"sticks out: {one}" for one in page.evaluate(_WIDER)] or ["scrolls"] if wide else []


def lost_in_large_letters(page: Page) -> list[str]:
    """Return what sticks out when letters alone are twice as large (WCAG 1.4.4)."""
    page.evaluate(_LARGER_LETTERS, "200%")
    found = scrolls(page)
    page.evaluate(_LARGER_LETTERS, "")
    return [f"in large letters {one}" for one in found]


def unreachable(page: Page) -> list[str]:
    """Return what Tab does not reach in reading order, or where the focus cannot be seen."""
    places = page.evaluate(_REACHABLE)
    page.locator(".skip").focus()  # the first of all: what follows is where Tab leads
    found, reached = [], [places[0]]
    for _ in places[1:]:
        page.keyboard.press("Tab")
        here = page.evaluate(_FOCUSED)
        reached.append(here["place"])
        found += [f"focus: {here['fault']}"] if here["fault"] else []
    return found if reached == places else [*found, f"Tab leads {reached}, not {places}"]


def judged(stop: Stop, options: dict) -> list[str]:
    """Return all that is wrong with a page in its dress."""
    wrong = scrolls(stop.page)
    if stop.kind != ALONE:  # that one has the browser's own colours
        wrong += barriers(stop.page)
    if stop.kind != PORTAL:
        wrong += faults(stop, options)
    # 320 pixels are a window of 1280 at 400 % already (WCAG 1.4.10).
    if stop.kind == OURS and options["viewport"]["width"] > 320:
        wrong += lost_in_large_letters(stop.page) + unreachable(stop.page)
    return wrong


@pytest.mark.timeout(400)
@pytest.mark.parametrize("options", DRESSES.values(), ids=DRESSES)
def test_every_page(place, employee, options):
    seen = {
        f"{stop.name} ({stop.status})": judged(stop, options)
        for stop in tour(lambda: employee(**options))
    }
    assert len(seen) > 20
    assert {name: wrong for name, wrong in seen.items() if wrong} == {}


def test_the_pages_of_a_proven_number(chromium, tmp_path):
    """They are only there with `prove_mobile`, so they have a gateway of their own."""
    with running_place(tmp_path, 16, self_service="prove_mobile = true") as place:
        for name, options in DRESSES.items():
            one = Employee(chromium.new_context(**options), place)
            seen = {stop.name: judged(stop, options) for stop in proof(one)}
            assert len(seen) == 3
            assert {at: wrong for at, wrong in seen.items() if wrong} == {}, name
            assert one.problems == []
            one.context.close()


@pytest.mark.parametrize(
    ("locale", "language"),
    [("sv-SE", "sv"), ("sv-FI", "sv"), ("en-US", "en"), ("de-DE", "en"), ("nb-NO", "en")],
)
def test_the_browsers_language_chooses(place, employee, locale, language):
    anna = employee(locale=locale)
    answer = anna.open("/")
    assert anna.page.locator("html").get_attribute("lang") == language
    assert answer.headers["content-language"] == language
