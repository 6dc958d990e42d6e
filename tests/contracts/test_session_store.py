"""SessionStore: what every implementation must do."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from gateway.auth.ports import Bucket, SessionListing, SessionPlace, StoredSession, Use
from tests.contracts.conftest import Stores

pytestmark = pytest.mark.asyncio

RECORD = bytes(range(256))


async def opened(stores: Stores, key: str, user: str = "u", **place: object) -> list[str]:
    fields = {"user": user, "lifetime_s": 600.0, "limit": 10, **place}
    stored = StoredSession(RECORD, 1000.5)
    return list(await stores.sessions.open(key, stored, SessionPlace(**fields)))  # type: ignore[arg-type]


async def test_what_is_written_is_read_byte_for_byte(stores: Stores) -> None:
    assert await stores.sessions.read("a") is None
    assert await opened(stores, "a") == []
    assert await stores.sessions.read("a") == StoredSession(RECORD, 1000.5)


async def test_the_oldest_beyond_the_limit_end(stores: Stores) -> None:
    for key in "abc":
        assert await opened(stores, key, limit=3) == []
    assert await opened(stores, "x", user="other", limit=3) == []
    assert await opened(stores, "d", limit=3) == ["a"]
    assert await opened(stores, "e", limit=2) == ["b", "c"]
    assert await stores.sessions.keys_of("u") == ["d", "e"]
    assert await stores.sessions.read("a") is None
    assert await stores.sessions.keys_of("other") == ["x"]


async def test_a_replaced_session_ends_and_takes_nobody_elses_place(stores: Stores) -> None:
    await opened(stores, "a", limit=2)
    await opened(stores, "b", limit=2)
    assert await opened(stores, "c", limit=2, replaces="b") == ["b"]
    assert await stores.sessions.keys_of("u") == ["a", "c"]


async def test_a_session_of_another_user_can_be_replaced(stores: Stores) -> None:
    await opened(stores, "a", user="anna")
    assert await opened(stores, "b", user="bo", replaces="a") == ["a"]
    assert await stores.sessions.keys_of("anna") == []
    assert await opened(stores, "c", user="bo", replaces="gone") == []


async def test_a_session_runs_out_of_the_index_too(stores: Stores) -> None:
    await opened(stores, "short", lifetime_s=0.2)
    await opened(stores, "long")
    await stores.elapse(0.3)
    assert await stores.sessions.read("short") is None
    assert await stores.sessions.keys_of("u") == ["long"]
    assert await opened(stores, "next", limit=2) == []


async def test_touch_moves_forward_only_and_never_brings_back(stores: Stores) -> None:
    await opened(stores, "a")
    touched = await stores.sessions.touch([Use("a", 1010.25, 600), Use("gone", 1010, 600)])
    assert list(touched) == [True, False]
    assert list(await stores.sessions.touch([Use("a", 1005, 600)])) == [True]
    assert await stores.sessions.read("a") == StoredSession(RECORD, 1010.25)
    assert await stores.sessions.read("gone") is None
    assert list(await stores.sessions.touch([])) == []


async def test_the_longest_pause_only_grows(stores: Stores) -> None:
    await opened(stores, "a")
    for seen, idle, longest in ((1010, 4.5, 4.5), (1005, 9.25, 9.25), (1020, 0.0, 9.25)):
        assert list(await stores.sessions.touch([Use("a", seen, 600, idle)])) == [True]
        found = await stores.sessions.read("a")
        assert found is not None
        assert found.idle_s == longest
    assert list(await stores.sessions.touch([Use("gone", 1010, 600, 5.0)])) == [False]
    assert await stores.sessions.read("gone") is None


async def test_touch_sets_the_lifetime_of_record_and_index(stores: Stores) -> None:
    await opened(stores, "a", lifetime_s=0.3)
    await stores.sessions.touch([Use("a", 2000, 600)])
    await stores.elapse(0.4)
    assert await stores.sessions.read("a") is not None
    assert await stores.sessions.keys_of("u") == ["a"]


async def test_many_are_touched_at_once(stores: Stores) -> None:
    for number in range(5):
        await opened(stores, f"k{number}", user=f"u{number}")
    wanted = [Use(f"k{number}", 3000.0, 60.0) for number in range(501)]
    assert list(await stores.sessions.touch(wanted)) == [True] * 5 + [False] * 496


async def test_end_is_once(stores: Stores) -> None:
    await opened(stores, "a")
    assert await stores.sessions.end("a", "u")
    assert not await stores.sessions.end("a", "u")
    assert await stores.sessions.read("a") is None
    assert await stores.sessions.keys_of("u") == []


async def test_end_all_but_one(stores: Stores) -> None:
    for key in "abc":
        await opened(stores, key)
    await opened(stores, "x", user="other")
    assert list(await stores.sessions.end_all("u", but="b")) == ["a", "c"]
    assert list(await stores.sessions.end_all("u")) == ["b"]
    assert list(await stores.sessions.end_all("u")) == []
    assert await stores.sessions.keys_of("other") == ["x"]


async def test_every_end_is_announced_after_a_first_gap(stores: Stores) -> None:
    for key in "abcd":
        await opened(stores, key, limit=4)
    async with asyncio.timeout(10), aclosing(stores.sessions.ended()) as ended:  # type: ignore[type-var]
        assert await anext(ended) is None
        await opened(stores, "e", limit=4)
        await opened(stores, "f", limit=4, replaces="b")
        await stores.sessions.end("c", "u")
        await stores.sessions.end("c", "u")
        await stores.sessions.end_all("u", but="f")
        heard = [await anext(ended) for _ in range(5)]
    assert heard == ["a", "b", "c", "d", "e"]


async def test_labels_of_those_that_live(stores: Stores) -> None:
    await opened(stores, "a", label=b"\x00of a")
    await opened(stores, "b", label=b"of b")
    await stores.sessions.touch([Use("b", 2000.25, 600)])
    found = await stores.sessions.labels(["b", "gone", "a"])
    assert list(found) == [
        SessionListing("b", b"of b", 2000.25),
        SessionListing("a", b"\x00of a", 1000.5),
    ]
    await stores.sessions.end("a", "u")
    assert [one.key for one in await stores.sessions.labels(["a", "b"])] == ["b"]
    assert list(await stores.sessions.labels([])) == []


async def test_the_keys_of_everybody(stores: Stores) -> None:
    assert [key async for keys in stores.sessions.all_keys() for key in keys] == []
    for number in range(1203):
        await opened(stores, f"k{number}", user=f"u{number % 7}", limit=1000)
    await stores.sessions.end("k5", "u5")
    await stores.failures.spend([Bucket("of another kind", 3, 60.0, ())], 1000.0)
    found = [key async for keys in stores.sessions.all_keys() for key in keys]
    assert sorted(found) == sorted(f"k{number}" for number in range(1203) if number != 5)


async def test_ping(stores: Stores) -> None:
    await stores.sessions.ping()
