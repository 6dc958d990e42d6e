"""Every page as a Swede sees it: no text of the source is left in it, nor any English attribute."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from gateway.auth.challenges import Purpose
from gateway.auth.outcomes import (
    Faults,
    LockedOut,
    NoMoreResends,
    NoNumber,
    Rejected,
    ResetView,
    TooSoon,
    Unchanged,
    WrongCode,
)
from gateway.auth.own_sessions import OwnSession
from gateway.auth.session_labels import SessionLabel
from gateway.auth.session_list import ListedSession
from gateway.pages.templating import Templates
from gateway.pages.trails import dump_trail
from gateway.texts.catalog import Texts, sources
from policies.bounces import MOST, Trail
from policies.decision import Reason as Denial
from policies.mobiles import NotMobileReason
from policies.passwords import Reason
from policies.routes import Route
from policies.self_service import Permission
from tests.pages.fakes import VIEW, VIEW_OF_ANNA, Browser, House, Page, make_snapshot

asyncio = pytest.mark.asyncio

SHOWN = {"alt", "aria-label", "placeholder", "title", "value"}
GAP = re.compile(r"%\([a-z_]+\)[sd]")
ROUTES = (
    Route("/", "portal", title="Portalen", icon="home"),
    Route("/lon/", "portal", title="Lön"),
)


class Seen(HTMLParser):
    """What a page says: its text nodes and the attributes that are shown or read out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._foreign = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        given = dict(attrs)
        if tag == "a":
            self._foreign = int(given.get("lang", "sv") != "sv")
        if given.get("type") != "hidden":
            self.said += [value for name, value in attrs if name in SHOWN and value]

    def handle_endtag(self, tag) -> None:
        self._foreign *= int(tag != "a")

    def handle_data(self, data) -> None:
        if data.strip() and not self._foreign:
            self.said.append(" ".join(data.split()))


def said(text: str) -> set[str]:
    """The distinct texts of a page."""
    return set(Seen(text).said)


@cache
def patterns() -> list[re.Pattern[str]]:
    """What finds each text of the source, or a part of it between two gaps, that Swedish lacks."""
    swedish, found = Texts().of("sv"), []
    for source in sources():
        ours = {swedish.gettext(source[0])}
        if len(source) > 1:
            ours = {swedish.ngettext(*source, number) for number in (1, 2)}
        for text in set(source) - ours:
            parts = GAP.split(text)
            long = [part.strip(" .:?,") for part in parts if len(part.split()) > 1]
            whole = ".+".join(map(re.escape, parts))
            inside = [rf"(?<!\w){re.escape(part)}(?!\w)" for part in long]
            found.append(re.compile("|".join([rf"\A{whole}\Z", *inside])))
    return found


def english(texts: Iterable[str]) -> set[str]:
    """Those of the texts that say something of the source."""
    return {text for text in texts if any(one.search(text) for one in patterns())}


def sessions(now: float) -> list[OwnSession]:
    office = SessionLabel("anna", now - 7200, "corporate", "10.0.0.7", ("pwd",), "Edge, Windows")
    phone = SessionLabel("anna", now - 300, "internet", "203.0.113.9", ("pwd", "otp"), "")
    return [
        OwnSession(ListedSession(key * 64, label, now - 30, now + 100), is_this=key == "a")
        for key, label in (("a", office), ("b", phone), ("c", phone))
    ]


async def out(one: Browser) -> AsyncIterator[Page]:
    """Pages of nobody."""
    house, logon = one.house, "/.gateway/logon"
    for query in ("", "?notice=logged-off", "?notice=new-password", "?notice=session-idle",
                  "?notice=session-too-old", "?next=/x"):  # fmt: skip
        yield await one.get(logon + query)
    page = await one.get(logon)
    for outcome in (Rejected(), LockedOut(90), LockedOut(90, of="messages"), NoNumber()):
        house.logon.password = outcome
        yield await one.submit(page, logon, username="anna", password="x")
    yield await one.get("/.gateway/help")
    yield await one.get("/.gateway/nothing")
    yield await one.post(logon, {"username": "a"})
    yield await one.request("PUT", logon)
    frame = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
    yield await one.get(logon, **frame)
    at, secret = int(house.clock.time), house.services().secret
    for cookies, start in (("", at), ("gateway=x; ", at), ("gateway=x; gateway=y; ", at),
                           ("gateway=" + house.session("pwd") + "; ", at), ("", at + 99)):  # fmt: skip
        trail = dump_trail(Trail("/x", (start,) * MOST), secret)
        yield await one.get(f"{logon}?next=/x", Cookie=f"{cookies}gateway-trail={trail}")
    house.logon.sessions.clear()
    yield await one.post(logon, {}, Origin="http://www.example.se")
    house.snapshot = make_snapshot(https=True)
    yield await one.post(logon, {})
    house.snapshot = make_snapshot()


async def code(one: Browser) -> AsyncIterator[Page]:
    """The one-time password."""
    logon, otp, resend = one.house.logon, "/.gateway/otp", "/.gateway/otp/resend"
    for changes in ({}, {"delivery": "failed"}, {"delivery": "sending"},
                    {"delivery": "failed", "resends_left": 0}, {"resend_in_s": 0}):  # fmt: skip
        one.cookies["gateway-challenge"] = one.house.challenge(**changes)
        yield await one.get(otp)
        yield await one.get(f"{otp}?notice=resent")
    one.cookies["gateway-challenge"] = one.house.challenge()
    page = await one.get(otp)
    for outcome in (WrongCode(3), WrongCode(1), LockedOut(4000)):
        logon.code = outcome
        yield await one.submit(page, otp, code="1")
    yield await one.submit(page, otp, code="")
    for outcome in (TooSoon(9), NoMoreResends(), LockedOut(9, of="messages")):
        logon.resent = outcome
        yield await one.submit(page, resend)
    one.house.challenge(resends_left=0)
    logon.resent = NoMoreResends()
    yield await one.submit(page, resend)
    logon.code = WrongCode(0)
    yield await one.submit(page, otp, code="1")


async def forgotten(one: Browser) -> AsyncIterator[Page]:
    """A reset."""
    reset, house = "/.gateway/reset", one.house.reset
    page = await one.get(reset)
    yield page
    yield await one.submit(page, reset, username=" ")
    house.asked = LockedOut(90)
    yield await one.submit(page, reset, username="anna")
    view = ResetView(user="anna", digits=6, expires_in_s=290)
    one.cookies["gateway-errand"] = "e" * 43
    house.steps = {Purpose.RESET: view, Purpose.NEW_PASSWORD: view}
    page = await one.get(f"{reset}/code")
    yield page
    for outcome in (WrongCode(2), LockedOut(90)):
        house.judged = outcome
        yield await one.submit(page, f"{reset}/code", code="1")
    page = await one.get(f"{reset}/password")
    yield page
    house.ended = Unchanged(Faults(new=tuple(reason.value for reason in Reason), differs=True))
    yield await one.submit(page, f"{reset}/password", new_password="a", confirm_password="b")
    house.steps = {}
    yield await one.submit(page, f"{reset}/password", new_password="a", confirm_password="b")
    yield await one.get(f"{reset}/code")


async def own(one: Browser) -> AsyncIterator[Page]:
    """Pages of who is logged on."""
    house, account = one.house, "/.gateway/account"
    house.snapshot = make_snapshot(routes=ROUTES)
    one.cookies["gateway"] = house.session("pwd")
    yield await one.get("/.gateway/logout")
    yield await one.get("/.gateway/otp")  # step-up
    yield await one.get("/.gateway/apps")
    one.house.own_sessions.shown = sessions(house.clock.time)
    for query in ("", "?notice=updated", "?notice=updated&next=/x"):
        yield await one.get(account + query)
    page = await one.get(account)
    for reason in NotMobileReason:
        house.account.changed = Unchanged(Faults(mobile=reason, current="wrong"))
        yield await one.submit(page, account, mobile="1", current_password="x")
    for faults in (Faults(current="missing"), Faults(nothing=True), Faults(not_here=True),
                   Faults(new=tuple(reason.value for reason in Reason), differs=True)):  # fmt: skip
        house.account.changed = Unchanged(faults)
        yield await one.submit(page, account, mobile="1", current_password="x")
    house.account.changed = LockedOut(90)
    yield await one.submit(page, account, mobile="1", current_password="x")
    house.account.shown = replace(VIEW_OF_ANNA, mobile_here=Permission.OFFICE_ONLY)
    yield await one.get(account)
    house.account.shown = replace(VIEW_OF_ANNA, mobile="")
    yield await one.get(f"{account}/number")
    one.cookies["gateway-errand"] = "p" * 43
    house.account.proof = VIEW
    page = await one.get(f"{account}/code")
    yield page
    house.account.proven = WrongCode(3)
    yield await one.submit(page, f"{account}/code", code="1")
    house.account.resent = TooSoon(9)
    yield await one.submit(page, f"{account}/resend")
    house.snapshot = make_snapshot(routes=())
    yield await one.get("/.gateway/apps")


@pytest.fixture
def rendered(monkeypatch) -> set[str]:
    """The names of the templates that were rendered."""
    names: set[str] = set()
    plain = Templates.render

    def spy(self, template, language, values):
        names.add(template)
        return plain(self, template, language, values)

    monkeypatch.setattr(Templates, "render", spy)
    return names


def refusals(house: House) -> list[str]:
    """Every page that the front door may ask for."""
    statuses = (400, 403, 404, 405, 408, 413, 414, 415, 429, 431, 500, 502, 503, 504)
    return [
        house.look()
        .errors.render(
            status, language="sv", reference="r", here="/", reason=reason, retry_after=retry
        )
        .decode()
        for status in statuses
        for reason in (None, *Denial)
        for retry in (None, 5)
    ]


@asyncio
async def test_no_page_says_anything_in_english(
    browser: Browser, house: House, rendered: set[str]
) -> None:
    browser.headers["Accept-Language"] = "sv"
    seen: dict[str, str] = {}
    pages = 0
    for walk in (out, code, forgotten, own):
        browser.cookies.clear()
        async for page in walk(browser):
            if page.status != 303:
                pages += 1
                assert '<html lang="sv">' in page.text
                seen |= dict.fromkeys(said(page.text), page.answer.url.path)
    for text in refusals(house):
        seen |= dict.fromkeys(said(text), "error")
    assert {text: seen[text] for text in english(seen)} == {}
    assert len(seen) > 150
    assert pages > 60
    shown = {place.name for place in (files("gateway.pages") / "templates").iterdir()}
    assert shown - rendered == {"base.html", "parts.html", "code_parts.html"}


def test_english_would_be_found() -> None:
    page = "<p>Please log on to continue.</p><a title='Log off'></a><p>Try again in 5 minuter.</p>"
    assert len(english(said(page))) == 3
    page = "<a lang='en'>English</a><p>Välkommen</p><input type=hidden value='Submit'>"
    assert english(said(page)) == set()
