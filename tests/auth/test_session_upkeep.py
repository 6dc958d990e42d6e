"""gateway/auth/session_upkeep.py: what fails in the background comes back; nothing piles up."""

from __future__ import annotations

import pytest

from gateway.auth.ports import Unavailable
from tests.auth.support import ANNA, BO, INSIDE, LoginScript
from tests.auth.test_sessions import live, opened, running, settle

pytestmark = pytest.mark.asyncio


async def test_a_round_without_the_store_raises_nothing_and_piles_nothing_up() -> None:
    script = LoginScript()
    sessions = [await live(script, await opened(script, person)) for person in (ANNA, BO)]
    script.memory.down = True
    for _ in range(50):
        script.wait(seconds=1)
        for session in sessions:
            script.sessions.used(session)
        await script.sessions.tick()
    assert len(script.sessions._upkeep.dirty) == 2
    script.memory.down = False
    script.wait(seconds=60)
    await script.sessions.tick()
    assert script.sessions._upkeep.dirty == []


async def test_a_store_that_fails_in_the_middle_is_written_to_again(monkeypatch) -> None:
    script = LoginScript()
    session = await live(script, await opened(script))
    script.wait(seconds=61)
    script.sessions.used(session)
    touch = script.memory.touch

    async def failing(seen):
        raise Unavailable("redis")

    monkeypatch.setattr(script.memory, "touch", failing)
    await script.sessions.tick()
    monkeypatch.setattr(script.memory, "touch", touch)
    await script.sessions.tick()
    assert script.memory.touched[-1][:2] == (session.key, session.seen)
    script.wait(seconds=61)
    script.sessions.used(session)
    await script.sessions.tick()
    assert script.memory.touched[-1][:2] == (session.key, session.seen)


async def test_a_used_session_that_was_ended_is_told_so_by_the_next_write() -> None:
    script = LoginScript()
    session = await live(script, await opened(script))
    del script.memory.kept[session.key]
    script.wait(seconds=61)
    script.sessions.used(session)
    await script.sessions.tick()
    assert session.ended
    assert session.key not in script.memory.kept


async def test_an_unwatched_idle_session_is_forgotten_without_a_read() -> None:
    script = LoginScript()
    session = await live(script, await opened(script))
    reads = script.memory.reads
    script.wait(minutes=31)
    await script.sessions.tick()
    assert len(script.sessions._cache) == 0
    assert script.memory.reads == reads
    assert not session.ended


async def test_nobody_watching_is_cut_off_for_idleness_while_the_store_is_away() -> None:
    script = LoginScript()
    session = await live(script, await opened(script))
    ends: list[int] = []
    session.watch(lambda: ends.append(1))
    script.memory.down = True
    script.wait(minutes=31)
    await script.sessions.tick()
    assert ends == []
    script.wait(hours=10)
    await script.sessions.tick()
    assert ends == [1]


async def test_the_background_ends_with_its_task_and_leaves_no_listener() -> None:
    script = LoginScript()
    async with running(script):
        assert len(script.memory.listeners) == 1
        await script.sessions.end_all("anna", INSIDE)
        await settle()
    assert script.memory.listeners == []
