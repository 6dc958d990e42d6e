"""gateway/pages/otp.py: the code page, its sending, and the step-up."""

import re

import pytest

from gateway.auth.outcomes import (
    ChallengeOver,
    CodeSent,
    LockedOut,
    NoMoreResends,
    NoNumber,
    Resent,
    SessionOpened,
    TooSoon,
    WrongCode,
)
from tests.pages.fakes import SESSION, Browser, Page, denied

pytestmark = pytest.mark.asyncio
LOGON, OTP, RESEND = "/.gateway/logon", "/.gateway/otp", "/.gateway/otp/resend"


def begin(browser: Browser, **changes: object) -> str:
    challenge = browser.cookies["gateway-challenge"] = browser.house.challenge(**changes)
    return challenge


async def give(browser: Browser, code: str, path: str = OTP) -> Page:
    return await browser.submit(await browser.get(path), OTP, code=code)


async def test_the_page_says_what_the_contract_says(browser: Browser) -> None:
    begin(browser)
    page = await browser.get(OTP)
    assert page.status == 200
    assert "<title>Additional Information Required</title>" in page.text
    assert "<h1>Additional Information Required</h1>" in page.text
    assert "Please type your response below." in page.text
    assert '<label for="code">Please enter your one-time password</label>' in page.text
    assert re.search(r'<input [^>]*name="code"', page.text)
    assert 'autocomplete="one-time-code" inputmode="numeric"' in page.text
    assert re.search(r'<button [^>]*type="submit">Submit</button>', page.text)
    assert "We have sent a message to" in page.text
    assert "•••• 67" in page.text
    assert "It has 6 digits and is valid for another 5 minutes." in page.text
    assert "You can ask for it again in 25 seconds." in page.text
    assert "It can be sent 3 more times." in page.text
    assert 'role="alert"' not in page.text
    assert browser.house.logon.calls == [], "looking sends nothing"


async def test_swedish(browser: Browser) -> None:
    begin(browser, resends_left=1, resend_in_s=1)
    page = await browser.get(OTP, **{"Accept-Language": "sv"})
    for words in ("Skriv in din engångskod", "Du kan begära det igen om 1 sekund.",
                  "Det kan skickas 1 gång till."):  # fmt: skip
        assert words in page.text


async def test_the_right_code_opens_the_session(browser: Browser) -> None:
    challenge = begin(browser)
    browser.house.logon.code = SessionOpened(token=SESSION, user="anna")
    page = await give(browser, "123456", f"{OTP}?next=/hr/%3Fa%3Db")
    assert (page.status, page.location) == (303, "/hr/?a=b")
    cookies = page.set_cookies()
    assert (cookies["gateway"].value, cookies["gateway"]["httponly"]) == (SESSION, True)
    assert cookies["gateway-challenge"]["max-age"] == "0"
    ((_, given, code, client, replaces),) = browser.house.logon.calls
    assert (given, code, client.address, replaces) == (challenge, "123456", "203.0.113.9", None)


@pytest.mark.parametrize("typed", ["123 456", "123-456", " 123456 ", "1 2 3 4 5 6", "123\u00a0456"])
async def test_a_code_may_be_typed_in_groups(browser: Browser, typed: str) -> None:
    begin(browser)
    await give(browser, typed)
    assert browser.house.logon.calls[0][2] == "123456"


async def test_a_wrong_code(browser: Browser) -> None:
    begin(browser)
    browser.house.logon.code = WrongCode(tries_left=3)
    page = await give(browser, "not-a-code", f"{OTP}?next=/hr/")
    assert page.status == 401
    assert "The one-time password is incorrect." in page.text
    assert "You have 3 tries left." in page.text
    assert 'aria-describedby="validity problem" aria-invalid="true"' in page.text
    assert page.hidden(OTP)["next"] == "/hr/"
    assert "notacode" not in page.text.replace("-", "")
    browser.house.logon.code = WrongCode(tries_left=1)
    assert "You have 1 try left." in (await give(browser, "000000")).text


@pytest.mark.parametrize("outcome", [WrongCode(tries_left=0), ChallengeOver()])
async def test_the_last_try_or_a_challenge_that_is_over(browser: Browser, outcome: object) -> None:
    begin(browser)
    page = await browser.get(f"{OTP}?next=/hr/")
    browser.house.logon.code = outcome  # type: ignore[assignment]
    browser.house.logon.challenges.clear()
    page = await browser.submit(page, OTP, code="000000")
    assert page.status == 401
    assert "The one-time password is no longer valid." in page.text
    assert page.hidden(LOGON)["next"] == "/hr/"
    assert page.set_cookies()["gateway-challenge"]["max-age"] == "0"
    assert "gateway" not in page.set_cookies()


async def test_no_code_typed_spends_no_try(browser: Browser) -> None:
    begin(browser)
    page = await give(browser, " ")
    assert page.status == 401
    assert "Type the one-time password from the message." in page.text
    assert browser.house.logon.calls == []


async def test_no_challenge_at_all(browser: Browser) -> None:
    begin(browser)
    page = await browser.get(OTP)
    del browser.cookies["gateway-challenge"]
    page = await browser.submit(page, OTP, code="123456")
    assert page.status == 401
    ((call, challenge, *_),) = browser.house.logon.calls
    assert (call, challenge) == ("code", ""), "judged all the same, so that it is written down"


async def test_a_resend_of_nobody_is_written_down(browser: Browser) -> None:
    begin(browser)
    page = await browser.get(OTP)
    del browser.cookies["gateway-challenge"]
    page = await browser.submit(page, RESEND)
    assert page.location == "/.gateway/logon"
    assert denied(browser.house) == [(RESEND, "no-session")]


@pytest.mark.parametrize(("action", "code"), [(OTP, "123456"), (RESEND, "")])
async def test_locked_out(browser: Browser, action: str, code: str) -> None:
    begin(browser)
    browser.house.logon.code = browser.house.logon.resent = LockedOut(wait_s=60)
    page = await browser.submit(await browser.get(f"{OTP}?next=/hr/"), action, code=code)
    assert (page.status, page.answer.headers["Retry-After"]) == (429, "60")
    assert "Try again in 60 seconds." in page.text
    assert f'href="{LOGON}?next=/hr/"' in page.text


async def test_a_resend(browser: Browser) -> None:
    challenge = begin(browser)
    browser.house.logon.resent = Resent()
    page = await browser.submit(await browser.get(f"{OTP}?next=/hr/"), RESEND)
    assert (page.status, page.location) == (303, f"{OTP}?next=/hr/&notice=resent")
    assert browser.house.logon.calls[0][:2] == ("resend", challenge)
    page = await browser.get(page.location)
    assert "The same one-time password has been sent once more." in page.text


async def test_too_soon(browser: Browser) -> None:
    begin(browser)
    browser.house.logon.resent = TooSoon(wait_s=25)
    page = await browser.submit(await browser.get(OTP), RESEND)
    assert (page.status, page.answer.headers["Retry-After"]) == (429, "25")
    assert "We have just sent a message. Give it a moment to arrive." in page.text


async def test_no_more_resends(browser: Browser) -> None:
    begin(browser)
    form = await browser.get(OTP)
    begin(browser, resends_left=0)
    browser.house.logon.resent = NoMoreResends()
    page = await browser.submit(form, RESEND)
    assert page.status == 409
    assert "No more messages can be sent for this logon." in page.text
    assert f'action="{RESEND}' not in page.text
    assert "Start over" in page.text


@pytest.mark.parametrize("resends_left", [0, 2])
async def test_a_failed_delivery_is_said(browser: Browser, resends_left: int) -> None:
    begin(browser, delivery="failed", resend_in_s=0, resends_left=resends_left)
    page = await browser.get(OTP)
    assert page.status == 200
    assert 'role="alert"' in page.text
    assert "The message could not be sent." in page.text
    assert ("Send it again" in page.text) == (resends_left > 0)
    assert "We have sent" not in page.text


async def test_a_pending_delivery_promises_nothing(browser: Browser) -> None:
    begin(browser, delivery="pending")
    page = await browser.get(OTP)
    assert "We are sending a message to" in page.text


async def test_without_a_challenge_or_a_session(browser: Browser) -> None:
    page = await browser.get(f"{OTP}?next=/hr/")
    assert (page.status, page.location) == (303, f"{LOGON}?next=/hr/")


async def test_a_dead_challenge_counts_as_none(browser: Browser) -> None:
    browser.cookies["gateway-challenge"] = "gone"
    assert (await browser.get(OTP)).location == LOGON


async def test_a_session_with_a_code_goes_on(browser: Browser) -> None:
    browser.cookies["gateway"] = browser.house.session("pwd", "otp")
    page = await browser.get(f"{OTP}?next=/hr/")
    assert (page.status, page.location) == (303, "/hr/")


async def test_step_up(browser: Browser) -> None:
    browser.cookies["gateway"] = session = browser.house.session("pwd")
    page = await browser.get(f"{OTP}?next=/hr/")
    assert page.status == 200
    assert "<title>Additional Information Required</title>" in page.text
    assert re.search(r"<button [^>]*>Send code</button>", page.text)
    assert 'href="/.gateway/logout"' in page.text
    assert browser.house.logon.calls == [], "a GET sends nothing"

    browser.house.logon.stepped = CodeSent(challenge="c" * 43)
    page = await browser.submit(page, RESEND)
    assert (page.status, page.location) == (303, f"{OTP}?next=/hr/")
    assert page.set_cookies()["gateway-challenge"].value == "c" * 43
    ((_, token, client, mark),) = browser.house.logon.calls
    assert (token, client.network) == (session, "internet")
    assert mark == browser.cookies["gateway-form"]

    browser.house.challenge()
    browser.house.logon.code = SessionOpened(token="new", user="anna")
    page = await give(browser, "123456")
    assert browser.house.logon.calls[-1][4] == session, "the session that the new one replaces"
    assert browser.cookies["gateway"] == "new"


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(NoNumber(), 403), (LockedOut(wait_s=5), 429), (ChallengeOver(), 303)],
)
async def test_a_step_up_that_does_not_start(
    browser: Browser, outcome: object, status: int
) -> None:
    browser.cookies["gateway"] = browser.house.session("pwd")
    browser.house.logon.stepped = outcome  # type: ignore[assignment]
    page = await browser.submit(await browser.get(OTP), RESEND)
    assert page.status == status
    assert "gateway-challenge" not in browser.cookies
    assert browser.cookies["gateway"] == SESSION


async def test_a_resend_for_a_dead_challenge_steps_up_or_starts_over(browser: Browser) -> None:
    begin(browser)
    form = await browser.get(OTP)
    browser.house.logon.resent = ChallengeOver()
    page = await browser.submit(form, RESEND)
    assert (page.status, page.location) == (303, LOGON)

    browser.cookies["gateway"] = browser.house.session("pwd")
    form = await browser.get(OTP)
    browser.house.logon.stepped = CodeSent(challenge="d" * 43)
    page = await browser.submit(form, RESEND)
    assert page.location == OTP
    assert browser.cookies["gateway-challenge"] == "d" * 43


async def test_a_session_with_a_code_is_sent_no_other(browser: Browser) -> None:
    browser.cookies["gateway"] = browser.house.session("pwd")
    form = await browser.get(f"{OTP}?next=/hr/")
    browser.house.session("pwd", "otp")
    page = await browser.submit(form, RESEND)
    assert (page.status, page.location) == (303, "/hr/")
    assert browser.house.logon.calls == []


async def test_reloading_the_answer_to_a_resend(browser: Browser) -> None:
    page = await browser.get(f"{RESEND}?next=/hr/")
    assert (page.status, page.location) == (303, f"{OTP}?next=/hr/")


@pytest.mark.parametrize("action", [OTP, RESEND])
async def test_away(browser: Browser, action: str) -> None:
    begin(browser)
    form = await browser.get(OTP)
    browser.house.logon.away = True
    for page in (await browser.get(OTP), await browser.submit(form, action, code="123456")):
        assert (page.status, page.answer.headers["Retry-After"]) == (503, "5")
        assert page.set_cookies() == {}
