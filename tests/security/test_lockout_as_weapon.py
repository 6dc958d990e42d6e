"""Lockout as a weapon against one user: whoever is at their usual place still gets in (T33).

Strangers spend the tries of a user from many addresses; the user's own browser, their usual
address and their office are judged by counters of their own (gateway/auth/lockout.py).
"""

from __future__ import annotations

import pytest

from tests.security.wall import OTP, RESET, Wall, spray
from tests.system.gateway import INSIDE, PASSWORD
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]


def test_lockout_as_a_weapon(wall: Wall) -> None:
    victim, bystander = wall.person(), wall.person()
    own = wall.outside(victim)
    office = wall.inside(victim)
    spray(wall, victim, 52)
    assert wall.browser().password(victim.user).status == 429, "strangers are locked out"
    assert wall.browser().password(bystander.user).status == 303, "of this user only"

    own.source = next(wall.addresses)
    own.cookies.pop("gateway")
    before = len(wall.peer.messages(victim.phone))
    assert own.password(victim.user).location.startswith(OTP), "the own browser, somewhere else"
    assert own.code(wall.code(victim, before)).status == 303
    assert wall.who(own) == victim.user

    assert Visitor(wall.gateway, own.source).password(victim.user).status == 303, "a usual address"
    assert Visitor(wall.gateway, INSIDE).password(victim.user).status == 303, "the office"
    assert wall.who(office) == victim.user, "and nobody was logged off"


def test_lockout_as_a_weapon_by_resets(wall: Wall) -> None:
    """Asking for resets counts as wrong passwords do, and locks nobody's own browser."""
    victim = wall.person()
    own = wall.inside(victim)
    own.cookies.pop("gateway")
    for _ in range(12):
        stranger = wall.browser()
        form = stranger.get(RESET).form_to(RESET)
        for _ in range(5):
            stranger.post(RESET, form | {"username": victim.user})
    assert own.password(victim.user).status == 303
    assert wall.who(own) == victim.user


def test_lockout_as_a_weapon_from_the_same_address(wall: Wall) -> None:
    """A stranger behind the same address fills its counter; the own browser is not in it."""
    victim = wall.person()
    own = wall.outside(victim)
    own.cookies.pop("gateway")
    stranger = Visitor(wall.gateway, own.source)
    for _ in range(6):
        stranger.password(victim.user, PASSWORD + "x")
    assert stranger.password(victim.user).status == 429
    assert own.password(victim.user).location.startswith(OTP)


def test_a_known_browser_of_another_is_no_way_around_the_lock(wall: Wall) -> None:
    victim, attacker = wall.person(), wall.person()
    theirs = wall.inside(attacker)
    theirs.source, theirs.cookies = next(wall.addresses), dict(theirs.cookies)
    theirs.cookies.pop("gateway")
    statuses = [theirs.password(victim.user, PASSWORD + "x").status for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
