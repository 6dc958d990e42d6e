"""gateway/pages/reset.py: three pages, and no word of whether there is such a user."""

import re
from dataclasses import replace

import pytest

from gateway.auth.challenges import Purpose
from gateway.auth.outcomes import (
    REFUSED_BY_DIRECTORY,
    ChallengeOver,
    Faults,
    LockedOut,
    ResetAllowed,
    ResetAsked,
    ResetDone,
    ResetView,
    TryAnother,
    Unchanged,
    WrongCode,
)
from tests.pages.fakes import Browser, Page

pytestmark = pytest.mark.asyncio
RESET, CODE, PASSWORD = "/.gateway/reset", "/.gateway/reset/code", "/.gateway/reset/password"
LOGON, HELP = "/.gateway/logon", "/.gateway/help"
VIEW = ResetView(user="anna", digits=6, expires_in_s=290)


def at(browser: Browser, step: Purpose) -> None:
    browser.cookies["gateway-errand"] = "e" * 43
    browser.house.reset.steps = {step: VIEW}


async def ask(browser: Browser, user: str = "anna") -> Page:
    return await browser.submit(await browser.get(RESET), RESET, username=user)


async def give(browser: Browser, code: str = "123456") -> Page:
    return await browser.submit(await browser.get(CODE), CODE, code=code)


async def choose(browser: Browser, new: str = "Ny4tLosen", confirm: str = "Ny4tLosen") -> Page:
    page = await browser.get(PASSWORD)
    return await browser.submit(page, PASSWORD, new_password=new, confirm_password=confirm)


async def test_from_the_logon_to_the_logon(browser: Browser) -> None:
    reset = browser.house.reset
    logon = await browser.get(LOGON)
    assert f'<a href="{RESET}">Reset or change password</a>' in logon.text
    page = await ask(browser)
    assert (page.status, page.location) == (303, CODE)
    cookie = page.set_cookies()["gateway-errand"]
    assert (cookie.value, cookie["httponly"], cookie["max-age"]) == ("e" * 43, True, "300")
    at(browser, Purpose.RESET)
    reset.judged = ResetAllowed("t" * 43)
    page = await give(browser)
    assert (page.status, page.location) == (303, PASSWORD)
    assert page.set_cookies()["gateway-errand"].value == "t" * 43
    assert page.set_cookies()["gateway-errand"]["max-age"] == "600"
    reset.steps = {Purpose.NEW_PASSWORD: VIEW}
    page = await choose(browser)
    assert (page.status, page.location) == (303, f"{LOGON}?notice=new-password")
    assert page.set_cookies()["gateway-errand"]["max-age"] == "0"
    assert "gateway" not in page.set_cookies(), "a reset opens no session"
    assert "Your password has been changed." in (await browser.get(page.location)).text
    assert [call[:2] for call in reset.calls] == [
        ("ask", "anna"), ("code", "e" * 43), ("password", "t" * 43),
    ]  # fmt: skip
    assert reset.calls[2][2:] == ("Ny4tLosen", "Ny4tLosen")


async def test_the_answer_tells_nothing(browser: Browser) -> None:
    pages = [await ask(browser, user) for user in ("anna", "nobody")]
    assert len({(page.status, page.location, page.text) for page in pages}) == 1
    at(browser, Purpose.RESET)
    texts = []
    for user in ("anna", "nobo"):
        browser.house.reset.steps = {Purpose.RESET: replace(VIEW, user=user)}
        text = (await browser.get(CODE)).text.replace(user, "USER")
        texts.append(re.sub(r'(name="form_token" value=")[^"]*', r"\1", text))
    assert texts[0] == texts[1]
    assert "••••" not in texts[0], "not even the end of a number"


async def test_what_the_pages_say(browser: Browser) -> None:
    page = await browser.get(RESET)
    assert "<h1>Reset your password</h1>" in page.text
    assert 'autocomplete="username"' in page.text
    assert 'href="/.gateway/account">Log on and change it</a>' in page.text
    at(browser, Purpose.RESET)
    page = await browser.get(CODE)
    for words in ("If there is a user anna with a mobile number", 'autocomplete="one-time-code"',
                  "valid for another 5 minutes"):  # fmt: skip
        assert words in page.text
    at(browser, Purpose.NEW_PASSWORD)
    page = await browser.get(PASSWORD)
    for words in ("You will be logged off everywhere", "must have at least 7 characters",
                  'autocomplete="new-password"', 'passwordrules="minlength: 7;',
                  'value="anna" autocomplete="username" hidden'):  # fmt: skip
        assert words in page.text
    assert (
        "Välj ett nytt lösenord" in (await browser.get(PASSWORD, **{"Accept-Language": "sv"})).text
    )


async def test_send_it_again_asks_for_the_same_user(browser: Browser) -> None:
    at(browser, Purpose.RESET)
    page = await browser.get(CODE)
    assert page.hidden(RESET)["username"] == "anna"
    page = await browser.post(RESET, page.hidden(RESET))
    assert page.location == CODE
    assert browser.house.reset.calls[0][:2] == ("ask", "anna")


async def test_what_is_typed_is_never_markup(browser: Browser) -> None:
    at(browser, Purpose.RESET)
    evil = '"><script>alert(1)</script>'
    browser.house.reset.steps = {Purpose.RESET: replace(VIEW, user=evil)}
    assert "<script" not in (await browser.get(CODE)).text


@pytest.mark.parametrize("user", ["", "  "])
async def test_no_user_name_asks_nobody(browser: Browser, user: str) -> None:
    page = await ask(browser, user)
    assert page.status == 422
    assert "Type your user name." in page.text
    assert browser.house.reset.calls == []


async def test_wrong_codes(browser: Browser) -> None:
    at(browser, Purpose.RESET)
    browser.house.reset.judged = WrongCode(2)
    page = await give(browser)
    assert page.status == 401
    assert "You have 2 tries left." in page.text
    page = await give(browser, " ")
    assert page.status == 401
    assert "Type the one-time password from the message." in page.text
    assert len(browser.house.reset.calls) == 1
    form = page.hidden(CODE)
    browser.house.reset.judged, browser.house.reset.steps = WrongCode(0), {}
    page = await browser.post(CODE, {**form, "code": "000000"})
    assert page.status == 401
    assert "The one-time password is no longer valid." in page.text
    assert page.set_cookies()["gateway-errand"]["max-age"] == "0"


@pytest.mark.parametrize("messages", [True, False])
async def test_locked(browser: Browser, messages: bool) -> None:
    outcome = LockedOut(1800, of="messages" if messages else "tries")
    browser.house.reset.asked = browser.house.reset.judged = outcome
    page = await ask(browser)
    assert (page.status, page.answer.headers["Retry-After"]) == (429, "1800")
    assert ". Try again in 30 minutes." in page.text
    assert ("Too many messages have been sent." in page.text) is messages
    at(browser, Purpose.RESET)
    assert (await give(browser)).status == 429


async def test_every_reason_against_the_new_password(browser: Browser) -> None:
    at(browser, Purpose.NEW_PASSWORD)
    faults = Faults(new=("too-short", "no-digit", "sign-not-allowed"), differs=True)
    browser.house.reset.ended = Unchanged(faults)
    page = await choose(browser, "canary-new", "canary-x")
    assert page.status == 422
    assert "canary" not in page.text
    faulty = re.search(r'id="new-fault".*?</div>', page.text, re.DOTALL)
    assert faulty is not None
    assert [word for word in ("7 characters", "a digit", "å, ä, ö") if word in faulty[0]] == [
        "7 characters", "a digit", "å, ä, ö",
    ]  # fmt: skip
    assert 'aria-describedby="new-fault password-rules"' in page.text
    assert "The two new passwords are not alike." in page.text
    assert page.text.count('aria-invalid="true"') == 2


async def test_a_password_that_the_directory_refuses(browser: Browser) -> None:
    at(browser, Purpose.NEW_PASSWORD)
    browser.house.reset.ended = TryAnother("n" * 43, Faults(new=(REFUSED_BY_DIRECTORY,)))
    page = await choose(browser, "canary-new", "canary-new")
    assert page.status == 422
    assert "is refused by the directory" in page.text
    browser.house.reset.ended = ResetDone()
    page = await choose(browser, "canary-other", "canary-other")
    assert (page.status, page.location) == (303, LOGON + "?notice=new-password")
    assert [call[1] for call in browser.house.reset.calls][-1] == "n" * 43


async def test_a_step_that_is_over_starts_over(browser: Browser) -> None:
    at(browser, Purpose.NEW_PASSWORD)
    page = await browser.get(PASSWORD)
    form = {**page.hidden(PASSWORD), "new_password": "x", "confirm_password": "x"}
    assert (await browser.get(CODE)).status == 401, "a ticket is no code"
    at(browser, Purpose.NEW_PASSWORD)
    browser.house.reset.ended = ChallengeOver()
    page = await browser.post(PASSWORD, form)
    assert page.status == 401
    assert "Start over to get a new one." in page.text
    page = await browser.post(PASSWORD, form)
    assert (page.status, page.location) == (303, RESET), "nothing was begun here"
    for path in (CODE, PASSWORD):
        assert (await browser.get(path)).location == RESET


async def test_a_form_of_another_site_is_refused(browser: Browser) -> None:
    page = await browser.get(RESET)
    fields = {**page.hidden(RESET), "username": "anna"}
    assert (await browser.post(RESET, fields, Origin="https://evil.example")).status == 403
    fields["form_token"] = "0.x"
    assert (await browser.post(RESET, fields)).status == 403
    assert browser.house.reset.calls == []


async def test_switched_off(browser: Browser) -> None:
    asking = await browser.get(RESET)
    at(browser, Purpose.RESET)
    code = await browser.get(CODE)
    settings = browser.house.snapshot.settings
    off = replace(settings.self_service, reset=False)
    browser.house.snapshot.settings = replace(settings, self_service=off)
    for path in (RESET, CODE, PASSWORD):
        page = await browser.get(path)
        assert (page.status, page.location) == (303, f"{HELP}#password")
    page = await browser.submit(asking, RESET, username="anna")
    assert page.location == f"{HELP}#password"
    page = await browser.submit(code, CODE, code="1")
    assert page.location == f"{HELP}#password"
    assert browser.house.reset.calls == []
    assert isinstance(browser.house.reset.asked, ResetAsked)
