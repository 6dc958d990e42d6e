"""Attacks on the one-time password by whoever knows the password (threats T24, T25, T27).

Also in tests/system/test_codes.py (two workers) and tests/security/paths.py (fifty ways).
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.security.wall import LOGON, OTP, Person, Wall, at_once, wrong
from tests.system.gateway import PASSWORD
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]


def awaiting_code(wall: Wall, person: Person) -> tuple[Visitor, str, dict[str, str]]:
    """Return a browser on the code page, the code, and the page's form."""
    browser, before = wall.browser(), len(wall.peer.messages(person.phone))
    assert browser.password(person.user).location.startswith(OTP)
    return browser, wall.code(person, before), browser.get(OTP).form_to(OTP)


def opened(wall: Wall, person: Person) -> int:
    return sum(line["event"] == "session.opened" for line in wall.lines_about(person))


def copy_of(browser: Visitor) -> Visitor:
    found = Visitor(browser.gateway, browser.source)
    found.cookies = dict(browser.cookies)
    return found


def test_code_brute_force_across_challenges_and_sessions(wall: Wall) -> None:
    """A new logon, a step-up and a reset share one count, from however many addresses."""
    person, judged, outcome = wall.person(), 0, 0
    for _ in range(14):
        browser, code, form = awaiting_code(wall, person)
        for by in range(1, 5):
            outcome = browser.post(OTP, form | {"code": wrong(code, by)}).status
            judged += outcome == 401
        if outcome == 429:
            break
    assert judged == 50, "[lockout] user"
    assert browser.post(OTP, form | {"code": code}).status == 429, "the right one is not judged"
    thief = wall.inside(person)
    page, before = thief.get(f"{OTP}?next=/code/"), len(wall.peer.messages(person.phone))
    thief.post(f"{OTP}/resend", page.form_to(f"{OTP}/resend"))
    form = thief.get(OTP).form_to(OTP)
    assert thief.post(OTP, form | {"code": wrong(wall.code(person, before))}).status == 401, (
        "the office's own browser is not a stranger's"
    )
    assert opened(wall, person) == 1


@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_racing_tries(wall: Wall, right: bool) -> None:
    """Fifty at once: one session for a right code, five judged for wrong ones."""
    person = wall.person()
    browser, code, form = awaiting_code(wall, person)
    browsers = [copy_of(browser) for _ in range(50)]

    def post(number: int) -> int:
        typed = code if right else wrong(code, 1 + number)
        return browsers[number].post(OTP, form | {"code": typed}).status

    statuses = Counter(at_once(50, post))
    assert set(statuses) <= {303, 401}
    assert statuses[303] == opened(wall, person) == right
    if not right:
        wrongs = [one for one in wall.lines_about(person) if one["outcome"] == "wrong"]
        assert len(wrongs) == 5
        assert copy_of(browser).post(OTP, form | {"code": code}).status == 401


def test_replayed_code(wall: Wall) -> None:
    person = wall.person()
    browser, code, form = awaiting_code(wall, person)
    before = copy_of(browser)
    assert browser.post(OTP, form | {"code": code}).status == 303
    assert before.post(OTP, form | {"code": code}).status == 401
    elsewhere, _, other = awaiting_code(wall, person)
    if wall.code(person) != code:
        assert elsewhere.post(OTP, other | {"code": code}).status == 401
    assert opened(wall, person) == 1


def test_code_of_another_browser(wall: Wall) -> None:
    """The right code, typed where it was not asked for, is wrong there and good here."""
    person = wall.person()
    first, code, form = awaiting_code(wall, person)
    second, other_code, other = awaiting_code(wall, person)
    if code != other_code:
        assert second.post(OTP, other | {"code": code}).status == 401
        assert first.post(OTP, form | {"code": other_code}).status == 401
    stranger = wall.browser()
    stranger.get(LOGON)
    stranger.cookies["gateway-challenge"] = "A" * 43
    assert stranger.post(OTP, form | {"code": code}).status == 403
    assert first.post(OTP, form | {"code": code}).status == 303, "it was not burnt"
    assert wall.who(first) == person.user


def test_code_of_another_purpose(wall: Wall) -> None:
    """A code to reset the password logs nobody on, and the other way round."""
    person = wall.person()
    browser, code, form = awaiting_code(wall, person)
    reset = "/.gateway/reset"
    browser.post(reset, browser.get(reset).form_to(reset) | {"username": person.user})
    wall.code(person, 1)
    page = browser.get(f"{reset}/code")
    browser.cookies["gateway-errand"], browser.cookies["gateway-challenge"] = (
        browser.cookies["gateway-challenge"], browser.cookies["gateway-errand"],
    )  # fmt: skip
    reset_code = wall.code(person)
    assert browser.post(f"{reset}/code", page.form() | {"code": code}).status in {303, 401}
    assert browser.post(OTP, form | {"code": reset_code}).status == 401
    assert opened(wall, person) == 0
    assert wall.browser().password(person.user, PASSWORD).status == 303, "the password is as it was"


@pytest.mark.parametrize("field", ["mobile", "to", "phone", "number", "sms"])
def test_code_sent_elsewhere(wall: Wall, field: str) -> None:
    """No field of a form, and no second user name, sends a code to another phone."""
    person, browser = wall.person(), wall.browser()
    evil = "+46705999999"
    form = browser.get(LOGON).form()
    fields = form | {"username": person.user, "password": PASSWORD, field: evil}
    assert browser.post(LOGON, fields, X_Mobile=evil).status == 303
    wall.code(person)
    assert wall.peer.messages(evil) == []
    twice = f"form_token={form['form_token']}&username={person.user}&username=p000&password=x"
    answer = browser.request("POST", LOGON, twice, Content_Type="application/x-www-form-urlencoded")
    assert answer.status == 400
