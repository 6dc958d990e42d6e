"""Cookie tossing: what a sibling domain can put beside our cookies chooses nobody's session.

A sibling may set cookies of the same name for the parent domain; the browser sends both, in an
order that the sibling decides by path and age. Under https the __Host- prefix keeps them out.
"""

from __future__ import annotations

import json

import pytest

from tests.security.wall import LOGON, Line, Person, Wall
from tests.system.gateway import INSIDE, PASSWORD
from tests.system.visitor import PAGE, Answer, Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

FIELDS = {name.replace("-", "_"): value for name, value in PAGE.items()}


@pytest.fixture(scope="module")
def pair(wall: Wall) -> tuple[Person, str, Person, str]:
    """Two people with their tokens: the victim's and the one that is tossed in."""
    victim, attacker = wall.person(), wall.person()
    tokens = [wall.inside(one).cookies["gateway"] for one in (victim, attacker)]
    return victim, tokens[0], attacker, tokens[1]


def ask(wall: Wall, *cookies: str, path: str = "/debug/echo") -> Answer:
    line = Line(wall.gateway, INSIDE)
    try:
        return line.ask("GET", path, Cookie="; ".join(cookies), **FIELDS)
    finally:
        line.close()


def told(answer: Answer) -> str | None:
    if answer.status != 200:
        return None
    return dict(json.loads(answer.body)["headers"]).get("X-Remote-User")


ROWS = {
    "another's after ours": ("gateway={own}", "gateway={theirs}"),
    "another's before ours": ("gateway={theirs}", "gateway={own}"),
    "many of another's": ("gateway={theirs}",) * 40 + ("gateway={own}",),
    "garbage before ours": ("gateway=x", "gateway={own}"),
    "an empty one before ours": ("gateway=", "gateway={own}"),
    "a quoted one": ('gateway="{theirs}"', "gateway={own}"),
    "without a name": ("=gateway={theirs}", "gateway={own}"),
    "with blanks": ("gateway ={theirs}", "gateway={own}"),
    "in other letters": ("Gateway={theirs}", "GATEWAY={theirs}", "gateway={own}"),
    "with a prefix that this origin does not use": ("__Host-gateway={theirs}", "gateway={own}"),
    "a secure one": ("__Secure-gateway={theirs}", "gateway={own}"),
    "an oversized one": ("a=" + "x" * 6000, "gateway={own}"),
    "with a semicolon inside quotes": ('a="; gateway={theirs}; b="', "gateway={own}"),
    "separated by commas": ("a=1, gateway={theirs}", "gateway={own}"),
    "with old attributes": ('$Version="1"; gateway={theirs}; $Path="/"', "gateway={own}"),
    "percent-encoded": ("%67ateway={theirs}", "gateway={own}"),
}


@pytest.mark.parametrize("row", ROWS)
def test_cookie_tossing(wall: Wall, pair: tuple[Person, str, Person, str], row: str) -> None:
    """The victim stays the victim, or is nobody: never the attacker."""
    victim, own, attacker, theirs = pair
    cookies = [one.replace("{own}", own).replace("{theirs}", theirs) for one in ROWS[row]]
    answer = ask(wall, *cookies)
    assert told(answer) in {victim.user, None}, row
    account = ask(wall, *cookies, path="/.gateway/session")
    named = json.loads(account.body).get("user") if account.status == 200 else None
    assert named in {victim.user, None}
    assert named == told(answer), "the front door and the pages read the same"
    assert attacker.user not in account.text


def test_cookie_tossing_of_more_than_a_head_holds(wall: Wall, pair) -> None:
    _, own, _, theirs = pair
    bomb = [f"a{n}=" + "x" * 4000 for n in range(40)]
    answer = ask(wall, *bomb, f"gateway={theirs}", f"gateway={own}")
    assert answer.status == 431
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("kind", ["challenge", "form", "errand", "asked", "trail", "language"])
def test_cookie_tossing_of_the_cookies_of_a_logon(wall: Wall, kind: str) -> None:
    """A second value of whichever cookie of ours opens nothing, and nothing crashes."""
    attacker, victim = wall.person(), wall.person()
    theirs, browser = wall.browser(), wall.browser()
    theirs.password(attacker.user)
    browser.password(victim.user)
    name, form = f"gateway-{kind}", browser.get("/.gateway/otp").form()
    for tossed in (theirs.cookies.get(name, "x"), "", "x" * 3000, "\x80\xff", "a=b"):
        kept = browser.cookies.pop(name, "y")
        cookies = [f"{name}={tossed}", f"{name}={kept}"]
        for order in (cookies, cookies[::-1]):
            others = [f"{key}={value}" for key, value in browser.cookies.items()]
            answer = Visitor(wall.gateway, browser.source).post(
                "/.gateway/otp", form | {"code": wall.code(attacker)},
                Cookie="; ".join([*others, *order]),
            )  # fmt: skip
            assert answer.status in {303, 400, 401, 403}, (answer.status, tossed)
            assert "gateway=" not in "".join(answer.headers.get_all("Set-Cookie") or [])
        browser.cookies[name] = kept


def test_cookie_tossing_of_a_known_browser(wall: Wall) -> None:
    """What says that somebody has logged on in a browser lets nobody in, whoever holds it."""
    person = wall.person()
    thief = wall.browser()
    thief.cookies["gateway-known"] = wall.inside(person).cookies["gateway-known"]
    assert wall.who(thief) is None
    for _ in range(5):
        assert thief.password(person.user, PASSWORD + "x").status == 401
    assert thief.password(person.user).status == 429
    assert thief.get(LOGON).status == 200
