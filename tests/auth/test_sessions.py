"""gateway/auth/sessions.py: warm and cold, used and idle, ended everywhere, the store away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from unittest import mock

import pytest

from gateway.auth.live import LiveSession
from gateway.auth.ports import Unavailable
from gateway.auth.sealing import key_name
from gateway.tasks import spawn
from tests.auth.support import ANNA, BO, INSIDE, LoginScript, edited, make_settings, seconds

pytestmark = pytest.mark.asyncio


async def opened(script: LoginScript, person=ANNA, replaces: str | None = None) -> bytes:
    return (await script.sessions.open(person, ("pwd",), INSIDE, replaces)).encode()


async def live(script: LoginScript, token: bytes) -> LiveSession:
    found = await script.sessions.resolve(token)
    assert found is not None
    return found


@asynccontextmanager
async def running(script: LoginScript) -> AsyncIterator[None]:
    task = spawn(script.sessions.run(), "test")
    try:
        async with asyncio.timeout(5):
            while not script.sessions._store.listeners:  # type: ignore[attr-defined]
                await asyncio.sleep(0)
            await settle()
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def on_its_way(script: LoginScript, token: bytes) -> asyncio.Task[LiveSession | None]:
    """Begin to read a session, and stop before the store has answered."""
    reading = asyncio.ensure_future(script.sessions.resolve(token))
    while not script.sessions._reading:
        await asyncio.sleep(0)
    return reading


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_cold_then_warm() -> None:
    script = LoginScript()
    token = await opened(script)
    assert script.sessions.warm(token) is None
    session = await live(script, token)
    assert (session.record.user, session.record.groups, session.record.network) == (
        "anna",
        ("staff", "hr"),
        "corporate",
    )
    reads = script.memory.reads
    assert script.sessions.warm(token) is session
    assert await live(script, token) is session
    assert script.memory.reads == reads + 1


@pytest.mark.parametrize("token", [b"", b"x", b"A" * 43, b"A" * 100_000, b"\xff" * 43])
async def test_a_strangers_cookie_takes_no_place(token: bytes) -> None:
    script = LoginScript()
    assert script.sessions.warm(token) is None
    assert await script.sessions.resolve(token) is None
    assert len(script.sessions._cache) == 0
    assert script.memory.reads <= 1


async def test_requests_at_once_share_one_read() -> None:
    script = LoginScript()
    one, two = await opened(script), await opened(script, BO)
    script.memory.reads = 0
    found = await asyncio.gather(*(script.sessions.resolve(token) for token in (one, two) * 50))
    assert script.memory.reads == 2
    assert {(session.record.user, session.token) for session in found if session} == {
        ("anna", one),
        ("bo", two),
    }
    assert not script.sessions._reads
    assert not script.sessions._reading


async def test_a_cancelled_request_leaves_the_read_to_the_others() -> None:
    script = LoginScript()
    token = await opened(script)
    first = asyncio.ensure_future(script.sessions.resolve(token))
    second = asyncio.ensure_future(script.sessions.resolve(token))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is not None


async def test_a_record_under_anothers_key_is_nobodys() -> None:
    script = LoginScript()
    one, two = await opened(script), await opened(script, BO)
    kept = script.memory.kept
    kept[key_name(one)] = kept[key_name(two)]
    assert await script.sessions.resolve(one) is None


async def test_a_record_of_another_version_is_unknown_and_stays() -> None:
    script = LoginScript()
    token = await opened(script)
    kept = script.memory.kept[key_name(token)]
    sealer = script.sessions._sealer
    known = kept.value
    plain = sealer.unseal("session", token, known.record)
    assert plain is not None
    newer = json.dumps(json.loads(plain) | {"device_bound": True}).encode()
    kept.value = replace(known, record=sealer.seal("session", token, newer))
    with pytest.raises(Unavailable, match="another version"):
        await script.sessions.resolve(token)
    kept.value = known
    assert await script.sessions.resolve(token) is not None


async def test_idle_and_absolute_end() -> None:
    script = LoginScript()
    token = await opened(script)
    session = await live(script, token)
    script.wait(minutes=29, seconds=59)
    assert script.sessions.warm(token) is None  # the grace is over: the store must be asked
    assert await live(script, token) is session
    script.sessions.used(session)
    await script.sessions.tick()
    for _ in range(19):
        script.wait(minutes=29)
        script.sessions.used(await live(script, token))
        await script.sessions.tick()
    script.wait(minutes=18)
    assert await script.sessions.resolve(token) is not None
    script.wait(minutes=3)
    assert await script.sessions.resolve(token) is None
    assert session.ended


async def test_an_idle_session_is_over_even_if_the_store_still_has_it() -> None:
    script = LoginScript()
    token = await opened(script)
    script.wait(minutes=30)
    assert await script.sessions.resolve(token) is None
    assert key_name(token) in script.memory.kept


async def test_uses_are_written_behind_at_most_once_an_interval() -> None:
    script = LoginScript()
    token = await opened(script)
    session = await live(script, token)
    for _ in range(300):
        script.wait(seconds=1)
        script.sessions.used(session)
        await script.sessions.tick()
    written = [use.seen for use in script.memory.touched]
    assert len(written) == 5
    assert written[0] == session.record.created + 60
    script.wait(seconds=60)
    await script.sessions.tick()
    assert script.memory.touched[-1][1] == session.seen


async def test_another_workers_use_counts_here() -> None:
    one = LoginScript()
    two = LoginScript(stores=(one.memory, one.memory, one.challenges._store), clock=one.clock)
    token = await opened(one)
    here, there = await live(one, token), await live(two, token)
    ends: list[str] = []
    here.watch(lambda: ends.append("ended"))
    one.wait(minutes=20)
    two.sessions.used(there)
    await two.sessions.tick()
    one.wait(minutes=20)
    await one.sessions.tick()
    assert ends == []
    assert await one.sessions.resolve(token) is here


async def test_an_end_anywhere_is_heard_everywhere() -> None:
    one = LoginScript()
    two = LoginScript(stores=(one.memory, one.memory, one.challenges._store), clock=one.clock)
    token = await opened(one)
    async with running(one), running(two):
        calls: list[int] = []
        sessions = [await live(script, token) for script in (one, two)]
        for number, session in enumerate(sessions):
            session.watch(lambda number=number: calls.append(number))
        await one.sessions.end(token.decode(), INSIDE)
        await settle()
        assert sorted(calls) == [0, 1]
        for script in (one, two):
            assert script.sessions.warm(token) is None
            assert await script.sessions.resolve(token) is None
        assert all(session.ended for session in sessions)


async def test_an_end_wins_over_a_read_that_is_on_its_way() -> None:
    script = LoginScript()
    token = await opened(script)
    async with running(script):
        reading = await on_its_way(script, token)
        script.sessions.heard(key_name(token))
        assert await reading is None
        assert script.sessions.warm(token) is None


async def test_a_gap_makes_a_read_on_its_way_doubtful() -> None:
    script = LoginScript()
    token = await opened(script)
    script.memory.reads = 0
    reading = await on_its_way(script, token)
    script.sessions.doubt()
    assert await reading is not None
    assert script.memory.reads == 2


async def test_after_a_gap_everything_is_checked() -> None:
    script = LoginScript()
    tokens = [await opened(script, person) for person in (ANNA, BO)]
    gone, kept = [await live(script, token) for token in tokens]
    async with running(script):
        del script.memory.kept[gone.key]  # ended while nobody listened
        script.memory.interrupt()
        await settle()
        await script.sessions.tick()
        assert gone.ended
        assert script.sessions.warm(tokens[0]) is None
        assert script.sessions.warm(tokens[1]) is kept


async def test_time_alone_calls_the_watchers() -> None:
    script = LoginScript()
    idle, used = [await live(script, await opened(script, person)) for person in (ANNA, BO)]
    ended: list[str] = []
    idle.watch(lambda: ended.append("idle"))
    used.watch(lambda: ended.append("absolute"))
    for _ in range(20):
        script.wait(minutes=29, seconds=58)
        script.sessions.used(used)
        await script.sessions.tick()
    assert ended == ["idle"]
    script.wait(minutes=1)
    await script.sessions.tick()
    assert ended == ["idle", "absolute"]


async def test_the_store_away_is_no_log_out() -> None:
    script = LoginScript()
    warm, cold = await opened(script), await opened(script, BO)
    session = await live(script, warm)
    script.memory.down = True
    for _ in range(29):
        script.wait(seconds=10)
        await script.sessions.tick()
        assert script.sessions.warm(warm) is session
        script.sessions.used(session)
        with pytest.raises(Unavailable):
            await script.sessions.resolve(cold)
    script.wait(seconds=10)
    assert script.sessions.warm(warm) is None
    with pytest.raises(Unavailable):
        await script.sessions.resolve(warm)
    with pytest.raises(Unavailable):
        await script.sessions.end(warm.decode(), INSIDE)
    assert not session.ended
    script.memory.down = False
    await script.sessions.tick()
    assert script.sessions.warm(warm) is session
    assert await script.sessions.resolve(cold) is not None
    assert script.memory.touched[-1][:2] == (session.key, session.seen)


async def test_a_long_outage_loses_no_used_session_even_with_a_short_idle_time() -> None:
    script = LoginScript(edited(make_settings(), "session", idle=seconds(60)))
    token = await opened(script)
    session = await live(script, token)
    script.memory.down = True
    for _ in range(29):
        script.wait(seconds=10)
        script.sessions.used(session)
        await script.sessions.tick()
    script.memory.down = False
    await script.sessions.tick()
    assert script.sessions.warm(token) is session


async def test_uses_are_written_down_when_the_worker_stops() -> None:
    script = LoginScript()
    session = await live(script, await opened(script))
    async with running(script):
        script.wait(seconds=5)
        script.sessions.used(session)
    assert script.memory.touched[-1][:2] == (session.key, session.seen)


async def test_only_the_newest_sessions_of_a_user_live() -> None:
    script = LoginScript(edited(make_settings(), "session", max_per_user=3))
    tokens = [await opened(script) for _ in range(5)]
    found = [await script.sessions.resolve(token) is not None for token in tokens]
    assert found == [False, False, True, True, True]
    reasons = [event.reason for event in script.audit.events if event.event == "session.ended"]
    assert reasons == ["too-many", "too-many"]


async def test_end_all_but_one() -> None:
    script = LoginScript()
    tokens = [await opened(script) for _ in range(3)]
    other = await opened(script, BO)
    sessions = [await live(script, token) for token in tokens]
    assert await script.sessions.end_all("anna", INSIDE, but=tokens[1].decode()) == 2
    assert [session.ended for session in sessions] == [True, False, True]
    assert await script.sessions.end_all("anna", INSIDE) == 1
    assert await script.sessions.resolve(other) is not None


async def test_shorter_lifetimes_hold_for_living_sessions() -> None:
    script = LoginScript()
    token = await opened(script)
    await live(script, token)
    script.wait(seconds=61)
    assert script.sessions.warm(token) is not None
    script.sessions.configure(edited(make_settings(), "session", idle=seconds(60)).session)
    assert script.sessions.warm(token) is None
    assert await script.sessions.resolve(token) is None


async def test_many_sessions_are_judged_by_new_lifetimes_in_parts() -> None:
    script = LoginScript()
    tokens = [await opened(script) for _ in range(7)]
    for token in tokens:
        await live(script, token)
    script.wait(seconds=61)
    with mock.patch("gateway.auth.sessions._AT_ONCE", 3):
        script.sessions.configure(edited(make_settings(), "session", idle=seconds(60)).session)
        judged = [sum(script.sessions.warm(token) is None for token in tokens)]
        while judged[-1] < 7:
            await asyncio.sleep(0)
            judged.append(sum(script.sessions.warm(token) is None for token in tokens))
    assert judged == [3, 6, 7]


async def test_the_store_holds_no_name() -> None:
    script = LoginScript()
    token = await opened(script)
    (key,), (kept,) = script.memory.kept, script.memory.kept.values()
    text = repr((key, kept))
    for secret in (token.decode(), "anna", "Andersson", "staff"):
        assert secret not in text


async def test_what_is_revoked_meanwhile_has_no_successor() -> None:
    script = LoginScript()
    token = await opened(script)
    resolve = script.sessions.resolve

    async def resolved_and_revoked(value: bytes) -> LiveSession | None:
        found = await resolve(value)
        if value == token:
            await script.memory.end_all(script.sessions._index("anna"))
        return found

    with mock.patch.object(script.sessions, "resolve", resolved_and_revoked):
        assert await script.sessions.renew(token.decode(), INSIDE) == ""
    assert await script.memory.keys_of(script.sessions._index("anna")) == []
