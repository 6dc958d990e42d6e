"""The page of systems as an employee meets it: in Swedish, at a desk and on a phone, by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import MARKS
from tests.browser.employee import Employee
from tests.browser.test_keyboard import focused, tabbed
from tests.browser.test_pages import barriers, scrolls
from tests.browser.test_self_service import DESK, PHONE

pytestmark = MARKS

APPS = "/.gateway/apps"
OUTSIDE = ["Lön och förmåner", "Dokument och rutiner för alla uppdrag i regionen", "Fordon och nycklar",
           "Securitasskolan", "Ärenden", "Kundernas avtal"]  # fmt: skip
INSIDE = [*OUTSIDE[:2], "Larmcentralen", *OUTSIDE[2:]]


def names(one: Employee) -> list[str]:
    """Return the systems on the page, as a screen reader names their links."""
    links = one.page.locator("main").get_by_role("list").get_by_role("link")
    titles = one.page.locator(".app-title").all_inner_texts()
    expect(links).to_have_count(len(titles))
    for link, title in zip(links.all(), titles, strict=True):
        expect(link).to_have_accessible_name(title)
    return titles


@pytest.mark.parametrize("window", [DESK, PHONE], ids=["desk", "phone"])
def test_from_the_logon_to_a_system_and_back(place, employee, window):
    eva, account = employee(**window), next(place.with_systems)
    page = eva.page
    eva.log_on(account, inside=True)
    assert eva.where == APPS
    expect(eva.heading).to_have_text("Dina system")
    expect(page.locator(".lead")).to_have_text("Du är inloggad som Eva Lindström.")
    assert names(eva) == INSIDE
    assert barriers(page) + scrolls(page) == []
    eva.go_outside()
    page.reload()
    assert names(eva) == OUTSIDE, "the alarm centre opens in the network only"
    pay = page.get_by_role("link", name="Lön och förmåner")
    expect(pay).to_have_accessible_description(
        f"localhost:{place.relay.port}/lon Kräver engångskod"
    )
    pay.click()
    assert eva.where == "/.gateway/otp?next=/lon"
    sent = len(place.messages(account))
    eva.press("Skicka kod")
    eva.type_code(eva.read_code(account, after=sent))
    assert eva.where == "/lon"
    eva.open("/.gateway/account")
    page.get_by_role("link", name="Dina system").click()
    assert eva.where == APPS
    expect(page.get_by_text("Kräver engångskod")).to_have_count(0)
    page.get_by_role("link", name="Dokument och rutiner").click()
    assert eva.where == "/dokument"


def test_from_outside_the_code_leads_there_and_a_deep_link_does_not(place, employee):
    eva, account = employee(), next(place.with_systems)
    eva.log_on(account)
    assert eva.where == APPS
    expect(eva.heading).to_have_text("Your systems")
    eva.open("/.gateway/logout")
    eva.press("Log off")
    eva.log_on(account, "/dokument", inside=True)
    assert eva.where == "/dokument"


def test_who_has_no_choice_starts_at_the_portal_and_is_told_why(place, employee):
    anna = employee(locale="sv-SE")
    anna.log_on(next(place.with_number), inside=True)
    assert anna.where == "/"
    anna.open(APPS)
    expect(anna.page.get_by_text("Just nu finns inget system att välja här.")).to_be_visible()
    anna.page.get_by_role("link", name="Till startsidan").click()
    assert anna.where == "/"


def test_by_keyboard_and_without_script(place, employee):
    eva = employee(java_script_enabled=False)
    eva.log_on(next(place.with_systems), inside=True)
    page = eva.page
    reached = tabbed(page, 3 + len(INSIDE))
    assert reached[:2] == ["#main", "/"]
    assert reached[-len(INSIDE) :] == [
        "/lon", "/dokument", "/larm/", "/fordon/", "/skola/", "/arenden/",
        f"http://partner.localhost:{place.relay.port}/avtal/",
    ]  # fmt: skip
    for _ in range(5):
        page.keyboard.press("Shift+Tab")
    assert focused(page) == "/dokument"
    page.keyboard.press("Enter")
    page.wait_for_url("**/dokument")


def test_in_forced_colours_a_card_is_still_a_card(place, employee):
    eva = employee(forced_colors="active")
    eva.log_on(next(place.with_systems), inside=True)
    border = "one => getComputedStyle(one).borderTopWidth"
    assert eva.page.locator(".app").first.evaluate(border) == "1px"
