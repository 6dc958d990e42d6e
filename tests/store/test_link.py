"""gateway/store/link.py: a Redis that is away, paused, back again or of another kind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time

import pytest

from gateway.auth.ports import SessionPlace, StoredSession, Unavailable
from gateway.store.link import Link
from gateway.store.store import open_store
from tests.conftest import RedisServer, start_redis

PLACE = SessionPlace("u", 600, 10)
STORED = StoredSession(b"record", 1.0)


@pytest.mark.asyncio
async def test_nobody_there_is_unavailable_at_once() -> None:
    store = open_store("unix:///nowhere/redis.sock")
    started = time.monotonic()
    for call in (
        store.ping(),
        store.sessions.read("a"),
        store.failures.clear([]),
        store.challenges.end("a"),
        store.sessions.open("a", STORED, PLACE),
    ):
        if call.__name__ == "clear":
            await call
            continue
        with pytest.raises(Unavailable, match="redis"):
            await call
    assert time.monotonic() - started < 2
    await store.close()


@pytest.mark.parametrize("url", ["http://h", "redis", "", "file:///x"])
def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        open_store(url)


@pytest.mark.asyncio
async def test_a_paused_redis_is_unavailable_in_bounded_time_and_loses_nothing(
    own_redis: RedisServer,
) -> None:
    store = open_store(own_redis.url, connections=4)
    await store.sessions.open("a", STORED, PLACE)
    os.kill(own_redis.process.pid, signal.SIGSTOP)
    started = time.monotonic()
    answers = await asyncio.gather(
        *(store.sessions.read("a") for _ in range(10)), return_exceptions=True
    )
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert time.monotonic() - started < 8
    os.kill(own_redis.process.pid, signal.SIGCONT)
    assert await store.sessions.read("a") == STORED
    await store.close()


@pytest.mark.asyncio
async def test_a_killed_redis_comes_back_with_everything(own_redis: RedisServer) -> None:
    store = open_store(own_redis.url)
    await asyncio.gather(*(store.sessions.open(f"k{n}", STORED, PLACE) for n in range(8)))
    own_redis.process.kill()
    own_redis.process.wait()
    with pytest.raises(Unavailable):
        await store.sessions.read("k1")
    with pytest.raises(Unavailable):
        await store.sessions.end("k1", "u")
    own_redis.process = start_redis(own_redis.directory).process
    reads = await asyncio.gather(*(store.sessions.read(f"k{n}") for n in range(8)))
    assert reads == [STORED] * 8
    assert await store.sessions.end("k1", "u")
    await store.close()


@pytest.mark.asyncio
async def test_listening_goes_on_after_a_gap(own_redis: RedisServer) -> None:
    store = open_store(own_redis.url)
    ended = store.sessions.ended()
    async with asyncio.timeout(30):
        assert await anext(ended) is None
        own_redis.process.kill()
        own_redis.process.wait()
        own_redis.process = start_redis(own_redis.directory).process
        assert await anext(ended) is None
        await store.sessions.open("a", STORED, PLACE)
        await store.sessions.end("a", "u")
        assert await anext(ended) == "a"
    await ended.aclose()
    await store.close()


@pytest.mark.asyncio
async def test_a_paused_redis_is_a_gap_in_listening(own_redis: RedisServer) -> None:
    store = open_store(own_redis.url)
    ended = store.sessions.ended()
    async with asyncio.timeout(30):
        assert await anext(ended) is None
        os.kill(own_redis.process.pid, signal.SIGSTOP)
        waiting = asyncio.ensure_future(anext(ended))
        await asyncio.sleep(4.5)  # longer than the listener's silence and its question
        os.kill(own_redis.process.pid, signal.SIGCONT)
        assert await waiting is None
    await ended.aclose()
    await store.close()


@pytest.mark.asyncio
async def test_an_unread_reply_of_another_is_never_taken(redis_url: str) -> None:
    store = open_store(redis_url, connections=1)
    await store.sessions.open("mine", StoredSession(b"mine", 1.0), PLACE)
    await store.sessions.open("other", StoredSession(b"other", 2.0), PLACE)
    pool = store.link._servers._pool
    connection = await pool.get_connection()
    await connection.send_command("HMGET", "portvakt:session:other", "record", "seen")
    await asyncio.sleep(0.05)
    await pool.release(connection)
    assert await store.sessions.read("mine") == StoredSession(b"mine", 1.0)
    await store.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "command",
    [
        ("KEYS", "*"),
        ("CONFIG", "GET", "*"),
        ("EVAL", "return 1", "0"),
        ("SCRIPT", "LOAD", "return 1"),
        ("DEBUG", "SLEEP", "0"),
        ("MODULE", "LIST"),
        ("FLUSHALL",),
        ("ACL", "LIST"),
        ("GET", "another:key"),
        ("PUBLISH", "another", "x"),
        ("MONITOR",),
        ("SHUTDOWN",),
    ],
    ids=" ".join,
)
async def test_the_gateways_user_may_not(redis_url: str, command: tuple[str, ...]) -> None:
    link = Link(redis_url)
    with pytest.raises(Unavailable) as refused:
        await link.call(*command)
    assert re.search("permission|not allowed", str(refused.value.__cause__))
    await link.close()


@pytest.mark.asyncio
async def test_a_redis_of_others_is_taught_the_scripts(own_redis: RedisServer) -> None:
    with own_redis.admin() as admin:
        admin.script_flush()
    store = open_store(own_redis.url.replace("gateway:", "tester:"))
    await store.sessions.open("a", STORED, PLACE)
    assert await store.sessions.keys_of("u") == ["a"]
    await store.close()
