"""The switch of languages, by people: it leads back, and what was chosen stays chosen."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import MARKS
from tests.browser.employee import Employee
from tests.browser.test_pages import barriers

pytestmark = MARKS

START = "/schema?ar=2026&vecka=47"


def speaks(one: Employee) -> str | None:
    return one.page.locator("html").get_attribute("lang")


def switch(one: Employee, name: str) -> None:
    one.page.get_by_role("link", name=name, exact=True).click()
    one.page.wait_for_load_state()


def test_chosen_without_javascript_and_remembered_at_the_next_visit(place, employee):
    account = next(place.with_number)
    anna = employee(locale="sv-SE", java_script_enabled=False)
    anna.open(START)
    there = anna.where
    assert speaks(anna) == "sv"
    switch(anna, "English")
    assert (speaks(anna), anna.where) == ("en", there)
    expect(anna.heading).to_have_text("Welcome")
    assert anna.type_password(account, "Fel7losen").status == 401
    switch(anna, "Svenska")  # the answer to a form leads to its page
    assert (speaks(anna), anna.where) == ("sv", there)
    switch(anna, "English")
    anna.type_password(account)
    expect(anna.heading).to_have_text("Additional Information Required")
    anna.type_code(anna.read_code(account))
    assert anna.where == START
    assert "is your one-time password" in place.messages(account)[-1]
    anna.open("/.gateway/account")
    expect(anna.heading).to_have_text("Logon details")
    anna.open("/.gateway/logout")
    anna.press("Log off")
    assert speaks(anna) == "en"
    lasting = [one for one in anna.context.cookies() if one["expires"] > 0]
    again = employee(locale="sv-SE")  # days later: what ends with the browser is gone
    again.context.add_cookies(lasting)
    again.open(START)
    assert (speaks(again), again.where) == ("en", there)
    expect(again.heading).to_have_text("Welcome")


def test_on_an_error_page_of_the_front_door(place, employee):
    anna = employee()
    anna.log_on(next(place.with_number), inside=True)
    assert anna.open("/hr/lon?ar=2026").status == 403
    switch(anna, "Svenska")
    assert (speaks(anna), anna.where) == ("sv", "/hr/lon?ar=2026")
    expect(anna.heading).to_have_text("Du har inte behörighet till det här")
    assert barriers(anna.page) == []
    switch(anna, "English")
    expect(anna.heading).to_have_text("You do not have access to this")


def test_by_keyboard_and_named_for_a_screen_reader(place, employee):
    anna = employee()
    anna.open("/.gateway/help")
    languages = anna.page.get_by_role("navigation", name="Language")
    link = languages.get_by_role("link")
    expect(link).to_have_text("Svenska")
    expect(link).to_have_attribute("lang", "sv")
    expect(link).to_have_attribute("hreflang", "sv")
    assert link.bounding_box()["height"] >= 44
    anna.page.keyboard.press("Tab")  # past the content
    anna.page.keyboard.press("Tab")  # the brand
    anna.page.keyboard.press("Tab")
    expect(link).to_be_focused()
    anna.page.keyboard.press("Enter")
    anna.page.wait_for_load_state()
    assert (speaks(anna), anna.where) == ("sv", "/.gateway/help")
    expect(anna.page.get_by_role("navigation", name="Språk").get_by_role("link")).to_have_text(
        "English"
    )


def test_nothing_covers_anything(place, employee):
    """The switch stands above the content in every width."""
    for width in (320, 390, 960, 1100, 1600):
        anna = employee(viewport={"width": width, "height": 700})
        for path in ("/.gateway/help", "/.gateway/logon"):
            anna.open(path)
            link = anna.page.locator(".languages a").bounding_box()
            heading = anna.heading.bounding_box()
            brand = anna.page.locator(".brand").bounding_box()
            assert link["y"] + link["height"] <= heading["y"] + 1, width
            side = link["x"] >= brand["x"] + brand["width"]
            assert side or link["y"] >= brand["y"] + brand["height"], width
