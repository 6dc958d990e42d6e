"""gateway/pages/account.py: the form of the source document, its errors, its ways in and out."""

import re
from dataclasses import replace

import pytest

from gateway.auth.outcomes import (
    Changed,
    CodeFirst,
    Faults,
    LockedOut,
    NotLoggedOn,
    ProofSent,
    SessionOpened,
    Unchanged,
)
from gateway.auth.self_service import Presence, Wish
from policies.mobiles import NotMobileReason
from policies.self_service import Permission
from tests.pages.fakes import SESSION, VIEW_OF_ANNA, Browser, Page, denied, record

pytestmark = pytest.mark.asyncio
ACCOUNT, NUMBER = "/.gateway/account", "/.gateway/account/number"
LOGON, OTP = "/.gateway/logon", "/.gateway/otp"
SV = {"Accept-Language": "sv"}


@pytest.fixture
def anna(browser: Browser) -> Browser:
    browser.cookies["gateway"] = browser.house.session("pwd")
    return browser


async def change(anna: Browser, path: str = ACCOUNT, **fields: str) -> Page:
    filled = {
        "mobile": "070-123 45 67", "current_password": "Sommar17x",
        "new_password": "", "confirm_password": "", **fields,
    }  # fmt: skip
    return await anna.submit(await anna.get(path), ACCOUNT, **filled)


def field(page: Page, name: str) -> str:
    found = re.search(rf'<input id="{name}"[^>]*>', page.text)
    assert found is not None
    return found[0]


def said_of(page: Page, name: str) -> list[str]:
    """The texts that the field is described by, those of its faults first."""
    described = re.search(r'aria-describedby="([^"]*)"', field(page, name))
    ids = described[1].split() if described else []
    return [
        " ".join(re.sub(r"<[^>]*>", " ", found[2]).split())
        for one in ids
        if (found := re.search(rf'<(p|div)[^>]* id="{one}"[^>]*>(.*?)</\1>', page.text, re.DOTALL))
    ]


async def test_the_page_says_what_the_contract_says(anna: Browser) -> None:
    page = await anna.get(ACCOUNT)
    assert page.status == 200
    assert "<title>Logon details</title>" in page.text
    assert '<label for="mobile">Mobile number for one-time passwords</label>' in page.text
    assert '<label for="current_password">Current password</label>' in page.text
    assert '<label for="new_password">New password</label>' in page.text
    assert '<label for="confirm_password">Confirm new password</label>' in page.text
    assert re.search(r'<button [^>]*type="submit">Change</button>', page.text)
    assert 'value="070-123 45 67"' in field(page, "mobile")
    assert 'role="alert"' not in page.text
    assert "Updated" not in page.text
    assert "You are logged on as Anna Andersson." in page.text


async def test_swedish(anna: Browser) -> None:
    page = await anna.get(ACCOUNT, **SV)
    for words in ("<h1>Inloggningsuppgifter</h1>", ">Mobilnummer för engångslösen</label>",
                  ">Nuvarande lösenord</label>", ">Nytt lösenord</label>",
                  ">Bekräfta nytt lösenord</label>", ">Ändra</button>"):  # fmt: skip
        assert words in page.text
    assert "Uppdaterat" in (await anna.get(f"{ACCOUNT}?notice=updated", **SV)).text


async def test_browsers_and_managers_are_told_what_the_fields_are(anna: Browser) -> None:
    page = await anna.get(ACCOUNT)
    assert 'type="tel"' in field(page, "mobile")
    assert 'autocomplete="tel"' in field(page, "mobile")
    assert 'autocomplete="current-password"' in field(page, "current_password")
    for name in ("new_password", "confirm_password"):
        assert 'type="password"' in field(page, name)
        assert 'autocomplete="new-password"' in field(page, name)
        assert (
            'passwordrules="minlength: 7; required: lower; required: upper; required: digit;'
            in (field(page, name))
        )
        assert "required>" not in field(page, name)
    assert 'value="anna" autocomplete="username" hidden' in page.text


async def test_the_rules_are_told_before_typing(anna: Browser) -> None:
    page = await anna.get(ACCOUNT)
    (rules,) = said_of(page, "new_password")
    assert rules.startswith("The new password must have at least 7 characters")
    for words in ("a lower-case letter", "an upper-case letter", "a digit", "so no å, ä, ö",
                  "your name", "your user name", "common Swedish words"):  # fmt: skip
        assert words in rules


async def test_the_rules_are_those_of_the_settings(anna: Browser) -> None:
    settings = anna.house.snapshot.settings
    rules = replace(settings.password, min_length=12, require=(), forbid=())
    anna.house.snapshot.settings = replace(settings, password=rules)
    page = await anna.get(ACCOUNT)
    assert "must have at least 12 characters" in page.text
    assert "Swedish words" not in page.text
    assert 'passwordrules="minlength: 12; allowed:' in page.text


async def test_done(anna: Browser) -> None:
    page = await change(anna, mobile="0701740605", new_password="Ny4tLosen", confirm_password="x")
    assert (page.status, page.location) == (303, f"{ACCOUNT}?notice=updated")
    ((_, wish, presence),) = anna.house.account.calls
    assert wish == Wish("0701740605", "Sommar17x", "Ny4tLosen", "x")
    assert isinstance(presence, Presence)
    assert (presence.session, presence.token) == (record("pwd"), SESSION)
    page = await anna.get(page.location)
    assert re.search(r'role="status".*<strong>Updated</strong>', page.text, re.DOTALL)


async def test_the_way_back_stays(anna: Browser) -> None:
    page = await change(anna, f"{ACCOUNT}?next=/hr/")
    assert page.location == f"{ACCOUNT}?next=/hr/&notice=updated"
    page = await anna.get(page.location)
    assert '<a href="/hr/">Go on to where you were going</a>' in page.text
    anna.house.account.changed = Unchanged(Faults(current="wrong"))
    assert (await change(anna, f"{ACCOUNT}?next=/hr/")).hidden(ACCOUNT)["next"] == "/hr/"


async def test_every_fault_stands_at_its_field(anna: Browser) -> None:
    anna.house.account.changed = Unchanged(
        Faults("wrong", NotMobileReason.LANDLINE, new=("too-short", "holds-name"), differs=True)
    )
    page = await change(
        anna, mobile="08-123 456 78", new_password="canary-new", confirm_password="canary-x"
    )
    assert page.status == 401
    assert "Nothing has been changed." in page.text
    assert 'value="08-123 456 78"' in field(page, "mobile")
    for name, words in (
        ("mobile", "This is a landline, which receives no messages."),
        ("current_password", "The current password is incorrect."),
        (
            "new_password",
            "The new password must have at least 7 characters must not hold your name",
        ),
        ("confirm_password", "The two new passwords are not alike."),
    ):
        assert 'aria-invalid="true"' in field(page, name)
        assert said_of(page, name)[0].startswith(words), name
    assert "canary" not in page.text


@pytest.mark.parametrize(
    ("faults", "status", "words"),
    [
        (Faults(current="missing"), 422, "Type the password that you logged on with."),
        (Faults(nothing=True), 422, "Type another mobile number or a new password."),
        (Faults(not_here=True), 422, "on a computer in the Securitas network."),
        (Faults(new=("swedish-word",)), 422, "must not be made of common Swedish words"),
        (Faults(current="wrong"), 401, "The current password is incorrect."),
    ],
)
async def test_one_fault(anna: Browser, faults: Faults, status: int, words: str) -> None:
    anna.house.account.changed = Unchanged(faults)
    page = await change(anna)
    assert page.status == status
    assert words in page.text


@pytest.mark.parametrize("reason", list(NotMobileReason))
async def test_every_reason_against_a_number_has_its_sentence(
    anna: Browser, reason: NotMobileReason
) -> None:
    anna.house.account.changed = Unchanged(Faults(mobile=reason))
    english = said_of(await change(anna), "mobile")[0]
    anna.headers.update(SV)
    swedish = said_of(await change(anna), "mobile")[0]
    assert english != swedish
    assert len(english) > 20


async def test_locked(anna: Browser) -> None:
    anna.house.account.changed = LockedOut(60)
    page = await change(anna)
    assert (page.status, page.answer.headers["Retry-After"]) == (429, "60")


@pytest.mark.parametrize(
    ("outcome", "where"),
    [(CodeFirst(), OTP), (NotLoggedOn(), LOGON)],
)
async def test_another_page_comes_first(anna: Browser, outcome: object, where: str) -> None:
    anna.house.account.changed = outcome  # type: ignore[assignment]
    page = await change(anna)
    assert (page.status, page.location) == (303, f"{where}?next={ACCOUNT}")


async def test_a_number_to_be_proven(anna: Browser) -> None:
    anna.house.account.changed = ProofSent("p" * 43)
    page = await change(anna, f"{ACCOUNT}?next=/hr/")
    assert (page.status, page.location) == (303, f"{ACCOUNT}/code?next=/hr/")
    cookie = page.set_cookies()["gateway-errand"]
    assert (cookie.value, cookie["httponly"], cookie["max-age"]) == ("p" * 43, True, "300")


async def test_only_for_who_is_logged_on(browser: Browser) -> None:
    page = await browser.get(f"{ACCOUNT}?next=/hr/")
    assert (page.status, page.location) == (303, f"{LOGON}?next={ACCOUNT}%3Fnext%3D/hr/")
    browser.cookies["gateway"] = browser.house.session("pwd")
    page = await browser.get(ACCOUNT)
    browser.house.logon.sessions.clear()
    page = await browser.submit(page, ACCOUNT, mobile="0701234567", current_password="x")
    assert (page.status, page.location) == (303, f"{LOGON}?next={ACCOUNT}")
    assert browser.house.account.calls == []
    assert denied(browser.house) == [(ACCOUNT, "no-session")]


async def test_a_form_of_another_session_is_refused(anna: Browser) -> None:
    page = await anna.get(ACCOUNT)
    anna.cookies["gateway"] = "t" * 43
    page = await anna.submit(page, ACCOUNT, mobile="0701234567", current_password="x")
    assert page.status == 403
    assert anna.house.account.calls == []


async def test_a_form_of_another_site_is_refused(anna: Browser) -> None:
    page = await anna.get(ACCOUNT)
    fields = {**page.hidden(ACCOUNT), "mobile": "0701234567", "current_password": "x"}
    page = await anna.post(ACCOUNT, fields, Origin="https://evil.example")
    assert page.status == 403
    assert anna.house.account.calls == []


async def test_a_code_comes_first_where_the_rules_say_so(anna: Browser) -> None:
    for one in ({"mobile_here": Permission.CODE_FIRST}, {"password_here": Permission.CODE_FIRST}):
        anna.house.account.shown = replace(VIEW_OF_ANNA, **one)
        page = await anna.get(ACCOUNT)
        assert (page.status, page.location) == (303, f"{OTP}?next={ACCOUNT}")


async def test_where_only_the_office_may_change_the_number_it_can_be_read(anna: Browser) -> None:
    anna.house.account.shown = replace(VIEW_OF_ANNA, mobile_here=Permission.OFFICE_ONLY)
    page = await anna.get(ACCOUNT)
    assert " readonly" in field(page, "mobile")
    assert "The number can only be changed on a computer in the Securitas network." in page.text


async def test_the_well_known_address_leads_here(browser: Browser) -> None:
    page = await browser.get("/.well-known/change-password")
    assert (page.status, page.location) == (302, ACCOUNT)


# After a first logon


async def log_on(browser: Browser, path: str = LOGON, **opened: object) -> Page:
    browser.house.session("pwd")
    browser.house.account.shown = replace(VIEW_OF_ANNA, mobile="")
    told = {"token": SESSION, "user": "anna", "number_missing": True, **opened}
    browser.house.logon.password = SessionOpened(**told)  # type: ignore[arg-type]
    page = await browser.get(path)
    return await browser.submit(page, LOGON, username="anna", password="Sommar17x")


async def test_who_has_no_number_is_asked_for_one_once(browser: Browser) -> None:
    page = await log_on(browser, f"{LOGON}?next=/hr/")
    assert (page.status, page.location) == (303, f"{NUMBER}?next=/hr/")
    cookie = page.set_cookies()["gateway-asked"]
    assert cookie["httponly"]
    assert "anna" not in cookie.value
    page = await browser.get(page.location)
    assert page.status == 200
    assert "Without it you can only log on from a computer in the Securitas network" in page.text
    assert '<a class="button button-quiet" href="/hr/">Not now</a>' in page.text
    assert page.hidden(ACCOUNT)["next"] == "/hr/"
    del browser.cookies["gateway"]
    assert (await log_on(browser, f"{LOGON}?next=/hr/")).location == "/hr/"
    del browser.cookies["gateway"]
    assert (await log_on(browser, user="bo")).location == NUMBER, "another user is asked too"


async def test_the_form_is_that_of_the_account(browser: Browser) -> None:
    page = await browser.get((await log_on(browser)).location)
    page = await browser.submit(page, ACCOUNT, mobile="0701740605", current_password="Sommar17x")
    assert page.location == f"{ACCOUNT}?notice=updated"
    assert browser.house.account.calls[0][1] == Wish("0701740605", "Sommar17x", "", "")


@pytest.mark.parametrize(
    ("path", "opened", "where"),
    [
        (LOGON, {"number_missing": False}, "/"),
        (f"{LOGON}?next={ACCOUNT}", {}, ACCOUNT),
    ],
)
async def test_nobody_is_asked_without_need(
    browser: Browser, path: str, opened: dict[str, object], where: str
) -> None:
    page = await log_on(browser, path, **opened)
    assert page.location == where
    assert "gateway-asked" not in page.set_cookies()


async def test_the_question_is_skipped_where_it_makes_no_sense(anna: Browser) -> None:
    page = await anna.get(f"{NUMBER}?next=/hr/")
    assert page.location == "/hr/", "there is a number"
    office = replace(VIEW_OF_ANNA, mobile="", mobile_here=Permission.OFFICE_ONLY)
    anna.house.account.shown = office
    assert (await anna.get(NUMBER)).location == "/"
    anna.house.account.shown = None
    assert (await anna.get(NUMBER)).location == LOGON
    assert isinstance(anna.house.account.changed, Changed)
