"""Session fixation: a token, a challenge or a mark that an attacker planted is worth nothing."""

from __future__ import annotations

import pytest

from tests.security.wall import ACCOUNT, LOGON, OTP, Wall, wrong
from tests.system.gateway import INSIDE

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]


@pytest.mark.parametrize("planted", ["own", "made-up", "empty", "long", "odd"])
def test_session_fixation(wall: Wall, planted: str) -> None:
    attacker, victim = wall.person(), wall.person()
    theirs = wall.inside(attacker)
    value = {
        "own": theirs.cookies["gateway"], "made-up": "A" * 43, "empty": "", "long": "A" * 4000,
        "odd": "../../session:x",
    }[planted]  # fmt: skip
    browser = wall.browser(INSIDE)
    browser.cookies["gateway"] = value
    assert wall.again(victim, browser).status == 303
    assert browser.cookies["gateway"] != value
    assert wall.who(browser) == victim.user
    stolen = wall.browser(INSIDE)
    stolen.cookies["gateway"] = value
    assert wall.who(stolen) is None, "what was planted opens nothing, not even for its owner"


def test_session_fixation_with_a_challenge_of_the_attacker(wall: Wall) -> None:
    """The victim's code is no code for a challenge that was planted, and it is not burnt."""
    attacker, victim = wall.person(), wall.person()
    theirs, browser = wall.browser(), wall.browser()
    theirs.password(attacker.user)
    browser.password(victim.user)
    own, code = browser.cookies["gateway-challenge"], wall.code(victim)
    browser.cookies["gateway-challenge"] = theirs.cookies["gateway-challenge"]
    if code == wall.code(attacker):
        code = wrong(code)
    assert browser.code(code).status == 401
    assert "gateway" not in browser.cookies
    browser.cookies["gateway-challenge"] = own
    assert browser.code(wall.code(victim)).status == 303
    assert wall.who(browser) == victim.user


def test_session_fixation_by_an_own_session_under_the_account_page(wall: Wall) -> None:
    """A victim on the attacker's session cannot be made to post a form got with their own."""
    attacker, victim = wall.person(), wall.person()
    browser = wall.inside(victim)
    form = browser.get(ACCOUNT).form_to(ACCOUNT)
    browser.cookies["gateway"] = wall.inside(attacker).cookies["gateway"]
    fields = {"mobile": victim.phone, "current_password": "x", "new_password": ""}
    assert browser.post(ACCOUNT, form | fields).status == 403
    assert wall.row(attacker)[0] == attacker.phone


def test_session_fixation_leaves_nothing_in_addresses(wall: Wall) -> None:
    browser = wall.inside(wall.person())
    token = browser.cookies["gateway"]
    for way in (f"/?gateway={token}", f"/;gateway={token}", f"{LOGON}?gateway={token}", OTP):
        stranger = wall.browser(INSIDE)
        answer = stranger.get(way)
        assert answer.location.startswith(LOGON) or 'name="password"' in answer.text
        assert wall.who(stranger) is None
