"""The logon on a real Redis: races, two workers, what an eavesdropper sees, Redis away and back."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.auth.model import Client
from gateway.auth.outcomes import ChallengeOver, CodeSent, LockedOut, Rejected, SessionOpened
from gateway.auth.ports import Unavailable
from gateway.store.store import Store, open_store
from gateway.tasks import spawn
from tests.auth.support import ANNA, INSIDE, OUTSIDE, PASSWORDS, LoginScript
from tests.conftest import RedisServer, start_redis

pytestmark = pytest.mark.asyncio


def script_on(store: Store) -> LoginScript:
    return LoginScript(stores=(store.sessions, store.failures, store.challenges))


@asynccontextmanager
async def gateway(url: str) -> AsyncIterator[LoginScript]:
    """One worker, with its background running and listening."""
    store = open_store(url)
    script = script_on(store)
    task = spawn(script.sessions.run(), "test")
    try:
        while script.sessions._upkeep._unsure is False and not script.sessions._good_until:
            await asyncio.sleep(0.01)
        yield script
    finally:
        task.cancel()
        await asyncio.wait([task])
        await store.close()


async def until(condition) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.02)


async def test_of_a_hundred_right_codes_at_once_one_opens_a_session(redis_url: str) -> None:
    async with gateway(redis_url) as script:
        await script.password()
        code = await script.sent_code()
        outcomes = await asyncio.gather(*(script.code(code) for _ in range(100)))
        opened = [one for one in outcomes if isinstance(one, SessionOpened)]
        assert len(opened) == 1
        assert {type(one) for one in outcomes} <= {SessionOpened, ChallengeOver, LockedOut}
        keys = await script.sessions._store.keys_of(script.sessions._index("anna"))
        assert len(keys) == 1
        script.another_browser()
        await script.password()
        assert isinstance(await script.code(), SessionOpened)  # no lock is left behind


async def test_of_five_hundred_wrong_passwords_at_once_five_are_judged(redis_url: str) -> None:
    async with gateway(redis_url) as script:
        outcomes = await asyncio.gather(*(script.password("wrong") for _ in range(500)))
        assert outcomes.count(Rejected()) == 5
        assert outcomes.count(LockedOut(60)) == 495
        assert script.directory.asked == 5


async def test_a_morning_rush_behind_one_address_all_get_in(redis_url: str) -> None:
    async with gateway(redis_url) as script:
        script.go(INSIDE)
        people = [replace(ANNA, user=f"user{number}") for number in range(200)]
        script.directory.people = {person.user: person for person in people}
        script.directory.passwords = dict.fromkeys(script.directory.people, "right")
        outcomes = await asyncio.gather(
            *(script.password("right", user=one.user) for one in people)
        )
        assert {type(one) for one in outcomes} == {SessionOpened}


async def test_a_right_password_clicked_twice_at_two_workers_sends_one_sms(redis_url: str) -> None:
    async with gateway(redis_url) as one, gateway(redis_url) as two:
        outcomes = await asyncio.gather(*(script.password() for script in (one, two) * 2))
        assert len(set(outcomes)) == 1
        assert isinstance(outcomes[0], CodeSent)
        await one.view()
        await two.view()
        assert one.sms.tries + two.sms.tries == 1


async def test_an_end_closes_what_is_open_at_another_worker(redis_url: str) -> None:
    async with gateway(redis_url) as one, gateway(redis_url) as two:
        one.go(INSIDE)
        await one.password()
        token = (one.browser.session or "").encode()
        there = await two.sessions.resolve(token)
        assert there is not None
        closed: list[bool] = []
        there.watch(lambda: closed.append(True))
        await one.logon.log_off(token.decode(), INSIDE)
        async with asyncio.timeout(2):
            while not closed:
                await asyncio.sleep(0.01)
        assert two.sessions.warm(token) is None
        assert await two.sessions.resolve(token) is None


async def test_an_eavesdropper_learns_nothing(own_redis: RedisServer) -> None:
    monitor = socket.socket(socket.AF_UNIX)
    monitor.connect(str(own_redis.socket))
    monitor.sendall(b"AUTH tester of-the-tests\r\nMONITOR\r\n")
    async with gateway(own_redis.url) as script:
        await script.password("a-wrong-password")
        await script.password()
        code = await script.sent_code()
        await script.code("314159")
        await script.code()
        session, challenge = str(script.browser.session), script.browser.challenge
        script.sessions.used(await script.sessions.resolve(session.encode()))  # type: ignore[arg-type]
        await script.sessions.tick()
    monitor.settimeout(0.5)
    seen = b""
    try:
        while piece := monitor.recv(1 << 20):
            seen += piece
    except TimeoutError:
        monitor.close()
    with own_redis.admin() as admin:
        rest = b"".join(admin.dump(key) or b"" for key in admin.keys("*"))
        names = b"\n".join(admin.keys("*"))
    log = b"".join(
        path.read_bytes()
        for path in own_redis.directory.rglob("*")
        if path.is_file() and path.name != "redis.conf"
    )
    assert b"evalsha" in seen.lower()
    assert b"portvakt:session:" in log
    haystack = seen + rest + names + log
    for name in (
        "anna",
        "Andersson",
        "anna@example.se",
        str(ANNA.mobile),
        "701234567",
        "203.0.113.9",
        PASSWORDS["anna"],
        "a-wrong-password",
        session,
        challenge,
        "browser-1",
        "staff",
    ):
        assert name.encode() not in haystack, name
    assert f'"{code}"'.encode() not in seen
    assert b'"314159"' not in seen


@pytest.mark.parametrize("place", [INSIDE, OUTSIDE], ids=["inside", "outside"])
async def test_a_failed_logon_costs_the_same_commands_for_every_name(
    own_redis: RedisServer, place: Client
) -> None:
    """Nobody is told apart by work: a number, none, disabled with the right password, made up."""
    store = open_store(own_redis.url)
    script = script_on(store)
    script.directory.change("bo", enabled=False)
    failures = {"anna": "wrong", "new": "wrong", "bo": PASSWORDS["bo"], "nobody": "wrong"}
    costs: dict[str, list[dict[str, int]]] = {}
    await script.password("wrong", user="first")  # teaches Redis the scripts
    with own_redis.admin() as admin:
        for user, password in failures.items():
            script.another_browser(place)
            for _ in range(7):  # five are judged, two are locked out
                admin.config_resetstat()
                await script.password(password, user=user)
                calls = {name: one["calls"] for name, one in admin.info("commandstats").items()}
                costs.setdefault(user, []).append(calls)
    await store.close()
    assert all(cost == costs["nobody"] for cost in costs.values()), costs
    assert [one["cmdstat_evalsha"] for one in costs["nobody"]] == [1] * 7


async def test_redis_paused_and_back_is_no_log_out(own_redis: RedisServer) -> None:
    async with gateway(own_redis.url) as script:
        script.go(INSIDE)
        await script.password()
        warm = (script.browser.session or "").encode()
        session = await script.sessions.resolve(warm)
        script.another_browser(INSIDE)
        await script.password(user="bo")
        cold = (script.browser.session or "").encode()
        os.kill(own_redis.process.pid, signal.SIGSTOP)
        assert script.sessions.warm(warm) is session
        with pytest.raises(Unavailable):
            await script.sessions.resolve(cold)
        script.wait(seconds=299)
        assert script.sessions.warm(warm) is session
        script.wait(seconds=2)
        assert script.sessions.warm(warm) is None
        with pytest.raises(Unavailable):
            await script.password()
        os.kill(own_redis.process.pid, signal.SIGCONT)
        await until(lambda: script.sessions.warm(warm) is session)
        assert await script.sessions.resolve(cold) is not None


async def test_redis_killed_and_back_keeps_sessions_challenges_and_locks(
    own_redis: RedisServer,
) -> None:
    async with gateway(own_redis.url) as script:
        for _ in range(5):
            await script.password("wrong", user="bo")
        await script.password()
        code = await script.sent_code()
        challenge = script.browser.challenge
        script.go(INSIDE)
        await script.password()
        token = (script.browser.session or "").encode()
        session = await script.sessions.resolve(token)
        assert session is not None
        own_redis.process.kill()
        own_redis.process.wait()
        with pytest.raises(Unavailable):
            await script.password()
        assert script.sessions.warm(token) is session
        own_redis.process = start_redis(own_redis.directory).process
        assert await script.sessions.resolve(token) is session
        script.browser.client = OUTSIDE
        assert isinstance(await script.password(user="bo"), LockedOut)
        script.browser.challenge = challenge
        assert isinstance(await script.code(code), SessionOpened)
        assert await script.code(code) == ChallengeOver()
