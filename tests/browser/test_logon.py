"""The logon as people see it: from outside, from the office, and when something is typed wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import MARKS
from tests.browser.employee import other_code
from tests.system.gateway import PASSWORD, wait_for

pytestmark = MARKS

DEEP = "/schema?ar=2026&vecka=47"


def test_from_outside_with_the_code_off_the_phone_to_the_deep_link(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.open(DEEP)
    page = anna.page
    assert page.title() == "Welcome"
    expect(anna.heading).to_have_text("Welcome")
    expect(page.get_by_text("Please log on to continue.", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Reset or change password")).to_be_visible()
    page.get_by_label("User name:", exact=True).fill(account.user)
    page.get_by_label("Password:", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log On", exact=True).click()

    assert page.title() == "Additional Information Required"
    expect(anna.heading).to_have_text("Additional Information Required")
    expect(page.get_by_text("Please type your response below.", exact=True)).to_be_visible()
    expect(page.locator(".sent-to")).to_contain_text(f"•••• {account.mobile[-2:]}")
    assert account.mobile[-6:-2] not in page.content()
    code = anna.read_code(account)
    page.get_by_label("Please enter your one-time password", exact=True).fill(code)
    page.get_by_role("button", name="Submit", exact=True).click()

    assert anna.where == DEEP
    expect(page.locator("#adress")).to_have_text(DEEP)
    expect(page.locator("header").get_by_text("Anna Åkesson")).to_be_visible()
    assert len(place.messages(account)) == 1


def test_from_the_corporate_network_the_password_is_enough(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.go_inside()
    anna.open(DEEP)
    anna.type_password(account)
    assert anna.where == DEEP
    assert place.messages(account) == []


def test_from_the_office_home_the_next_page_wants_a_code(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.log_on(account, inside=True)
    anna.go_outside()
    anna.open(DEEP)
    assert anna.page.title() == "Additional Information Required"
    assert place.messages(account) == []
    assert anna.press("Send code").status == 303
    anna.type_code(anna.read_code(account))
    assert anna.where == DEEP


def test_a_wrong_password_says_so_and_nothing_more(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.open(DEEP)
    answers = []
    for user in (account.user, "nobody-of-that-name"):
        assert anna.type_password(user, "Fel7losen").status == 401
        alert = anna.page.get_by_role("alert")
        expect(alert).to_have_text("The user name or password is incorrect.")
        expect(anna.page.locator("#username")).to_have_value(user)
        expect(anna.page.locator("#password")).to_have_value("")
        expect(anna.page.locator("#password")).to_be_focused()
        reference = anna.page.locator(".reference code").inner_text()
        answers.append(anna.page.locator("main").inner_text().replace(reference, "REFERENCE"))
    assert answers[0] == answers[1]
    assert place.messages(account) == []
    anna.type_password(account)
    anna.type_code(anna.read_code(account))
    assert anna.where == DEEP


def test_five_wrong_passwords_lock(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.open()
    for _ in range(5):
        anna.type_password(account, "Fel7losen")
    answer = anna.type_password(account)
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) in range(30, 61)
    expect(anna.page.get_by_role("alert")).to_contain_text(
        "There have been too many tries. Try again in "
    )
    assert place.messages(account) == []


def test_five_wrong_codes_and_the_right_one_is_dead(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.open(DEEP)
    anna.type_password(account)
    code = anna.read_code(account)
    kept = anna.context.cookies()
    for left in (4, 3, 2, 1):
        anna.type_code(other_code(code))
        alert = anna.page.get_by_role("alert")
        expect(alert).to_contain_text("The one-time password is incorrect.")
        expect(alert).to_contain_text(f"{left} tr{'y' if left == 1 else 'ies'} left.")
    anna.type_code(other_code(code))
    expect(anna.heading).to_have_text("Welcome")
    expect(anna.page.get_by_role("alert")).to_contain_text(
        "The one-time password is no longer valid."
    )
    # The old page and its cookies, had somebody kept them, open nothing.
    anna.context.add_cookies(kept)
    anna.open("/.gateway/otp")
    expect(anna.heading).to_have_text("Welcome")
    form = {
        "code": code,
        "next": DEEP,
        "form_token": anna.page.locator("[name=form_token]").first.input_value(),
    }
    answer = anna.context.request.post(f"{place.origin}/.gateway/otp", form=form, max_redirects=0)
    assert answer.status in {401, 403}
    assert "gateway" not in {cookie["name"] for cookie in anna.context.cookies()}
    # The logon starts over, with another code.
    anna.open(DEEP)
    anna.type_password(account)
    fresh = anna.read_code(account, after=1)
    assert fresh != code
    anna.type_code(code)
    expect(anna.page.get_by_role("alert")).to_contain_text("The one-time password is incorrect.")
    anna.type_code(fresh)
    assert anna.where == DEEP


def test_resend_brings_the_same_code_once_more(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.open(DEEP)
    anna.type_password(account)
    first = anna.read_code(account)
    told = anna.page.get_by_text("The same one-time password has been sent once more.")

    def resent() -> bool:
        """Ask; before `resend_after` the page says that a message has just been sent."""
        return anna.press("Send it again").status == 303

    wait_for(resent, "the second message", 15)
    expect(told).to_be_visible()
    assert anna.read_code(account, after=1) == first
    assert len(place.messages(account)) == 2
    anna.page.reload()
    assert len(place.messages(account)) == 2
    anna.type_code(first)
    assert anna.where == DEEP


def test_however_the_logon_is_repeated_one_message_is_sent(place, employee):
    anna, account = employee(), next(place.with_number)
    page = anna.page
    anna.open(DEEP)
    page.locator("#username").fill(account.user)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Log On").dblclick()
    page.wait_for_url(re.compile("/otp"))
    page.reload()
    page.go_back()
    anna.type_password(account)
    expect(anna.heading).to_have_text("Additional Information Required")
    second = anna.tab()
    second.goto(f"{place.origin}/.gateway/logon")
    second.locator("#username").fill(account.user)
    second.locator("#password").fill(PASSWORD)
    second.get_by_role("button", name="Log On").click()
    expect(second.locator("h1")).to_have_text("Additional Information Required")
    anna.type_code(anna.read_code(account))
    assert anna.where == DEEP
    assert len(place.messages(account)) == 1
    sent = [line for line in place.gateway.audit() if line["event"] == "code.sent"]
    assert [line["user"] for line in sent].count(account.user) == 1


def test_without_a_number_the_way_to_the_office_is_shown(place, employee):
    bo, account = employee(), next(place.without_number)
    bo.open(DEEP)
    assert bo.type_password(account).status == 403
    expect(bo.heading).to_have_text("Log on at the office first")
    expect(bo.page.get_by_text("connected to the Securitas network")).to_be_visible()
    bo.page.get_by_role("link", name="How to do it").click()
    assert bo.where == "/.gateway/help#first"
    bo.go_inside()
    bo.open(DEEP)
    bo.type_password(account)
    expect(bo.heading).to_have_text("Your mobile number is missing")
    bo.page.get_by_role("link", name="Not now").click()
    assert bo.where == DEEP


def test_a_message_that_could_not_be_sent_is_sent_on_request(place, employee):
    anna, account = employee(), next(place.with_number)
    anna.open(DEEP)
    place.fail_messages(1)
    anna.type_password(account)
    expect(anna.page.get_by_role("alert")).to_contain_text("The message could not be sent.")
    assert anna.press("Send it again").status == 303
    anna.type_code(anna.read_code(account))
    assert anna.where == DEEP


@pytest.mark.parametrize("way", ["https://example.com/", "//example.com", "/\\example.com"])
def test_no_logon_leads_to_another_site(place, employee, way):
    siv, account = employee(), next(place.with_number)
    siv.go_inside()
    siv.page.goto(f"{place.origin}/.gateway/logon?next={way}")
    siv.type_password(account)
    assert siv.page.url == f"{place.origin}/"
