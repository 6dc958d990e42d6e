"""The instructions to the employees, followed from top to bottom: in Swedish, at a desk and on a phone."""

from __future__ import annotations

import dataclasses

import pytest
from playwright.sync_api import expect

from tests.browser import MARKS
from tests.browser.employee import SPARE_NUMBER, Employee
from tests.browser.place import Account, Place
from tests.system.gateway import PASSWORD

pytestmark = MARKS

DESK = {"locale": "sv-SE", "viewport": {"width": 1280, "height": 800}}
PHONE = {
    "locale": "sv-SE", "viewport": {"width": 390, "height": 844},
    "is_mobile": True, "has_touch": True, "device_scale_factor": 3,
}  # fmt: skip
E164 = "+46701740680"
START = "/schema?ar=2026&vecka=47"
NEW = "Xq7rtGh2w"


def codes(place: Place, account: Account) -> int:
    """How many messages with a code reached the phone."""
    return sum("#" in text for text in place.messages(account))


@pytest.mark.parametrize("window", [DESK, PHONE], ids=["desk", "phone"])
def test_from_the_first_logon_to_the_forgotten_password(place, employee, window):
    bo, account = employee(**window), next(place.without_number)
    first_logon(bo, account)
    account = give_a_number(bo, account)
    log_on_elsewhere(bo, account)
    forget_the_password(bo, account)
    log_on_with_the_new_one(bo, account)
    told = [text for text in place.messages(account) if "#" not in text]
    assert told[-1].startswith("Lösenordet för Medarbetarportalen byttes med en kod")
    events = {line["event"] for line in place.gateway.audit() if line["user"] == account.user}
    assert {"mobile.changed", "password.reset", "notice.password-reset"} <= events


def first_logon(bo: Employee, account: Account) -> None:
    """Första gången du loggar in: på en dator som är ansluten till Securitas nätverk."""
    page = bo.page
    bo.go_inside()
    bo.open(START)
    page.get_by_label("Användarnamn:").fill(account.user)
    page.get_by_label("Lösenord:").fill(PASSWORD)
    page.get_by_role("button", name="Logga in", exact=True).click()
    expect(bo.heading).to_have_text("Ditt mobilnummer saknas")
    page.get_by_role("link", name="Inte nu").click()
    assert bo.where == START


def give_a_number(bo: Employee, account: Account) -> Account:
    """Klicka på fliken Mitt Securitas och välj Mina uppgifter. Fyll i ditt mobilnummer."""
    page = bo.page
    bo.open("/")
    page.locator("nav summary", has_text="Mitt Securitas").click()
    page.locator("nav a", has_text="Mina uppgifter").click()
    expect(bo.heading).to_have_text("Inloggningsuppgifter")
    number = page.get_by_label("Mobilnummer för engångslösen")
    number.fill(SPARE_NUMBER.replace("-", "").replace(" ", ""))
    page.get_by_label("Nuvarande lösenord").fill(PASSWORD)
    bo.press("Ändra")
    expect(page.get_by_role("status")).to_have_text("Uppdaterat")
    expect(number).to_have_value(SPARE_NUMBER)
    page.get_by_role("link", name="Logga ut").first.click()
    bo.press("Logga ut")
    return dataclasses.replace(account, mobile=E164)


def log_on_elsewhere(bo: Employee, account: Account) -> None:
    """Nu kan du logga in från vilken dator som helst."""
    sent = codes(bo.place, account)
    bo.go_outside()
    bo.open(START)
    bo.type_password(account)
    expect(bo.page.get_by_text("•••• 80")).to_be_visible()
    bo.type_code(bo.read_code(account, after=sent))
    assert bo.where == START
    bo.open("/.gateway/logout")
    bo.press("Logga ut")


def forget_the_password(bo: Employee, account: Account) -> None:
    """Har du glömt ditt lösenord? Klicka på Reset or change password och följ stegen."""
    page, sent = bo.page, codes(bo.place, account)
    page.get_by_role("link", name="Återställ eller byt lösenord").click()
    expect(bo.heading).to_have_text("Återställ ditt lösenord")
    bo.ask_for_reset(account)
    bo.type_code(bo.read_code(account, after=sent))
    expect(bo.heading).to_have_text("Välj ett nytt lösenord")
    expect(page.locator("#password-rules")).to_contain_text("minst 7 tecken")
    assert bo.choose_password("Sommar2026").status == 422
    expect(page.locator("#new-fault")).to_contain_text("får inte bestå av vanliga svenska ord")
    bo.choose_password(NEW)
    expect(page.get_by_role("status")).to_contain_text("Ditt lösenord har ändrats.")


def log_on_with_the_new_one(bo: Employee, account: Account) -> None:
    """Logga in med det nya, och bara med det."""
    assert bo.type_password(account, PASSWORD).status == 401
    sent = codes(bo.place, account)
    bo.type_password(account, NEW)
    bo.type_code(bo.read_code(account, after=sent))
    bo.open("/.gateway/account")
    expect(bo.heading).to_have_text("Inloggningsuppgifter")


def test_a_password_change_logs_the_other_browser_off(place, employee):
    account = next(place.with_number)
    here, there = employee(), employee()
    there.log_on(account, inside=True)
    here.log_on(account, inside=True)
    here.open("/.gateway/account")
    assert here.change(new=NEW, confirm=NEW).status == 303
    expect(here.page.get_by_role("status")).to_have_text("Updated")
    here.open(START)
    assert here.where == START
    there.open(START)
    assert there.where.startswith("/.gateway/logon")


def test_the_form_works_by_keyboard_and_without_script(place, employee):
    account = next(place.with_number)
    anna = employee(java_script_enabled=False)
    anna.log_on(account, inside=True)
    anna.open("/.gateway/account")
    page = anna.page
    page.locator("#mobile").focus()
    seen = []
    for _ in range(5):
        seen.append(page.locator(":focus").get_attribute("id") or "button")
        page.keyboard.press("Tab")
    assert seen == ["mobile", "current_password", "new_password", "confirm_password", "button"]
    page.locator("#mobile").fill("08-123 456 78")
    page.locator("#current_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing has been changed.")
    expect(page.locator("#mobile")).to_have_accessible_description(
        "This is a landline, which receives no messages. Type the number of a mobile phone. As in "
        "0701234567. One-time passwords are sent to it when you log on from elsewhere."
    )
