"""gateway/pages/interfaces.py: JSON for portals and their scripts."""

from __future__ import annotations

import json

import pytest

from gateway.auth.live import LiveSession
from tests.pages.fakes import SESSION, Browser, House, record

KEYS = "/.gateway/jwks.json"
WHO = "/.gateway/session"


def logged_on(house: House, browser: Browser, *, idle: float, absolute: float) -> LiveSession:
    now = house.clock.now()
    live = LiveSession(SESSION.encode(), "k" * 64, record("pwd", "otp"), now)
    live.expires_at, live.absolute_end = now + idle, now + absolute
    house.logon.live[SESSION] = live
    browser.cookies["gateway"] = SESSION
    return live


@pytest.mark.asyncio
async def test_the_keys_are_public_and_may_be_kept(browser: Browser) -> None:
    page = await browser.get(KEYS)
    assert (page.status, json.loads(page.text)) == (200, {"keys": []})
    assert page.answer.headers["Cache-Control"] == "public, max-age=300"
    assert page.answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Set-Cookie" not in page.answer.headers


@pytest.mark.asyncio
async def test_a_script_learns_who_and_for_how_long(house: House, browser: Browser) -> None:
    live = logged_on(house, browser, idle=1200.9, absolute=30_000)
    before = (live.seen, live.expires_at)
    page = await browser.get(WHO)
    assert page.status == 200
    assert json.loads(page.text) == {
        "user": "anna",
        "name": "Anna Andersson",
        "groups": [],
        "factors": ["pwd", "otp"],
        "seconds_left": {"idle": 1200, "absolute": 30_000},
    }
    assert page.answer.headers["Cache-Control"] == "no-store"
    assert page.answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert not [name for name in page.answer.headers if name.startswith("Access-Control")]
    assert (live.seen, live.expires_at) == before
    assert SESSION not in page.text


@pytest.mark.asyncio
@pytest.mark.parametrize("cookie", ["", "gateway=unknown", f"gateway={SESSION}; gateway=x"])
async def test_nobody_is_told_the_way_to_the_logon(
    house: House, browser: Browser, cookie: str
) -> None:
    logged_on(house, browser, idle=1, absolute=1)
    browser.cookies.clear()
    page = await browser.get(WHO, Cookie=cookie)
    assert page.status == 401
    assert page.answer.headers["Content-Type"].startswith("application/problem+json")
    problem = json.loads(page.text)
    assert (problem["reason"], problem["logon"]) == ("no-session", "/.gateway/logon")
    assert page.answer.headers["Cache-Control"] == "no-store"


@pytest.mark.asyncio
async def test_a_store_that_is_away_is_no_log_off(house: House, browser: Browser) -> None:
    logged_on(house, browser, idle=1, absolute=1)
    house.logon.away = True
    page = await browser.get(WHO)
    assert (page.status, page.answer.headers["Retry-After"]) == (503, "5")
    assert page.answer.headers["Content-Type"].startswith("application/problem+json")
    assert "Set-Cookie" not in page.answer.headers


@pytest.mark.asyncio
@pytest.mark.parametrize("path", [KEYS, WHO])
async def test_nothing_can_be_posted(browser: Browser, path: str) -> None:
    assert (await browser.post(path, {})).status == 405
