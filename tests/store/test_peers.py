"""gateway/store/peers.py: gateways in the order in which they came, whatever else stands there."""

from __future__ import annotations

import asyncio

import pytest

from gateway.auth.ports import Unavailable
from gateway.store.store import open_store

LIST, RECORD = "portvakt:gateways", "portvakt:gateway:"
pytestmark = pytest.mark.asyncio


async def test_each_sees_all_in_order_and_its_own_as_it_was(redis_url: str) -> None:
    store = open_store(redis_url)
    peers = store.peers
    assert await peers.read() == []
    assert await peers.tell("b", b"B1", 60.0) == []
    assert await peers.tell("a", b"\x00A", 60.0) == [("b", b"B1")]
    assert await peers.tell("b", b"B2", 60.0) == [("b", b"B1"), ("a", b"\x00A")]
    assert await peers.read() == [("b", b"B2"), ("a", b"\x00A")]
    await peers.leave("b")
    await peers.leave("b")
    assert await peers.tell("c", b"C", 60.0) == [("a", b"\x00A")]
    await store.close()


async def test_of_two_at_once_one_sees_the_other(redis_url: str) -> None:
    store = open_store(redis_url)
    names = [f"n{number}" for number in range(8)]
    seen = await asyncio.gather(*(store.peers.tell(name, b"-", 60.0) for name in names))
    assert sorted(len(one) for one in seen) == list(range(8))
    await store.close()


async def test_who_is_silent_is_forgotten(redis_url: str) -> None:
    store = open_store(redis_url)
    await store.peers.tell("old", b"-", 60.0)
    await store.peers.tell("brief", b"-", 0.001)
    while len(await store.peers.read()) > 1:
        await asyncio.sleep(0)
    await store.peers.tell("new", b"-", 60.0)
    await store.peers.tell("brief", b"-", 60.0)
    assert [name for name, _ in await store.peers.read()] == ["old", "new", "brief"]
    await store.close()


async def test_what_stands_in_their_place_breaks_nothing(redis_server) -> None:
    store = open_store(redis_server.url)
    admin = redis_server.admin()
    admin.set(LIST, "no list")
    assert await store.peers.tell("a", b"A", 60.0) == []
    admin.zadd(LIST, {b"\xff\n": -1, "listed": 5, "gone": 6})
    admin.set(RECORD.encode() + b"\xff\n", b"\xff")
    admin.lpush(RECORD + "listed", "x")
    found = [("\ufffd\n", b"\xff"), ("a", b"A"), ("listed", b"")]
    assert await store.peers.read() == found
    assert await store.peers.tell("a", b"A", 60.0) == found
    admin.zadd(LIST, {"far": float("inf")})
    assert (await store.peers.tell("z", b"Z", 60.0))[-1] == ("listed", b"")
    admin.zadd(LIST, {f"made up {number}": -9 for number in range(300)})
    admin.mset({f"{RECORD}made up {number}": "-" for number in range(300)})
    assert len(await store.peers.tell("a", b"A", 60.0)) == 200
    assert len(await store.peers.read()) == 200
    await store.close()


async def test_a_store_that_is_away_is_said(redis_url: str) -> None:
    store = open_store(redis_url.replace("of-the-tests", "wrong"))
    with pytest.raises(Unavailable):
        await store.peers.tell("a", b"A", 60.0)
    with pytest.raises(Unavailable):
        await store.peers.read()
    with pytest.raises(Unavailable):
        await store.peers.leave("a")
    await store.close()
