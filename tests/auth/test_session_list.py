from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.auth.model import Client
from gateway.auth.ports import Unavailable
from gateway.auth.sealing import key_name
from gateway.auth.session_list import SessionList
from gateway.settings.model import Session as Rules
from tests.auth.support import ANNA, BO, LoginScript, make_settings

pytestmark = pytest.mark.asyncio
HERE = Client("10.0.0.1", "corporate", "r1", device="Firefox, Windows")
AWAY = Client("203.0.113.9", "internet", "r2")


def listing(script: LoginScript, rules: Rules | None = None) -> SessionList:
    rules = rules or make_settings().session
    return SessionList(script.memory, script.sealer, rules, script.clock)


async def test_a_users_sessions_newest_first() -> None:
    script = LoginScript()
    first = await script.sessions.open(ANNA, ("pwd",), HERE, None)
    opened = script.clock.now()
    script.clock.forward(minutes=2)
    second = await script.sessions.open(ANNA, ("pwd", "otp"), AWAY, None)
    await script.sessions.open(BO, ("pwd",), HERE, None)
    new, old = await listing(script).of_user("anna")
    assert [one.key for one in (new, old)] == [key_name(t.encode()) for t in (second, first)]
    assert (old.label.user, old.label.created, old.seen) == ("anna", opened, opened)
    assert (old.label.network, old.label.address) == ("corporate", "10.0.0.1")
    assert (old.label.device, old.label.factors) == ("Firefox, Windows", ("pwd",))
    assert (new.label.factors, new.label.device) == (("pwd", "otp"), "")
    assert await listing(script).of_user("nobody") == []


async def test_everybody() -> None:
    script = LoginScript()
    for person in (ANNA, BO, ANNA):
        await script.sessions.open(person, ("pwd",), HERE, None)
    found = [one.label.user async for one in listing(script).everybody()]
    assert sorted(found) == ["anna", "anna", "bo"]


async def test_what_has_run_out_is_not_listed_though_the_store_keeps_it_a_little() -> None:
    script = LoginScript()
    await script.sessions.open(ANNA, ("pwd",), HERE, None)
    rules = Rules(idle=timedelta(minutes=1))
    assert len(await listing(script, rules).of_user("anna")) == 1
    script.clock.forward(seconds=61)
    assert await listing(script, rules).of_user("anna") == []
    assert len(await listing(script).of_user("anna")) == 1


async def test_one_is_ended_by_its_key_but_only_by_its_owner() -> None:
    script = LoginScript()
    token = await script.sessions.open(ANNA, ("pwd",), HERE, None)
    (one,) = await listing(script).of_user("anna")
    assert not await script.sessions.end_listed(one.key, "bo", AWAY, "ended-by-user")
    assert not await script.sessions.end_listed("0" * 64, "anna", AWAY, "ended-by-user")
    assert await script.sessions.resolve(token.encode()) is not None
    script.audit.events.clear()
    assert await script.sessions.end_listed(one.key, "anna", AWAY, "ended-by-user")
    assert await script.sessions.resolve(token.encode()) is None
    (line,) = script.audit.events
    assert (line.event, line.user, line.reason) == ("session.ended", "anna", "ended-by-user")
    assert not await script.sessions.end_listed(one.key, "anna", AWAY, "ended-by-user")


async def test_a_store_that_is_away_lists_nobody() -> None:
    script = LoginScript()
    script.memory.down = True
    with pytest.raises(Unavailable):
        await listing(script).of_user("anna")
    with pytest.raises(Unavailable):
        [one async for one in listing(script).everybody()]
