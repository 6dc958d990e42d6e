"""Pauses between two uses of a session, for routes with an `idle` of their own.

Whoever was away for longer than a route allows stays out of it until the next logon, whatever
they open first, on whichever worker; elsewhere the session lives on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.auth.live import LiveSession
from gateway.auth.sealing import Sealer
from gateway.auth.sessions import Sessions
from tests.auth.support import SECRET, LoginScript, make_settings
from tests.auth.test_sessions import opened
from tests.fakes import FakeEntropy

pytestmark = pytest.mark.asyncio

MINUTES = 60.0


def script_with(shortest: int | None = 10) -> LoginScript:
    rules = make_settings().session
    idle = None if shortest is None else timedelta(minutes=shortest)
    return LoginScript(make_settings(session=replace(rules, shortest_idle=idle)))


def another_worker(script: LoginScript) -> Sessions:
    rules = script.settings.session
    sealer = Sealer(SECRET, FakeEntropy())
    return Sessions(script.memory, sealer, rules, script.clock, script.audit)


async def request(sessions: Sessions, token: bytes) -> LiveSession:
    """Do as the front door does with an allowed request."""
    live = sessions.warm(token) or await sessions.resolve(token)
    assert live is not None
    sessions.used(live)
    return live


async def test_a_pause_is_remembered_whatever_is_opened_after_it() -> None:
    script = script_with()
    token = await opened(script)
    live = await request(script.sessions, token)
    script.wait(minutes=9)
    assert (await request(script.sessions, token)).idle_s < 10 * MINUTES
    script.wait(minutes=11)
    assert script.sessions.warm(token) is None  # another worker may have seen the session since
    assert (await request(script.sessions, token)).idle_s == 11 * MINUTES
    script.wait(minutes=1)
    assert (await request(script.sessions, token)) is live
    assert live.idle_s == 11 * MINUTES
    assert not live.ended


async def test_a_refused_request_is_no_use_and_ends_no_pause() -> None:
    script = script_with()
    token = await opened(script)
    await request(script.sessions, token)
    script.wait(minutes=6)
    await script.sessions.resolve(token)
    script.wait(minutes=6)
    assert (await request(script.sessions, token)).idle_s == 12 * MINUTES


async def test_every_worker_knows_of_a_pause() -> None:
    script = script_with()
    other = another_worker(script)
    token = await opened(script)
    await request(script.sessions, token)
    await request(other, token)
    script.wait(minutes=12)
    await request(script.sessions, token)
    script.wait(seconds=61)
    await script.sessions.tick()
    script.wait(minutes=5)
    assert (await request(other, token)).idle_s == 12 * MINUTES


async def test_what_other_workers_saw_is_no_pause() -> None:
    script = script_with()
    other = another_worker(script)
    token = await opened(script)
    for _ in range(30):
        await request(script.sessions, token)
        await script.sessions.tick()
        script.wait(minutes=1)
    assert (await request(other, token)).idle_s <= 2 * MINUTES


async def test_uses_are_written_down_often_enough_for_the_shortest_idle() -> None:
    assert script_with(shortest=1).sessions.times.interval_s == 6
    assert script_with(shortest=None).sessions.times.interval_s == 60


async def test_a_new_logon_begins_without_pauses() -> None:
    script = script_with()
    token = await opened(script)
    script.wait(minutes=12)
    await request(script.sessions, token)
    fresh = await opened(script, replaces=token.decode())
    assert (await request(script.sessions, fresh)).idle_s == 0.0


async def test_without_such_routes_a_session_stays_warm() -> None:
    script = script_with(shortest=None)
    token = await opened(script)
    await script.sessions.resolve(token)
    for _ in range(4):
        script.wait(minutes=4)
        await script.sessions.tick()
    assert script.sessions.warm(token) is not None
