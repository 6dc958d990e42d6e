"""gateway/pages/logout.py: a GET asks, a POST ends."""

import pytest

from tests.pages.fakes import SESSION, Browser

pytestmark = pytest.mark.asyncio
LOGON, LOGOUT = "/.gateway/logon", "/.gateway/logout"


async def test_get_asks_and_ends_nothing(browser: Browser) -> None:
    browser.cookies["gateway"] = browser.house.session("pwd")
    page = await browser.get(LOGOUT)
    assert page.status == 200
    assert "You are logged on as Anna Andersson." in page.text
    assert browser.house.logon.calls == []
    assert set(page.set_cookies()) == {"gateway-form"}


async def test_post_ends_and_says_so(browser: Browser) -> None:
    browser.cookies["gateway"] = browser.house.session("pwd")
    browser.cookies["gateway-challenge"] = "c"
    page = await browser.submit(await browser.get(LOGOUT), LOGOUT)
    assert (page.status, page.location) == (303, f"{LOGON}?notice=logged-off")
    assert page.answer.headers["Clear-Site-Data"] == '"cache"'
    ((call, token, client),) = browser.house.logon.calls
    assert (call, token, client.address) == ("log_off", SESSION, "203.0.113.9")
    assert set(browser.cookies) == {"gateway-form"}
    for name in ("gateway", "gateway-challenge"):
        cookie = page.set_cookies()[name]
        assert (cookie["max-age"], cookie["path"], cookie["httponly"]) == ("0", "/", True)


async def test_nobody_to_log_off(browser: Browser) -> None:
    page = await browser.get(LOGOUT)
    assert (page.status, page.location) == (303, LOGON)


async def test_another_sessions_form_is_refused(browser: Browser) -> None:
    browser.cookies["gateway"] = browser.house.session("pwd")
    form = await browser.get(LOGOUT)
    browser.cookies["gateway"] = "t" * 43
    page = await browser.submit(form, LOGOUT)
    assert page.status == 403
    assert browser.house.logon.calls == []
    assert browser.cookies["gateway"] == "t" * 43


async def test_while_the_store_is_away_nothing_is_claimed(browser: Browser) -> None:
    browser.cookies["gateway"] = browser.house.session("pwd")
    form = await browser.get(LOGOUT)
    browser.house.logon.away = True
    page = await browser.submit(form, LOGOUT)
    assert page.status == 503
    assert browser.cookies["gateway"] == SESSION
