"""gateway/pages/logon.py: every outcome of a password, and what the browser is told."""

import html
import re
from urllib.parse import unquote

import pytest

from gateway.auth.outcomes import CodeSent, LockedOut, NoNumber, Rejected, SessionOpened
from policies.factors import SecondFactor
from tests.pages.fakes import SESSION, Browser, House, Page

pytestmark = pytest.mark.asyncio
LOGON = "/.gateway/logon"
KNOWN = "1790000000.abc.def"


async def log_on(browser: Browser, path: str = LOGON, **fields: str) -> Page:
    page = await browser.get(path)
    return await browser.submit(
        page, LOGON, **{"username": "anna", "password": "Sommar17x", **fields}
    )


async def test_the_page_says_what_the_contract_says(browser: Browser) -> None:
    page = await browser.get(LOGON)
    assert page.status == 200
    assert "<title>Welcome</title>" in page.text
    assert "<h1>Welcome</h1>" in page.text
    assert "Please log on to continue." in page.text
    assert re.search(r'<label for="username">User name:</label>\s*<input id="username"', page.text)
    assert re.search(r'<label for="password">Password:</label>\s*<input id="password"', page.text)
    assert re.search(r'<button [^>]*type="submit">Log On</button>', page.text)
    assert '<a href="/.gateway/reset">Reset or change password</a>' in page.text
    assert 'autocomplete="username"' in page.text
    assert 'autocomplete="current-password"' in page.text
    assert 'role="alert"' not in page.text
    assert browser.house.logon.calls == []


async def test_swedish(browser: Browser) -> None:
    page = await browser.get(LOGON, **{"Accept-Language": "sv-SE,sv;q=0.9,en;q=0.8"})
    assert '<html lang="sv">' in page.text
    assert page.answer.headers["Content-Language"] == "sv"
    for words in ("Välkommen", "Logga in för att fortsätta.", "Användarnamn:", "Lösenord:"):
        assert words in page.text


async def test_only_the_form_cookie_is_set_and_only_once(browser: Browser) -> None:
    first = await browser.get(LOGON)
    (name, cookie), = first.set_cookies().items()  # fmt: skip
    assert (name, len(cookie.value)) == ("gateway-form", 32)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert (cookie["secure"], cookie["max-age"], cookie["domain"]) == ("", "", "")
    second = await browser.get(LOGON)
    assert second.set_cookies() == {}


@pytest.mark.parametrize("value", ["", "x", "Z" * 32, "a" * 33, "a" * 31 + '"'])
async def test_a_mark_that_is_not_ours_is_replaced(browser: Browser, value: str) -> None:
    browser.cookies["gateway-form"] = value
    page = await browser.get(LOGON)
    assert len(page.set_cookies()["gateway-form"].value) == 32


async def test_wrong_password(browser: Browser) -> None:
    page = await log_on(browser, username="anna.andersson")
    assert page.status == 401
    assert "The user name or password is incorrect." in page.text
    assert 'role="alert" id="problem"' in page.text
    assert page.text.count('aria-invalid="true" aria-describedby="problem"') == 2
    assert 'value="anna.andersson"' in page.text, "the user name stays"
    assert "Sommar17x" not in page.text
    assert page.set_cookies() == {}


async def test_wrong_password_in_swedish(browser: Browser) -> None:
    browser.headers["Accept-Language"] = "sv"
    page = await log_on(browser)
    assert page.status == 401
    assert "Användarnamnet eller lösenordet är fel." in page.text


@pytest.mark.parametrize(("username", "password"), [("", "x"), ("  ", "x"), ("anna", ""), ("", "")])
async def test_an_empty_field_is_wrong_without_being_judged(
    browser: Browser, username: str, password: str
) -> None:
    page = await log_on(browser, username=username, password=password)
    assert page.status == 401
    assert "The user name or password is incorrect." in page.text
    assert browser.house.logon.calls == []


async def test_inside_one_step_leads_to_the_session(browser: Browser) -> None:
    browser.house.logon.password = SessionOpened(token=SESSION, user="anna", known=KNOWN)
    page = await log_on(browser, f"{LOGON}?next=/hr/list%3Fa%3D1%26b%3D%252F")
    assert (page.status, page.location) == (303, "/hr/list?a=1&b=%2F")
    cookies = page.set_cookies()
    assert set(cookies) == {"gateway", "gateway-trail", "gateway-known"}
    cookie = cookies["gateway"]
    assert cookie.value == SESSION
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert (cookie["max-age"], cookie["expires"], cookie["domain"]) == ("", "", "")
    known = cookies["gateway-known"]
    assert (known.value, known["max-age"], known["httponly"]) == (KNOWN, "15552000", True)


async def test_outside_a_challenge_comes_first(browser: Browser) -> None:
    browser.house.logon.password = CodeSent(challenge="c" * 43)
    page = await log_on(browser, f"{LOGON}?next=/hr/")
    assert (page.status, page.location) == (303, "/.gateway/otp?next=/hr/")
    (name, cookie), = page.set_cookies().items()  # fmt: skip
    assert (name, cookie.value, cookie["max-age"]) == ("gateway-challenge", "c" * 43, "300")
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


async def test_what_the_domain_is_told(browser: Browser) -> None:
    browser.headers |= {"Accept-Language": "sv"}
    browser.cookies["gateway"] = "old-session"
    await log_on(browser, username=" Anna ", password=" p w ")
    ((_, user_name, password, client, mark, factor, replaces),) = browser.house.logon.calls
    assert (user_name, password) == (" Anna ", " p w ")
    assert (client.address, client.network) == ("203.0.113.9", "internet")
    assert (client.request_id, client.language) == ("R-4711", "sv")
    assert mark == browser.cookies["gateway-form"]
    assert (factor, replaces) == (SecondFactor.OUTSIDE_CORPORATE, "old-session")


@pytest.mark.parametrize(
    ("way_back", "factor"),
    [
        ("/", SecondFactor.OUTSIDE_CORPORATE),
        ("/vault/x?y=1", SecondFactor.ALWAYS),
        ("/news/", SecondFactor.NEVER),
        ("/.gateway/help", SecondFactor.OUTSIDE_CORPORATE),
        ("https://evil.example/news/", SecondFactor.OUTSIDE_CORPORATE),
        ("/x/../news/", SecondFactor.OUTSIDE_CORPORATE),
    ],
)
async def test_the_way_back_chooses_the_factor(
    browser: Browser, way_back: str, factor: SecondFactor
) -> None:
    await log_on(browser, next=way_back)
    assert browser.house.logon.calls[0][5] is factor


@pytest.mark.parametrize(
    "hostile",
    ["//evil.example/", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/%0d%0a",
     "http://localhost:8080.evil.example/", "/.gateway/logout", "x", "\r\nSet-Cookie: a=b"],
)  # fmt: skip
async def test_no_way_back_leaves_the_origin(browser: Browser, hostile: str) -> None:
    browser.house.logon.password = SessionOpened(token=SESSION, user="anna")
    page = await log_on(browser, next=hostile)
    assert page.status == 303
    assert page.location in {"/", "/%0d%0a"}


async def test_locked_out(browser: Browser) -> None:
    browser.house.logon.password = LockedOut(wait_s=130)
    page = await log_on(browser)
    assert (page.status, page.answer.headers["Retry-After"]) == (429, "130")
    assert "There have been too many tries." in page.text
    assert "Try again in 3 minutes." in page.text
    assert "incorrect" not in page.text


async def test_too_many_messages(browser: Browser) -> None:
    browser.house.logon.password = LockedOut(wait_s=3600, of="messages")
    page = await log_on(browser)
    assert (page.status, page.answer.headers["Retry-After"]) == (429, "3600")
    assert "Too many messages have been sent." in page.text
    assert "Try again in 60 minutes." in page.text


async def test_no_number_means_the_office_first(browser: Browser) -> None:
    browser.house.logon.password = NoNumber()
    page = await log_on(browser)
    assert page.status == 403
    assert (
        "The first time you log on to Medarbetarportalen you must use a computer that is "
        "connected to the Securitas network." in page.text
    )
    assert page.set_cookies() == {}
    browser.headers["Accept-Language"] = "sv"
    page = await log_on(browser)
    assert (
        "Första gången du loggar in på Medarbetarportalen måste det ske på en dator som är "
        "ansluten till nätverket hos Securitas." in page.text
    )


async def test_who_is_logged_on_goes_on(browser: Browser) -> None:
    browser.cookies["gateway"] = browser.house.session("pwd")
    page = await browser.get(f"{LOGON}?next=/hr/")
    assert (page.status, page.location) == (303, "/hr/")


@pytest.mark.parametrize(
    ("notice", "words"),
    [("session-idle", "You have been away"), ("session-too-old", "You logged on some time ago")],
)
async def test_who_must_log_on_again_for_a_page_is_not_sent_in_a_circle(
    browser: Browser, notice: str, words: str
) -> None:
    browser.cookies["gateway"] = browser.house.session("pwd")
    page = await browser.get(f"{LOGON}?next=/pay/&notice={notice}")
    assert page.status == 200
    assert words in page.text
    assert page.hidden(LOGON)["next"] == "/pay/"


async def test_a_dead_session_cookie_is_no_session(browser: Browser) -> None:
    browser.cookies["gateway"] = "gone"
    page = await browser.get(LOGON)
    assert page.status == 200
    assert "gateway" in browser.cookies


async def test_logged_off_is_said(browser: Browser) -> None:
    page = await browser.get(f"{LOGON}?notice=logged-off")
    assert "You have logged off." in page.text
    assert 'role="status"' in page.text
    assert "You have logged off." not in (await browser.get(f"{LOGON}?notice=other")).text


@pytest.mark.parametrize(
    "user_name",
    ['"><script>alert(1)</script>', "' onfocus='alert(1)", "{{ 7 * 7 }}", "%(portal)s", "å\u2028\x1b[2J",
     "</title><img src=x onerror=alert(1)>", "x" * 5000, "%s%n%d"],
)  # fmt: skip
async def test_a_hostile_user_name_stays_text(browser: Browser, user_name: str) -> None:
    page = await log_on(browser, username=user_name)
    assert page.status == 401
    shown = re.search(r'name="username" type="text" value="([^"]*)"', page.text)
    assert shown is not None
    assert html.unescape(shown[1]) == user_name
    for live in ("<script", "<img", "' onfocus='"):
        assert live not in page.text
    assert browser.house.logon.calls[0][1] == user_name


@pytest.mark.parametrize("sent", ["/%22%3E%3Cscript%3E", "/a%2522%253E%253Cscript"])
async def test_a_hostile_way_back_stays_text(browser: Browser, sent: str) -> None:
    page = await browser.get(f"{LOGON}?next={sent}")
    assert "<script" not in page.text
    assert page.hidden(LOGON)["next"] == unquote(sent)


async def test_a_second_logon_names_the_session_it_replaces(browser: Browser) -> None:
    page = await browser.get(LOGON)
    browser.cookies["gateway"] = browser.house.session("pwd")
    browser.house.logon.password = SessionOpened(token="new", user="anna")
    page = await browser.submit(page, LOGON, username="anna", password="x")
    assert page.status == 303, "a form opened before the logon in another tab stays good"
    assert browser.house.logon.calls[0][6] == SESSION
    assert browser.cookies["gateway"] == "new"


async def test_twenty_tabs_all_work(browser: Browser) -> None:
    tabs = [await browser.get(f"{LOGON}?next=/{number}") for number in range(20)]
    browser.house.logon.password = SessionOpened(token=SESSION, user="anna")
    for number, tab in enumerate(tabs):
        page = await browser.submit(tab, LOGON, username="anna", password="x")
        assert (page.status, page.location) == (303, f"/{number}")
    assert sum(len(name) + len(value) for name, value in browser.cookies.items()) < 4096


async def test_rejected_looks_the_same_whoever_it_is(browser: Browser) -> None:
    browser.house.logon.password = Rejected()
    pages = [await log_on(browser, username=name) for name in ("known", "other")]
    plain = [re.sub(r"known|other|\d{10}\.[0-9a-f]{64}", "", page.text) for page in pages]
    assert plain[0] == plain[1]
    fields = [
        {name for name in page.answer.headers if name not in {"Date", "Content-Length"}}
        for page in pages
    ]
    assert fields[0] == fields[1]


async def test_the_way_back_outlives_a_failure(browser: Browser) -> None:
    page = await browser.get(f"{LOGON}?next=/hr/%3Fa%3D1%26b")
    assert f'action="{LOGON}?next=/hr/%3Fa%3D1%26b"' in page.text, "a reload of a 503 keeps it"
    assert page.hidden(LOGON)["next"] == "/hr/?a=1&b"


async def test_away(browser: Browser, house: House) -> None:
    page = await browser.get(LOGON)
    house.logon.away = True
    browser.cookies["gateway"] = "warm"
    for answer in (
        await browser.get(LOGON),
        await browser.submit(page, LOGON, username="anna", password="x"),
    ):
        assert (answer.status, answer.answer.headers["Retry-After"]) == (503, "5")
        assert "Try again" in answer.text
        assert answer.set_cookies() == {}, "a dead store takes no cookie away"
