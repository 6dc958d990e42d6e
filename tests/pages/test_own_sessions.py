"""gateway/pages/own_sessions.py: what an employee sees of their sessions, and how they end."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gateway.auth.own_sessions import OwnSession
from gateway.auth.session_labels import SessionLabel
from gateway.auth.session_list import ListedSession
from policies.self_service import Permission
from tests.pages.fakes import SESSION, VIEW_OF_ANNA, Browser, denied

pytestmark = pytest.mark.asyncio
ACCOUNT, SESSIONS = "/.gateway/account", "/.gateway/account/sessions"
OFFICE, PHONE = "a" * 64, "b" * 64


@pytest.fixture
def anna(browser: Browser) -> Browser:
    browser.cookies["gateway"] = browser.house.session("pwd")
    now = browser.house.clock.time
    office = SessionLabel("anna", now - 7200, "corporate", "10.0.0.7", ("pwd",), "Edge, Windows")
    phone = SessionLabel("anna", now - 300, "internet", "203.0.113.9", ("pwd", "otp"), "")
    browser.house.own_sessions.shown = [
        OwnSession(ListedSession(OFFICE, office, now - 30, now + 100), is_this=True),
        OwnSession(ListedSession(PHONE, phone, now - 120, now + 100), is_this=False),
    ]
    return browser


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


async def test_the_list_says_which_where_how_and_when(anna: Browser) -> None:
    text = text_of((await anna.get(ACCOUNT)).text)
    assert "Edge, Windows This device In the Securitas network · with the password only" in text
    assert "Logged on 2 hours ago, last used 30 seconds ago." in text
    assert "Unknown device 203.0.113.9 · with a one-time password" in text
    assert "10.0.0.7" not in text
    swedish = text_of((await anna.get(ACCOUNT, **{"Accept-Language": "sv"})).text)
    assert "Inloggad sedan 2 timmar, senast använd för 30 sekunder sedan." in swedish


async def test_this_session_has_no_button_and_two_need_none_for_all(anna: Browser) -> None:
    page = await anna.get(ACCOUNT)
    assert re.findall(r'name="session" value="([^"]*)"', page.text) == [PHONE]
    anna.house.own_sessions.shown *= 2
    page = await anna.get(ACCOUNT)
    assert re.findall(r'name="session" value="([^"]*)"', page.text)[-1] == "others"


async def test_a_password_alone_shows_none_elsewhere(anna: Browser) -> None:
    anna.house.account.shown = replace(
        VIEW_OF_ANNA, mobile="", password_here=Permission.OFFICE_ONLY
    )
    page = await anna.get(ACCOUNT)
    assert page.status == 200
    assert SESSIONS not in page.text


@pytest.mark.parametrize(
    ("which", "call"),
    [(PHONE, ("end", "anna", PHONE)), ("others", ("end others", "anna", SESSION))],
)
async def test_one_or_all_others_are_ended(anna: Browser, which: str, call: tuple) -> None:
    page = await anna.submit(await anna.get(ACCOUNT), SESSIONS, session=which)
    assert (page.status, page.location) == (303, f"{ACCOUNT}?notice=ended")
    assert anna.house.own_sessions.calls == [call]
    assert "You are logged off there." in (await anna.get(page.location)).text


async def test_the_way_back_is_kept(anna: Browser) -> None:
    page = await anna.get(f"{ACCOUNT}?next=/schema")
    page = await anna.submit(page, SESSIONS, session=PHONE)
    assert page.location == f"{ACCOUNT}?next=/schema&notice=ended"


async def test_a_forged_form_ends_nothing(anna: Browser) -> None:
    page = await anna.post(SESSIONS, {"session": "others", "form_token": "x"})
    assert page.status == 403
    fields = {**(await anna.get(ACCOUNT)).hidden(ACCOUNT), "session": "others"}
    assert (await anna.post(SESSIONS, fields)).status == 403  # another form's token
    fields = {**(await anna.get(ACCOUNT)).hidden(SESSIONS), "session": "others"}
    page = await anna.post(SESSIONS, fields, **{"Sec-Fetch-Site": "cross-site"})
    assert page.status == 403
    assert anna.house.own_sessions.calls == []


async def test_who_is_not_logged_on_any_more_is_asked_to_log_on(anna: Browser) -> None:
    page = await anna.get(ACCOUNT)
    anna.house.logon.sessions.clear()
    page = await anna.submit(page, SESSIONS, session=PHONE)
    assert (page.status, page.location) == (303, f"/.gateway/logon?next={ACCOUNT}")
    assert anna.house.own_sessions.calls == []
    assert denied(anna.house) == [(SESSIONS, "no-session")]
