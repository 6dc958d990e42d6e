"""Redis on several machines: a master that another takes over from, and a slot that moves."""

from __future__ import annotations

import asyncio
import secrets
import time

import pytest

from gateway.auth.ports import SessionPlace, StoredSession, Unavailable
from gateway.store.store import open_store
from tests.faults.redis_family import cluster_family, sentinel_family

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

PLACE = SessionPlace("u", 600, 10)
STORED = StoredSession(b"record", 1.0)


def of(user: str) -> SessionPlace:
    return SessionPlace(user, 600, 10)


@pytest.fixture(scope="module")
def sentinels():
    with sentinel_family() as family:
        yield family


@pytest.fixture(scope="module")
def cluster():
    with cluster_family() as family:
        yield family


async def until(work, seconds: float = 15.0):
    """Try again until Redis is there."""
    end = time.monotonic() + seconds
    while True:
        try:
            return await work()
        except Unavailable:
            assert time.monotonic() < end, "Redis did not come back"
            await asyncio.sleep(0.02)


@pytest.mark.asyncio
async def test_a_fail_over_loses_nothing_that_was_answered(sentinels):
    store = open_store(sentinels.url, connections=4)
    ended = store.sessions.ended()
    assert await anext(ended) is None
    opened, over = [], []
    for number in range(40):
        await store.sessions.open(f"s{number}", STORED, of(f"u{number}"))
        opened.append(f"s{number}")
    for key in opened[:20]:
        assert await store.sessions.end(key, f"u{key[1:]}")
        over.append(key)
    await asyncio.to_thread(sentinels.fail_over)
    await until(store.ping)
    for key in opened:
        found = await until(lambda key=key: store.sessions.read(key))
        assert (found is None) == (key in over)
    async with asyncio.timeout(20):
        heard = []
        while not heard or heard[-1] is not None:
            heard.append(await anext(ended))
        assert heard[:-1] == over
        await store.sessions.end("s30", "u30")
        assert await anext(ended) == "s30"
    await ended.aclose()
    await store.close()


@pytest.mark.asyncio
async def test_everything_works_in_a_cluster_and_in_one_slot(cluster):
    store = open_store(cluster.url)
    await store.sessions.open("a", STORED, PLACE)
    await store.sessions.open("b", STORED, PLACE)
    assert await store.sessions.keys_of("u") == ["a", "b"]
    assert [key async for batch in store.sessions.all_keys() for key in batch] != []
    assert list(await store.sessions.end_all("u")) == ["a", "b"]
    await store.ping()
    others = [node for node in cluster.nodes if node is not cluster.owner()]
    assert [node.ask("DBSIZE") for node in others] == [0, 0]
    await store.close()


@pytest.mark.asyncio
async def test_a_slot_that_moves_under_load_loses_nothing(cluster):
    store = open_store(cluster.url, connections=8)
    ended = store.sessions.ended()
    assert await anext(ended) is None
    for number in range(60):
        await store.sessions.open(f"m{number}", STORED, of(f"u{number}"))
    before = cluster.owner()
    moving = asyncio.ensure_future(asyncio.to_thread(cluster.move_slot, 0.005))
    rounds = 0
    while not moving.done() or not rounds:
        rounds += 1
        for number in range(30):
            await store.sessions.end(f"m{number}", f"u{number}")
            await store.sessions.open(f"n{rounds}-{number}", STORED, of(f"v{number}"))
        reads = (store.sessions.read(f"m{number}") for number in range(60))
        found = await asyncio.gather(*reads)
        assert [one is not None for one in found] == [False] * 30 + [True] * 30
    assert await moving > 0
    assert cluster.owner() is not before
    assert await store.sessions.keys_of("u45") == ["m45"]
    async with asyncio.timeout(20):
        await store.sessions.end("m45", "u45")
        heard = [await anext(ended)]
        while heard[-1] != "m45" and None not in heard:
            heard.append(await anext(ended))
    await ended.aclose()
    await store.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url", ["redis+sentinel://127.0.0.1:1,127.0.0.1:2/n", "redis+cluster://127.0.0.1:1"]
)
async def test_nobody_there_is_unavailable_at_once(url):
    store = open_store(url)
    begun = time.monotonic()
    for call in (store.ping, lambda: store.sessions.read("a")):
        with pytest.raises(Unavailable, match="redis"):
            await call()
    assert time.monotonic() - begun < 2
    await store.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["one", "sentinels", "cluster"])
async def test_a_cancelled_call_leaves_no_reply_for_the_next_one(kind, request):
    """Each of thousands of answers belongs to its question, whatever was given up around it."""
    place = request.getfixturevalue({"one": "redis_url"}.get(kind, kind))
    store = open_store(getattr(place, "url", place), connections=4)
    await until(store.ping)
    own = [StoredSession(f"record {number}".encode(), float(number)) for number in range(50)]
    for number, stored in enumerate(own):
        await store.sessions.open(f"c{number}", stored, of(f"c{number}"))
    chance = secrets.SystemRandom()
    loop = asyncio.get_running_loop()
    answered = cancelled = 0

    async def ask(number: int) -> StoredSession | None:
        if number % 7 == 0:
            assert await store.sessions.keys_of(f"c{number}") == [f"c{number}"]
        return await store.sessions.read(f"c{number}")

    for _ in range(120):
        asked = [chance.randrange(50) for _ in range(50)]
        tasks = [asyncio.ensure_future(ask(number)) for number in asked]
        for task in tasks:
            if chance.random() < 0.6:
                loop.call_later(chance.random() * 0.008, task.cancel)
        for number, answer in zip(
            asked, await asyncio.gather(*tasks, return_exceptions=True), strict=True
        ):
            if isinstance(answer, asyncio.CancelledError):
                cancelled += 1
            else:
                assert answer == own[number]
                answered += 1
    assert answered > 500
    assert cancelled > 500
    await store.close()
