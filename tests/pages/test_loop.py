"""gateway/pages/loop.py: a browser that comes back to the logon again and again is told why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.outcomes import SessionOpened
from gateway.pages.trails import dump_trail, load_trail, tried, was_tried
from policies.bounces import Trail
from tests.pages.fakes import ORIGIN, SESSION, Browser, House, Page, make_snapshot

asyncio = pytest.mark.asyncio
LOGON = "/.gateway/logon"
HR = f"{LOGON}?next=/hr/"
SECRET = b"0123456789abcdef"


def cause(page: Page, house: House) -> str:
    """The cause that a page of the loop breaker names; it is in the audit too."""
    assert page.status == 403
    assert "<h1>The logon is not kept</h1>" in page.text
    assert 'href="/.gateway/help#again"' in page.text
    event = house.audit.events[-1]
    assert (event.event, event.outcome, event.ref) == ("logon.loop", "stopped", "R-4711")
    assert f'<code class="cause">{event.reason}</code>' in page.text
    assert page.text.count("<code>R-4711</code>") == 1
    return event.reason


async def log_on(browser: Browser) -> Page:
    opened = SessionOpened(
        token=SESSION,
        user="anna",
        groups=(),
        factors=("pwd",),
        number_missing=False,
        stepped_up=False,
    )
    browser.house.logon.password = opened
    page = await browser.get(HR)
    assert page.status == 200
    return await browser.submit(page, LOGON, username="anna", password="Sommar17x")


@asyncio
async def test_the_good_way_has_no_step_more(browser: Browser, house: House) -> None:
    page = await log_on(browser)
    assert (page.status, page.location) == (303, "/hr/")
    trail = page.set_cookies()["gateway-trail"]
    assert (trail["max-age"], trail["httponly"], trail["samesite"]) == ("20", True, "Lax")
    assert house.audit.events == []


@asyncio
@pytest.mark.parametrize(
    ("cookie", "reason"),
    [(None, "cookies-refused"), (SESSION, "session-unknown")],
)
async def test_the_third_bounce_of_somebody_who_types_stops(browser, house, cookie, reason) -> None:
    for _ in range(3):
        assert (await log_on(browser)).status == 303
        del browser.cookies["gateway"]
        if cookie is not None:
            browser.cookies["gateway"] = cookie
        house.clock.time += 5
    assert cause(await browser.get(HR), house) == reason
    assert "gateway-trail" not in browser.cookies
    assert (await browser.get(HR)).status == 200


@asyncio
async def test_slow_ones_never_stop(browser: Browser, house: House) -> None:
    for _ in range(5):
        assert (await log_on(browser)).status == 303
        del browser.cookies["gateway"]
        house.clock.time += 11


@asyncio
@pytest.mark.parametrize(
    ("cookies", "reason"),
    [(f"gateway={SESSION}", "not-passed-on"),
     (f"gateway={SESSION}; gateway={SESSION}", "two-session-cookies")],
)  # fmt: skip
async def test_an_endless_redirect_stops(browser, house, cookies, reason) -> None:
    house.session("pwd")
    for _ in range(3):
        told = {"Cookie": f"{cookies}; gateway-trail={browser.cookies.get('gateway-trail', '')}"}
        page = await browser.get(HR, **told)
        assert (page.status, page.location) == (303, "/hr/")
    told = {"Cookie": f"{cookies}; gateway-trail={browser.cookies['gateway-trail']}"}
    assert cause(await browser.get(HR, **told), house) == reason
    assert house.audit.events[-1].user == "anna"


@asyncio
async def test_other_pages_in_other_tabs_are_no_bounces(browser: Browser, house: House) -> None:
    browser.cookies["gateway"] = house.session("pwd")
    for number in range(12):
        page = await browser.get(f"{LOGON}?next=/tab/{number}")
        assert page.status == 303


@asyncio
async def test_a_clock_that_ran_back_is_named(browser: Browser, house: House) -> None:
    house.session("pwd")
    browser.cookies["gateway"] = SESSION
    for _ in range(3):
        assert (await browser.get(HR)).status == 303
    house.clock.time -= 3600
    house.logon.sessions.clear()
    assert cause(await browser.get(HR), house) == "clock"


@asyncio
async def test_a_browser_without_cookies_is_told_at_the_second_try(browser, house) -> None:
    page = await browser.get(HR)
    browser.cookies.clear()
    page = await browser.submit(page, LOGON, username="anna", password="x")
    assert page.status == 403
    assert "<h1>This form is no longer valid</h1>" in page.text
    assert "gateway-form" in browser.cookies
    again = page.text.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    assert (await browser.get(again)).status == 200  # it keeps them after all
    browser.cookies.clear()
    assert cause(await browser.get(again), house) == "cookies-refused"
    house.clock.time += 601
    browser.cookies.clear()
    assert (await browser.get(again)).status == 200


@asyncio
async def test_a_foreign_frame_is_told_at_once_and_shows_nothing_of_ours(browser, house) -> None:
    frame = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
    page = await browser.get(HR, **frame)
    assert cause(page, house) == "third-party-frame"
    fields = page.answer.headers
    assert fields["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in fields["Content-Security-Policy"]
    assert "default-src 'none'" in fields["Content-Security-Policy"]
    assert "<form" not in page.text
    assert f'href="{ORIGIN}{LOGON}?next=/hr/" target="_blank"' in page.text
    page = await browser.get(HR, **{**frame, "Sec-Fetch-Site": "same-origin"})
    assert page.status == 200
    assert "frame-ancestors 'none'" in page.answer.headers["Content-Security-Policy"]


@asyncio
async def test_http_under_an_https_public_url(browser: Browser, house: House) -> None:
    house.snapshot = make_snapshot(https=True)
    page = await browser.get(HR)
    told = {"Origin": ORIGIN, "Sec-Fetch-Site": "", "Host": "localhost:8080"}
    page = await browser.post(LOGON, page.hidden(LOGON), **told)
    assert cause(page, house) == "secure-cookie-over-http"
    assert 'href="https://localhost/.gateway/logon"' in page.text


@asyncio
@pytest.mark.parametrize(
    "told",
    [{"Sec-Fetch-Site": "same-origin"},
     {"Sec-Fetch-Site": "", "Referer": f"http://www.example.se{LOGON}?next=/"}],
)  # fmt: skip
async def test_another_host_than_the_public_one(browser, house, told) -> None:
    page = await browser.get(HR)
    page = await browser.post(LOGON, page.hidden(LOGON), **told, Origin="http://www.example.se")
    assert cause(page, house) == "wrong-host"


@asyncio
async def test_a_forged_form_is_told_nothing_of_the_kind(browser: Browser, house: House) -> None:
    page = await browser.get(HR)
    told = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    page = await browser.post(LOGON, page.hidden(LOGON), **told)
    assert "<h1>This form is no longer valid</h1>" in page.text
    assert [event.event for event in house.audit.events] == ["access.denied"]
    assert page.set_cookies() == {}


TRAIL = Trail("/hr/", (1_700_000_000, 1_700_000_004))


def test_a_trail_comes_back_as_it_was_and_only_to_its_target() -> None:
    kept = dump_trail(TRAIL, SECRET)
    assert load_trail(kept, "/hr/", SECRET) == TRAIL
    assert load_trail(kept, "/", SECRET) == Trail()
    assert load_trail(kept, "/hr/", b"another secret..") == Trail()
    assert "hr" not in kept


@given(st.text(max_size=120))
def test_nobody_else_makes_a_trail_or_a_mark(text: str) -> None:
    assert load_trail(text, "/hr/", SECRET) == Trail()
    assert not was_tried(text, 1_700_000_000, SECRET)


@given(st.integers(0, 80), st.characters(categories=["Nd", "Ll"], max_codepoint=127))
def test_one_wrong_sign_spoils_a_trail(place: int, sign: str) -> None:
    kept = dump_trail(TRAIL, SECRET)
    place %= len(kept)
    bent = kept[:place] + sign + kept[place + 1 :]
    assert load_trail(bent, "/hr/", SECRET) == (TRAIL if bent == kept else Trail())


def test_a_mark_of_a_try_is_good_for_ten_minutes() -> None:
    mark = tried(1_700_000_000, SECRET)
    ages = (-1, 0, 600, 601)
    assert [was_tried(mark, 1_700_000_000 + age, SECRET) for age in ages] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not was_tried(mark, 1_700_000_000, b"another secret..")
