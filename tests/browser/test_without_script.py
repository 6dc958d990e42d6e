"""JavaScript off: every form works all the same, the phone's page too."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import MARKS
from tests.browser.employee import other_code
from tests.system.gateway import wait_for

pytestmark = MARKS


def test_the_whole_walk_without_javascript(place, employee):
    anna, account = employee(java_script_enabled=False), next(place.with_number)
    anna.open("/schema?ar=2026&vecka=47")
    assert anna.type_password(account, "Fel7losen").status == 401
    expect(anna.page.get_by_role("alert")).to_be_visible()
    assert anna.type_password(account).status == 303
    code = anna.read_code(account)
    assert anna.type_code(other_code(code)).status == 401
    wait_for(lambda: anna.press("Send it again").status == 303, "the second message", 15)
    assert anna.type_code(anna.read_code(account, after=1)).status == 303
    assert anna.where == "/schema?ar=2026&vecka=47"
    anna.open("/.gateway/logout")
    assert anna.press("Log off").status == 303
    expect(anna.page.get_by_role("status")).to_have_text("You have logged off.")


def test_no_page_of_ours_has_a_script(place, employee):
    anna = employee()
    for path in ("/", "/.gateway/help", "/.gateway/nothing"):
        anna.open(path)
        assert anna.page.locator("script, [onclick], [onload], [onsubmit], [style]").count() == 0
