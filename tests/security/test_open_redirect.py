"""Open redirects: wherever a way back is taken, no answer leads off our origin (ASVS 3.7.2).

Each row of tests/data/hostile_return_paths.txt goes through every place that takes one. Where a
Location leads is told by ada, which reads URLs as browsers do (WHATWG URL Standard).
"""

from __future__ import annotations

import contextlib
import html
import re
from pathlib import Path
from urllib.parse import quote

import ada_url
import pytest

from tests.security.wall import ACCOUNT, EVIL, LANGUAGE, LOGON, LOGOUT, OTP, PROXY, Line, Wall
from tests.system.gateway import INSIDE, PASSWORD
from tests.system.visitor import PAGE, Answer, Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

ROWS = Path(__file__).parents[1] / "data" / "hostile_return_paths.txt"
_HIDDEN = re.compile(r'name="next" value="([^"]*)"')
FIELDS = {name.replace("-", "_"): value for name, value in PAGE.items()}


def rows() -> list[str]:
    lines = ROWS.read_text().splitlines()
    return [line.encode().decode("unicode_escape") for line in lines if line and line[:2] != "# "]


def stays(wall: Wall, location: str, depth: int = 3) -> bool:
    """Whether a browser on any page of ours stays on our origin, also by what `next` then says."""
    origin = wall.gateway.origin
    there = ada_url.URL(location, base=f"{origin}/.gateway/x/y")
    if there.origin != origin or not re.fullmatch(r"/(?![/\\])[!-\[\]-~]*", location):
        return False
    following = ada_url.URLSearchParams(there.search)
    ours = there.pathname.startswith("/.gateway/") and following.has("next")
    return not (ours and depth) or stays(wall, following.get("next"), depth - 1)


def judge(wall: Wall, row: str, answer: Answer, statuses: set[int], depth: int = 3) -> None:
    """Assert that an answer with a Location keeps its reader here, and splits nothing off."""
    assert answer.status in statuses, (row, answer.status)
    locations = answer.headers.get_all("Location") or []
    assert len(locations) == (1 if answer.status in {302, 303} else 0), row
    assert all(stays(wall, one, depth) for one in locations), (row, locations)
    cookies = answer.headers.get_all("Set-Cookie") or []
    assert not any("evil" in cookie for cookie in cookies), row


def line(wall: Wall, source: str) -> contextlib.closing[Line]:
    return contextlib.closing(Line(wall.gateway, source))


def query(row: str) -> str:
    return quote(row.encode("utf-8", "surrogatepass"), safe="")


@pytest.fixture(scope="module")
def employee(wall: Wall) -> Visitor:
    """Somebody who is logged on with a code, at the address of the office."""
    person, browser = wall.person(), wall.browser()
    wall.outside(person, browser)
    browser.source = INSIDE
    return browser


def test_there_are_more_than_five_hundred() -> None:
    assert len(set(rows())) == len(rows()) > 500


def test_open_redirect_at_the_logon(wall: Wall) -> None:
    """GET with `next`, then POST of what the form holds; forms that hold the same are one."""
    person, ways = wall.person(), {}
    with line(wall, INSIDE) as stranger:
        for row in rows():
            page = stranger.ask("GET", f"{LOGON}?next={query(row)}", **FIELDS)
            if page.status != 400:  # NUL in a field
                judge(wall, row, page, {200})
                ways.setdefault(html.unescape(_HIDDEN.search(page.text)[1]), row)
    assert all(stays(wall, way) for way in ways)
    browser = wall.browser(INSIDE)
    form = browser.get(LOGON).form()
    for way, row in ways.items():
        fields = form | {"username": person.user, "password": PASSWORD, "next": way}
        judge(wall, row, browser.post(LOGON, fields), {303})
        browser.cookies = {name: browser.cookies[name] for name in ("gateway", "gateway-form")}


def test_open_redirect_when_the_form_itself_is_forged(wall: Wall) -> None:
    person, browser = wall.person(), wall.browser(INSIDE)
    form = browser.get(LOGON).form()
    for row in rows()[::25]:
        fields = form | {"username": person.user, "password": PASSWORD, "next": row}
        judge(wall, row, browser.post(LOGON, fields), {303, 400})


@pytest.mark.parametrize("page", [LOGON, OTP, f"{ACCOUNT}/number", LANGUAGE])
def test_open_redirect_of_somebody_who_is_logged_on(
    wall: Wall, employee: Visitor, page: str
) -> None:
    cookie, followed = f"gateway={employee.cookies['gateway']}", 0
    with line(wall, INSIDE) as connection:
        for row in rows():
            target = f"{page}?to=sv&next={query(row)}"
            answer = connection.ask("GET", target, Cookie=cookie, **FIELDS)
            judge(wall, row, answer, {303, 400})
            followed += answer.status == 303
    assert followed > 500


@pytest.mark.parametrize("page", [ACCOUNT, OTP])
def test_open_redirect_of_a_stranger(wall: Wall, page: str) -> None:
    with line(wall, "127.0.0.1") as stranger:
        for row in rows()[::3]:
            answer = stranger.ask("GET", f"{page}?next={query(row)}", **FIELDS)
            judge(wall, row, answer, {303, 400})


def test_open_redirect_of_a_page_that_was_asked_for(wall: Wall) -> None:
    """The row is the request target itself: T15 of the threat list."""
    with line(wall, "127.0.0.1") as stranger:
        for row in rows():
            target = row.encode("utf-8", "surrogatepass").decode("latin-1")
            if target and not re.search(r"[\x00-\x20\x7f]", target):
                answer = stranger.ask("GET", target, **FIELDS)
                # The front door carries on what was asked for; the logon judges it, as above.
                judge(wall, row, answer, {200, 302, 303, 400, 404, 414}, depth=0)
                if answer.status in {302, 303}:
                    assert answer.location.startswith("/.gateway/"), row


def test_open_redirect_of_forward_auth(wall: Wall) -> None:
    asked = f"localhost:{wall.gateway.port}"
    with line(wall, PROXY) as proxy:
        for row in rows()[::2]:
            uri = row.encode("utf-8", "surrogatepass").decode("latin-1")
            if not re.search(r"[\x00-\x1f\x7f]", uri):
                answer = proxy.ask(
                    "GET", "/.gateway/verify?answer=client", X_Forwarded_Uri=uri,
                    X_Forwarded_Host=asked, X_Forwarded_Method="GET", X_Forwarded_Proto="http",
                    X_Forwarded_For="127.0.0.1", **FIELDS,
                )  # fmt: skip
                judge(wall, row, answer, {200, 302, 303, 400, 401, 403, 404, 414}, depth=0)
                assert all(
                    one.startswith("/.gateway/") for one in answer.headers.get_all("Location", [])
                )


def test_open_redirect_at_the_end_of_a_session(wall: Wall) -> None:
    browser = wall.inside(wall.person())
    page = browser.get(f"{LOGOUT}?next={query(EVIL)}")
    answer = browser.post(LOGOUT, page.form_to(LOGOUT) | {"next": EVIL})
    judge(wall, EVIL, answer, {303})
    assert answer.location.startswith(LOGON)


@pytest.mark.parametrize("page", ["apps", "help", "logout", "account", "reset", "logon"])
def test_open_redirect_of_links_on_pages(wall: Wall, employee: Visitor, page: str) -> None:
    for row in rows()[::60]:
        shown = employee.get(f"/.gateway/{page}?next={query(row)}")
        for link in re.findall(r'(?:href|action|src)="([^"]*)"', shown.text):
            target = html.unescape(link)
            there = ada_url.URL(target, base=f"{wall.gateway.origin}/.gateway/{page}")
            assert there.origin == wall.gateway.origin or target.startswith("mailto:"), (row, link)
