"""gateway/store/together.py: many reads in few commands, each as if it had been sent alone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.auth.ports import Unavailable
from gateway.store.link import PREFIX, Link
from gateway.store.together import Together
from tests.conftest import RedisServer, start_redis

pytestmark = pytest.mark.asyncio
KEYS = [f"{PREFIX}t:{number}" for number in range(450)]


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[tuple[Link, Together]]:
    link = Link(url, connections=4)
    try:
        yield link, Together(link)
    finally:
        await link.close()


async def test_everybody_is_given_the_own_answer(redis_server: RedisServer) -> None:
    async with linked(redis_server.url) as (_, together):
        with redis_server.admin() as admin:
            for key in KEYS:
                admin.hset(key, "name", key)
        answers = await asyncio.gather(*(together.call("HGET", key, "name") for key in KEYS))
        assert [answer.decode() for answer in answers] == KEYS


async def test_what_is_asked_in_the_same_moment_goes_in_one_batch(
    redis_server: RedisServer,
) -> None:
    async with linked(redis_server.url) as (link, together):
        sizes = []
        call_all = link.call_all

        async def watched(commands: list[tuple[str, ...]]) -> list[object]:
            sizes.append(len(commands))
            return await call_all(commands)

        link.call_all = watched  # type: ignore[method-assign, assignment]  # counts, and passes on
        await asyncio.gather(*(together.call("HGET", key, "name") for key in KEYS))
        assert max(sizes) == 200
        assert sum(sizes) == len(KEYS)
        assert len(sizes) <= 5


@pytest.mark.parametrize("place", [0, 7])
async def test_a_key_of_another_kind_is_its_own_trouble(
    redis_server: RedisServer, place: int
) -> None:
    async with linked(redis_server.url) as (_, together):
        keys = KEYS[:20]
        with redis_server.admin() as admin:
            for key in keys:
                admin.hset(key, "n", key)
            admin.delete(keys[place])
            admin.set(keys[place], "no hash")
        answers = await asyncio.gather(
            *(together.call("HGET", key, "n") for key in keys), return_exceptions=True
        )
        assert isinstance(answers.pop(place), Unavailable)
        assert [answer.decode() for answer in answers] == [*keys[:place], *keys[place + 1 :]]


async def test_one_who_goes_away_takes_nobody_along(redis_server: RedisServer) -> None:
    async with linked(redis_server.url) as (_, together):
        with redis_server.admin() as admin:
            admin.hset(KEYS[0], "n", "zero")
            admin.hset(KEYS[1], "n", "one")
        tasks = [asyncio.ensure_future(together.call("HGET", key, "n")) for key in KEYS[:2]]
        await asyncio.sleep(0)
        tasks[0].cancel()
        assert await tasks[1] == b"one"
        assert await together.call("HGET", KEYS[0], "n") == b"zero"


async def test_a_paused_redis_fails_all_who_wait_in_bounded_time(
    own_redis: RedisServer,
) -> None:
    async with linked(own_redis.url) as (_, together):
        await together.call("HGET", KEYS[0], "n")
        os.kill(own_redis.process.pid, signal.SIGSTOP)
        waiting = []
        for key in KEYS[:10]:  # one after the other: more batches than may be on their way
            waiting.append(asyncio.ensure_future(together.call("HGET", key, "n")))
            await asyncio.sleep(0)
        answers = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 8)
        assert all(isinstance(answer, Unavailable) for answer in answers)
        os.kill(own_redis.process.pid, signal.SIGCONT)
        assert await together.call("HGET", KEYS[0], "n") is None


async def test_a_redis_that_was_started_anew_is_read_without_a_failure(
    own_redis: RedisServer,
) -> None:
    async with linked(own_redis.url) as (_, together):
        await asyncio.gather(*(together.call("HGET", key, "n") for key in KEYS))
        own_redis.process.kill()
        own_redis.process.wait()
        again = start_redis(own_redis.directory)
        try:
            answers = await asyncio.gather(*(together.call("HGET", key, "n") for key in KEYS[:9]))
            assert answers == [None] * 9
        finally:
            again.process.kill()
            again.process.wait()
