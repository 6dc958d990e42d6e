"""Every way to a message draws on `[sms_budget]`: pages over the real domain, stores in memory.

Beyond a budget the page says when to try again, and then it is so; nothing is sent, no resend is
used up, and one audit line says so with outcome "refused" and reason "sms-budget".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from gateway.auth.model import SessionRecord
from gateway.auth.outcomes import Changed, ResetAllowed, ResetAsked, ResetDone
from gateway.auth.sms_budget import Kind
from gateway.pages.application import make_pages
from gateway.pages.texts import duration
from gateway.settings.model import Rate, SmsBudget
from gateway.texts.catalog import Texts
from tests.auth.support import ANNA, INSIDE, OUTSIDE, PASSWORDS, LoginScript
from tests.pages.fakes import Browser, House, Page

pytestmark = pytest.mark.asyncio

LOGON, OTP, RESEND = "/.gateway/logon", "/.gateway/otp", "/.gateway/otp/resend"
RESET, ACCOUNT, PROOF = "/.gateway/reset", "/.gateway/account", "/.gateway/account/code"
PROOF_RESEND = "/.gateway/account/resend"
PERIOD = timedelta(minutes=2)
ONE, WIDE = Rate(1, PERIOD), Rate(1000, PERIOD)
ROOMY = SmsBudget(number=WIDE, user=WIDE, resets=WIDE, address=WIDE, total=WIDE)
IN_THE_OFFICE = {"X-Gateway-Network": "corporate", "X-Gateway-Client": OUTSIDE.address}
"""Inside, yet counted as the same address as outside."""


@dataclass
class Place:
    """The pages, and the domain behind them under one budget that is short."""

    client: TestClient
    house: House
    script: LoginScript
    browser: Browser | None = None
    """The one that goes on asking, where the same browser does."""

    def another(self, **headers: str) -> Browser:
        return Browser(self.client, self.house, **headers)

    async def inside(self) -> Browser:
        """Return a browser that is logged on in the office with the password alone."""
        browser = self.another(**IN_THE_OFFICE)
        assert (await log_on(browser)).location == "/"
        return browser

    async def settled(self) -> None:
        await self.script.settled()

    def refused(self) -> list[tuple[str, str]]:
        """Return event and user of every message that the budget has refused."""
        lines = [one for one in self.script.audit.events if one.reason == "sms-budget"]
        assert {line.outcome for line in lines} <= {"refused"}
        return [(line.event, line.user) for line in lines]


@pytest_asyncio.fixture
async def place(limit: str) -> AsyncIterator[Place]:
    house = House()
    settings = replace(
        house.snapshot.settings,
        sms_budget=replace(ROOMY, **{limit: ONE}),
        self_service=replace(house.snapshot.settings.self_service, prove_mobile=True),
    )
    house.snapshot.settings = settings
    script = LoginScript(settings)

    async def who(token: str) -> SessionRecord | None:
        live = await script.sessions.resolve(token.encode())
        return None if live is None else live.record

    services = replace(
        house.services(),
        logon=script.logon,
        account=script.self_service,
        reset=script.reset,
        who=who,
        clock=script.clock,
        audit=script.audit,
    )
    server = TestServer(make_pages(lambda: services), host="127.0.0.1")
    async with TestClient(server, cookie_jar=DummyCookieJar()) as client:
        yield Place(client, house, script)


# Each way asks for one message more; it returns the answer.


async def log_on(browser: Browser) -> Page:
    page = await browser.get(LOGON)
    return await browser.submit(page, LOGON, username="anna", password=PASSWORDS["anna"])


async def logon(place: Place) -> Page:
    return await log_on(place.another())


async def resend(place: Place) -> Page:
    if place.browser is None:
        place.browser = place.another()
        return await log_on(place.browser)
    place.script.wait(seconds=30)
    return await place.browser.submit(await place.browser.get(OTP), RESEND)


async def step_up(place: Place) -> Page:
    browser = await place.inside()
    return await browser.submit(await browser.get(OTP), RESEND)


async def resend_of_a_step_up(place: Place) -> Page:
    if place.browser is None:
        place.browser = await place.inside()
    else:
        place.script.wait(seconds=30)
    return await place.browser.submit(await place.browser.get(OTP), RESEND)


async def wish_for_a_number(browser: Browser) -> Page:
    fields = {"mobile": "0709999999", "current_password": PASSWORDS["anna"]}
    return await browser.submit(await browser.get(ACCOUNT), ACCOUNT, **fields)


async def prove(place: Place) -> Page:
    return await wish_for_a_number(await place.inside())


async def resend_of_a_proof(place: Place) -> Page:
    if place.browser is None:
        place.browser = await place.inside()
        return await wish_for_a_number(place.browser)
    place.script.wait(seconds=30)
    return await place.browser.submit(await place.browser.get(PROOF), PROOF_RESEND)


async def reset(place: Place) -> Page:
    browser = place.another()
    return await browser.submit(await browser.get(RESET), RESET, username="anna")


async def reset_once_more(place: Place) -> Page:
    if place.browser is None:
        place.browser = place.another()
    else:
        place.script.wait(seconds=30)
    return await place.browser.submit(await place.browser.get(RESET), RESET, username="anna")


WAYS = (
    logon, resend, step_up, resend_of_a_step_up, prove, resend_of_a_proof, reset, reset_once_more,
)  # fmt: skip
TABLE = [
    (way, limit)
    for way in WAYS
    for limit in ("number", "user", "address", "total", "resets")
    if limit != "resets" or way.__name__.startswith("reset")
]
UNSAID = {(reset, "number"), (reset_once_more, "number")}
"""Where a refusal would tell that there is such a user: the answer is the usual one."""


@pytest.mark.parametrize(
    ("way", "limit"), TABLE, ids=[f"{way.__name__}-{limit}" for way, limit in TABLE]
)
async def test_beyond_a_budget_the_page_says_when_and_the_audit_says_so(
    place: Place, way: Callable[[Place], Awaitable[Page]], limit: str
) -> None:
    assert (await way(place)).status == 303
    await place.settled()
    assert (len(place.script.sms.messages), place.refused()) == (1, [])
    page = await way(place)
    await place.settled()
    assert len(place.script.sms.messages) == 1
    assert place.refused() == [("code.failed", "anna")]
    if (way, limit) in UNSAID:
        assert page.status == 303
        return
    wait_s = int(page.answer.headers["Retry-After"])
    assert page.status == 429
    assert 0 < wait_s <= PERIOD.total_seconds()
    assert "Too many messages have been sent." in page.text
    assert f"Try again in {duration(wait_s, Texts().of('en'))}." in page.text
    place.script.wait(seconds=wait_s)
    assert (await way(place)).status == 303, "what the page said is so"
    await place.settled()
    assert len(place.script.sms.messages) == 2


@pytest.mark.parametrize("limit", ["total"])
async def test_in_swedish_too(place: Place, limit: str) -> None:
    await logon(place)
    browser = place.another(**{"Accept-Language": "sv"})
    page = await log_on(browser)
    assert page.status == 429
    assert "Försök igen om 2 minuter." in page.text


# Notices: what was done stands, and nobody waits.


async def change_password(script: LoginScript, count: int) -> object:
    script.go(INSIDE)
    if script.browser.session is None:
        await script.password()
    return await script.change(mobile=str(ANNA.mobile), new=f"Ny{count}tLosen")


async def change_number(script: LoginScript, count: int) -> object:
    script.go(INSIDE)
    if script.browser.session is None:
        await script.password()
    # The number that is told is the old one: it takes turns.
    return await script.change(mobile=("+46709999999", str(ANNA.mobile))[count % 2])


async def reset_password(script: LoginScript, count: int) -> object:
    script.another_browser()
    assert isinstance(await script.ask_for_reset(), ResetAsked)
    assert isinstance(await script.reset_code(), ResetAllowed)
    return await script.new_password(f"Ny{count}tLosen")


NOTICES = {
    change_password: "notice.password-changed",
    change_number: "notice.mobile-changed",
    reset_password: "notice.password-reset",
}


@pytest.mark.parametrize("act", NOTICES, ids=lambda act: act.__name__)
@pytest.mark.parametrize("limit", ["number", "user", "address", "total"])
async def test_a_notice_beyond_a_budget_is_refused_and_what_was_done_stands(
    act: Callable[[LoginScript, int], Awaitable[object]], limit: str
) -> None:
    rates = {limit: Rate(3, timedelta(hours=1))}
    settings = LoginScript().settings
    script = LoginScript(replace(settings, sms_budget=replace(ROOMY, **rates)))
    if limit in {"number", "user"}:  # counted apart for notices, so notices have used them up
        for _ in range(3):
            number = str(ANNA.mobile)
            assert await script.budget.spend(Kind.NOTICE, "anna", number, "192.0.2.1") is None
    refused: list[tuple[str, str, str]] = []
    for count in range(8):
        outcome = await act(script, count)
        assert outcome in {Changed(), ResetDone()}
        await script.settled()
        refused = [
            (one.event, one.outcome, one.user)
            for one in script.audit.events
            if one.reason == "sms-budget"
        ]
        if refused:
            break
        script.wait(seconds=10)
    assert refused == [(NOTICES[act], "refused", "anna")]
