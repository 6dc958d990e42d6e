"""Log off: the session is dead, and the back button brings nothing of the portal back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import MARKS

pytestmark = MARKS


def test_log_off_through_the_portals_menu(place, employee):
    anna, account = employee(), next(place.with_number)
    page = anna.page
    anna.log_on(account, "/schema", inside=True)
    dead = anna.context.cookies()
    page.get_by_label("Anna Åkesson, ditt konto").click()
    page.get_by_role("link", name="Logga ut").click()
    expect(anna.heading).to_have_text("Log off")
    expect(page.get_by_text("You are logged on as Anna Åkesson.")).to_be_visible()
    assert anna.press("Log off").status == 303
    expect(page.get_by_role("status")).to_have_text("You have logged off.")
    names = {cookie["name"] for cookie in anna.context.cookies()}
    assert names == {"gateway-form", "gateway-known"}

    anna.open("/mitt-securitas")
    assert anna.where == "/.gateway/logon?next=/mitt-securitas"
    anna.context.add_cookies(dead)
    anna.open("/schema")
    assert anna.where == "/.gateway/logon?next=/schema"


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_back_after_log_off_shows_nothing_of_the_portal(place, employee, steps):
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, "/mitt-securitas/vem-ar-jag", inside=True)
    anna.open("/debug/echo?page=of-the-portal")  # an answer that no field forbids to keep
    anna.open("/.gateway/logout")
    anna.press("Log off")
    expect(anna.heading).to_have_text("Welcome")
    asked = len(place.stub.requests())
    for _ in range(steps):
        anna.page.go_back()
    assert "/.gateway/logon" in anna.page.url
    for word in (account.user, "Åkesson", "of-the-portal"):
        assert word not in anna.page.locator("body").inner_text()
    assert len(place.stub.requests()) == asked


def test_staying_goes_back_to_the_portal(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, inside=True)
    anna.open("/.gateway/logout")
    anna.page.get_by_role("link", name="Stay logged on").click()
    expect(anna.heading).to_have_text("Hej, Anna!")


def test_log_off_in_one_browser_leaves_the_other_logged_on(place, employee):
    account = next(place.with_number)
    work, home = employee(), employee()
    work.log_on(account, inside=True)
    home.log_on(account, inside=True)
    work.open("/.gateway/logout")
    work.press("Log off")
    home.open("/schema")
    assert home.where == "/schema"
