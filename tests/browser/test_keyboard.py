"""With the keyboard alone: the order of Tab, Enter that sends, and a focus that can be seen."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser import MARKS
from tests.system.gateway import PASSWORD

pytestmark = MARKS

_FOCUS = """() => {
  const one = document.activeElement, look = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  return {
    name: one.id || one.getAttribute("href") || one.textContent.trim(),
    outline: look.outlineStyle === "none" ? 0 : parseFloat(look.outlineWidth),
    seen: box.width > 0 && box.top >= 0 && box.bottom <= innerHeight,
  };
}"""


def focused(page: Page) -> str:
    """Return what has the focus; that it can be seen is asserted."""
    one = page.evaluate(_FOCUS)
    assert one["outline"] >= 2, one
    assert one["seen"], one
    return one["name"]


def tabbed(page: Page, number: int) -> list[str]:
    """Press Tab so often, and return what was reached."""
    reached = []
    for _ in range(number):
        page.keyboard.press("Tab")
        reached.append(focused(page))
    return reached


def test_from_the_logon_to_the_portal_by_keyboard(place, employee):
    anna, account = employee(), next(place.with_number)
    page = anna.page
    anna.open("/schema?vecka=47")
    expect(page.locator("#username")).to_be_focused()
    assert focused(page) == "username"
    page.keyboard.type(account.user)
    assert tabbed(page, 1) == ["password"]
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    assert focused(page) == "code"
    page.keyboard.type(anna.read_code(account))
    page.keyboard.press("Enter")
    page.wait_for_selector("#adress")
    assert anna.where == "/schema?vecka=47"


def test_tab_goes_through_the_logon_in_reading_order(place, employee):
    anna = employee()
    anna.open("/")
    expect(anna.page.locator("#username")).to_be_focused()
    assert tabbed(anna.page, 3) == ["password", "Log On", "/.gateway/reset"]
    anna.open("/.gateway/help")
    reached = tabbed(anna.page, 4)
    assert reached[:2] == ["#main", "/"]
    assert reached[2].startswith("/.gateway/language?")
    assert reached[3].startswith("mailto:")


def test_the_skip_link_leads_to_the_content(place, employee):
    anna = employee()
    anna.open("/.gateway/help")
    assert tabbed(anna.page, 1) == ["#main"]
    anna.page.keyboard.press("Enter")
    assert anna.page.evaluate("document.activeElement.id") == "main"


def test_tab_goes_through_the_code_page_in_reading_order(place, employee):
    anna = employee()
    anna.open("/")
    anna.type_password(next(place.with_number))
    expect(anna.page.locator("#code")).to_be_focused()
    assert tabbed(anna.page, 2) == ["Submit", "Send it again"]


def test_log_off_by_keyboard(place, employee):
    anna = employee()
    anna.log_on(next(place.with_number), inside=True)
    anna.open("/.gateway/logout")
    assert tabbed(anna.page, 4)[-1] == "Log off"
    anna.page.keyboard.press("Enter")
    anna.page.wait_for_selector("#username")
    assert "notice=logged-off" in anna.page.url
