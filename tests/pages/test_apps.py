"""gateway/pages/apps.py: the cards, where they lead, and where a logon lands."""

import re
from dataclasses import replace

import pytest

from gateway.auth.outcomes import CodeSent, SessionOpened
from policies.factors import SecondFactor
from policies.routes import Route
from tests.pages.fakes import ORIGIN, SESSION, Browser, House, Page, make_snapshot

pytestmark = pytest.mark.asyncio
APPS, LOGON, OTP = "/.gateway/apps", "/.gateway/logon", "/.gateway/otp"
PORTAL = Route("/", "portal", title="Portal", icon="home")
TIME = Route("/time/", "portal", title="Time reports", icon="clock")
PAY = Route("/pay/", "portal", title="Lön & förmåner", groups=frozenset({"hr"}))
VAULT = Route("/vault/", "portal", title="Vault", second_factor=SecondFactor.ALWAYS)
CARD = re.compile(
    r'<a class="app" href="([^"]*)" aria-labelledby="(app-\d+)" aria-describedby="\2-more">\s*'
    r'<span class="tile" aria-hidden="true">(.*?)</span>\s*'
    r'<span class="app-words"><span class="app-title" id="\2">([^<]*)</span>\s*'
    r'<span class="app-more" id="\2-more"><span class="app-where">([^<]*<wbr>[^<]*)</span>(.*?)</span></span>\s*</a>',
    re.DOTALL,
)


def cards(page: Page) -> list[tuple[str, str, str, bool]]:
    """Every card as (title, href, where, code is asked for)."""
    assert page.status == 200
    found = CARD.findall(page.text)
    assert len(found) == page.text.count('class="app"')
    return [
        (title, href, where.replace("<wbr>", ""), "app-code" in more)
        for href, _, _, title, where, more in found
    ]


@pytest.fixture
def inside(browser: Browser, house: House) -> Browser:
    """Anna, logged on with a password, in the office."""
    house.snapshot = make_snapshot(routes=(PORTAL, TIME, PAY, VAULT))
    browser.cookies["gateway"] = house.session("pwd")
    browser.headers["X-Gateway-Network"] = "corporate"
    return browser


async def test_the_cards(inside: Browser) -> None:
    page = await inside.get(APPS)
    assert "<h1>Your systems</h1>" in page.text
    assert "You are logged on as Anna Andersson." in page.text
    assert cards(page) == [
        ("Portal", "/", "localhost:8080", False),
        ("Time reports", "/time/", "localhost:8080/time", False),
        ("Vault", "/vault/", "localhost:8080/vault", True),
    ]
    tiles = [found[2] for found in CARD.findall(page.text)]
    assert ["<svg" in tile for tile in tiles] == [True, True, False]
    assert tiles[2] == "V"


async def test_outside_a_code_is_asked_for_on_the_way(inside: Browser) -> None:
    inside.headers["X-Gateway-Network"] = "internet"
    page = await inside.get(APPS)
    assert [card[3] for card in cards(page)] == [True, True, True]
    assert "Asks for a one-time password" in page.text


async def test_groups_show_more(inside: Browser, house: House) -> None:
    house.session("pwd", "otp", groups=("hr",))
    page = await inside.get(APPS)
    assert ("Lön &amp; förmåner", "/pay/", "localhost:8080/pay", False) in cards(page)
    assert "one-time" not in page.text


async def test_swedish(inside: Browser) -> None:
    page = await inside.get(APPS, **{"Accept-Language": "sv"})
    for words in ("<h1>Dina system</h1>", "Du är inloggad som Anna Andersson.", "Kräver engångskod",
                  "Så loggar du in"):  # fmt: skip
        assert words in page.text


@pytest.mark.parametrize("routes", [(), (Route("/", "portal"),), (PAY,)], ids=["none", "0", "hr"])
async def test_nothing_to_choose(inside: Browser, routes: tuple[Route, ...]) -> None:
    inside.house.snapshot = make_snapshot(routes=routes)
    page = await inside.get(APPS)
    assert cards(page) == []
    assert "There is no system here for you to choose right now." in page.text
    assert "the Securitas network" in page.text
    assert 'class="button" href="/"' in page.text
    page = await inside.get(APPS, **{"Accept-Language": "sv"})
    assert "Just nu finns inget system att välja här." in page.text


@pytest.mark.parametrize("cookie", [None, "gone"])
async def test_who_is_not_logged_on_logs_on_first(browser: Browser, cookie: str | None) -> None:
    if cookie:
        browser.cookies["gateway"] = cookie
    page = await browser.get(APPS)
    assert (page.status, page.location) == (303, f"{LOGON}?next=/.gateway/apps")


async def test_away(inside: Browser, house: House) -> None:
    house.logon.away = True
    assert (await inside.get(APPS)).status == 503


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_it_is_only_looked_at(inside: Browser, method: str) -> None:
    assert (await inside.request(method, APPS)).status == 405


HOSTS = [
    # what the browser asked for; then where "/all" (any host), "/one" and "/two" (hosts) lead
    ("localhost", "localhost:8080", ["/all", "http://one.example:8080/one", "http://two.example:8080/two"]),
    ("one.example", "one.example:8080", [f"{ORIGIN}/all", "/one", "http://two.example:8080/two"]),
    ("two.example", "two.example:9999", [f"{ORIGIN}/all", "http://one.example:8080/one", "/two"]),
    ("", "localhost:8080", [f"{ORIGIN}/all", "http://one.example:8080/one", "http://two.example:8080/two"]),
]  # fmt: skip


@pytest.mark.parametrize(("host", "sent", "links"), HOSTS)
async def test_a_link_leads_to_the_host_that_serves_it(
    inside: Browser, house: House, host: str, sent: str, links: list[str]
) -> None:
    house.snapshot = make_snapshot(
        routes=(
            Route("/all", "p", title="A"),
            Route("/one", "p", host="one.example", title="B"),
            Route("/two", "p", host="two.example", title="C"),
        )
    )
    found = cards(await inside.get(APPS, **{"X-Gateway-Host": host, "Host": sent}))
    # An absolute link to where the browser is already is as good as a path.
    assert [href.removeprefix(f"http://{sent}") for _, href, _, _ in found] == [
        link.removeprefix(f"http://{sent}") for link in links
    ]
    for _, href, where, _ in found:
        assert where == (f"http://{sent}{href}" if href[0] == "/" else href).partition("://")[2]
        assert where.count(":") == 1


async def test_under_https_links_have_its_scheme(inside: Browser, house: House) -> None:
    house.snapshot = make_snapshot(
        https=True, routes=(PORTAL, Route("/", "p", host="hr.example", title="HR"))
    )
    inside.cookies["__Host-gateway"] = inside.cookies.pop("gateway")
    page = await inside.get(APPS, Host="localhost")
    assert cards(page) == [
        ("Portal", "/", "localhost", False),
        ("HR", "https://hr.example/", "hr.example", False),
    ]


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", '"><img src=x>', "{{ 7 * 7 }}"])
async def test_a_title_stays_text(inside: Browser, house: House, title: str) -> None:
    house.snapshot = make_snapshot(routes=(replace(TIME, title=title, icon=None),))
    page = await inside.get(APPS)
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "49" not in cards(page)[0][0]


# Where a logon lands.

ROUTES = (PORTAL, TIME, PAY)
ONE, TWO = (PORTAL, Route("/x/", "p")), (PORTAL, TIME)
LANDINGS = [
    # routes, groups, next, where to
    ((), (), "", "/"), (ONE, (), "", "/"), (TWO, (), "", APPS), (TWO, (), "/", APPS),
    (TWO, (), ORIGIN + "/", APPS), (TWO, (), "https://evil.example/", APPS),
    (TWO, (), "/time/", "/time/"), (TWO, (), "/?a=1", "/?a=1"), (TWO, (), APPS, APPS),
    (ONE, (), APPS, APPS), ((PORTAL, PAY), (), "", "/"), ((PORTAL, PAY), ("hr",), "", APPS),
]  # fmt: skip


@pytest.mark.parametrize(("routes", "groups", "way", "there"), LANDINGS)
@pytest.mark.parametrize("code", [False, True])
async def test_where_a_logon_lands(
    browser: Browser, house: House, code: bool, routes: tuple[Route, ...], groups: tuple[str, ...],
    way: str, there: str,
) -> None:  # fmt: skip
    house.snapshot = make_snapshot(routes=routes)
    opened = SessionOpened(SESSION, "anna", groups, ("pwd", "otp") if code else ("pwd",))
    page = await browser.get(f"{LOGON}?next={way}" if way else LOGON)
    if code:
        house.logon.password, house.logon.code = CodeSent(house.challenge()), opened
        page = await browser.submit(page, LOGON, username="anna", password="x")
        page = await browser.submit(await browser.get(page.location), OTP, code="123456")
    else:
        house.logon.password = opened
        page = await browser.submit(page, LOGON, username="anna", password="x")
    assert (page.status, page.location) == (303, there)
    assert page.set_cookies()["gateway"].value == SESSION


async def test_who_is_logged_on_lands_as_after_a_logon(inside: Browser) -> None:
    assert (await inside.get(LOGON)).location == APPS
    assert (await inside.get(f"{LOGON}?next=/time/")).location == "/time/"


async def test_a_step_up_leads_to_the_page_it_is_for(inside: Browser, house: House) -> None:
    inside.cookies["gateway-challenge"] = house.challenge()
    house.logon.code = SessionOpened("t", "anna", (), ("pwd", "otp"), stepped_up=True)
    page = await inside.submit(await inside.get(f"{OTP}?next=/"), OTP, code="123456")
    assert page.location == "/"


async def test_on_a_host_of_its_own_a_logon_stays_there(browser: Browser, house: House) -> None:
    house.snapshot = make_snapshot(
        routes=(*TWO, Route("/", "p", host="hr.example", title="HR")),
    )
    browser.headers |= {"X-Gateway-Host": "hr.example", "Host": "hr.example:8080"}
    house.logon.password = SessionOpened(SESSION, "anna", (), ("pwd",))
    fields = {"username": "anna", "password": "x"}
    page = await browser.get(LOGON)
    page = await browser.post(
        LOGON, {**page.hidden(LOGON), **fields}, Origin="http://hr.example:8080"
    )
    assert page.location == "/"


async def test_the_question_for_a_number_keeps_the_landing(browser: Browser, house: House) -> None:
    house.snapshot = make_snapshot(routes=TWO)
    browser.headers["X-Gateway-Network"] = "corporate"
    house.logon.password = SessionOpened(SESSION, "anna", (), ("pwd",), number_missing=True)
    page = await browser.get(LOGON)
    page = await browser.submit(page, LOGON, username="anna", password="x")
    assert page.location == "/.gateway/account/number?next=/.gateway/apps"
    house.session("pwd")
    assert house.account.shown is not None
    house.account.shown = replace(house.account.shown, mobile="")
    page = await browser.get(page.location)
    assert f'<a class="button button-quiet" href="{APPS}">' in page.text
    page = await browser.submit(
        page, "/.gateway/account", mobile="0701234567", current_password="x"
    )
    assert page.location == "/.gateway/account?next=/.gateway/apps&notice=updated"
    house.account.shown = replace(house.account.shown, mobile="+46701234567")
    page = await browser.get("/.gateway/account/number?next=/.gateway/apps")
    assert page.location == APPS, "once there is a number, on the way"


# The way there from other pages.

PAGES = ["/.gateway/help", "/.gateway/account", "/.gateway/logout"]


@pytest.mark.parametrize("path", PAGES)
async def test_other_pages_link_there(inside: Browser, path: str) -> None:
    link = f'<li><a href="{APPS}">Your systems</a></li>'
    assert link in (await inside.get(path)).text
    assert link not in (await inside.get(APPS)).text
    inside.house.snapshot = make_snapshot()
    assert link not in (await inside.get(path)).text, "no system has a title"
    inside.house.snapshot = make_snapshot(routes=TWO)
    del inside.cookies["gateway"]
    assert link not in (await inside.get("/.gateway/help")).text, "nobody is logged on"


@pytest.mark.parametrize("path", [*PAGES, APPS])
async def test_no_page_links_to_itself(inside: Browser, path: str) -> None:
    foot = (await inside.get(path)).text.split("<footer")[1]
    expected = {"/.gateway/help", "/.gateway/account", "/.gateway/logout", APPS} - {path}
    assert set(re.findall(r'href="(/[^"]*)"', foot)) == expected
