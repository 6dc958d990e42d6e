"""Token not rotated: every step that proves something gives the session another token (ASVS 7.2.4).

The old one is worth nothing from then on, in whoever's hands.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.security.wall import ACCOUNT, OTP, RESEND, Person, Wall
from tests.system.gateway import INSIDE, PASSWORD
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]


def logon(wall: Wall, person: Person, browser: Visitor) -> None:
    assert wall.again(person, browser).status == 303


def step_up(wall: Wall, person: Person, browser: Visitor) -> None:
    page, before = browser.get(OTP), len(wall.peer.messages(person.phone))
    assert browser.post(RESEND, page.form_to(RESEND)).status == 303
    assert browser.code(wall.code(person, before)).status == 303


def password_change(_: Wall, person: Person, browser: Visitor) -> None:
    form = browser.get(ACCOUNT).form_to(ACCOUNT)
    new = {"new_password": "Kvm4dripz7", "confirm_password": "Kvm4dripz7"}
    fields = {"mobile": person.phone, "current_password": PASSWORD, **new}
    answer = browser.post(ACCOUNT, form | fields)
    assert "notice=updated" in answer.location, answer.text


@pytest.mark.parametrize("step", [logon, step_up, password_change])
def test_token_not_rotated(wall: Wall, step: Callable[[Wall, Person, Visitor], None]) -> None:
    person = wall.person()
    browser = wall.inside(person)
    old = browser.cookies["gateway"]
    step(wall, person, browser)
    assert browser.cookies["gateway"] != old
    assert wall.who(browser) == person.user, "the browser itself goes on"
    thief = wall.browser(INSIDE)
    thief.cookies["gateway"] = old
    assert wall.who(thief) is None


def test_token_not_rotated_by_a_code(wall: Wall) -> None:
    """After the code the session is another than whatever there was before."""
    person, browser = wall.person(), wall.browser()
    browser.cookies["gateway"] = planted = wall.inside(wall.person()).cookies["gateway"]
    assert wall.again(person, browser).location.startswith(OTP)
    assert browser.code(wall.code(person)).status == 303
    assert browser.cookies["gateway"] != planted
    assert "gateway-challenge" not in browser.cookies
    assert wall.who(browser) == person.user


def test_token_not_rotated_by_a_reset(wall: Wall) -> None:
    """A reset opens no session and ends those that there are."""
    person = wall.person()
    old, browser = wall.outside(person), wall.browser()
    before = len(wall.peer.messages(person.phone))
    form = browser.get("/.gateway/reset").form_to("/.gateway/reset")
    browser.post("/.gateway/reset", form | {"username": person.user})
    code = wall.code(person, before)
    page = browser.get("/.gateway/reset/code")
    errand = browser.cookies["gateway-errand"]
    browser.post("/.gateway/reset/code", page.form() | {"code": code})
    assert browser.cookies["gateway-errand"] != errand, (
        "the ticket is another token than the code's"
    )
    page = browser.get("/.gateway/reset/password")
    new = {"new_password": "Kvm4dripz7", "confirm_password": "Kvm4dripz7"}
    assert browser.post("/.gateway/reset/password", page.form() | new).status == 303
    assert "gateway" not in browser.cookies
    assert wall.who(old) is None
