"""gateway/store/left_counts.py: what a command counted is counted once, by whoever asks first."""

from __future__ import annotations

import asyncio

import pytest

from gateway.auth.ports import Unavailable
from gateway.store.store import open_store

REVOKED = ("sessions_ended", ("revoked",))
QUOTED = ("codes_failed", ('å"sa', ""))
BARE = ("sessions_opened", ())


@pytest.mark.asyncio
async def test_what_several_leave_one_takes(redis_url: str) -> None:
    store = open_store(redis_url)
    counts = store.left_counts
    await counts.leave({})
    assert await counts.take() == {}
    await counts.leave({REVOKED: 2, QUOTED: 1})
    await counts.leave({REVOKED: 3, BARE: 1})
    found = await asyncio.gather(*(counts.take() for _ in range(5)))
    assert max(found, key=len) == {REVOKED: 5, QUOTED: 1, BARE: 1}
    assert [len(one) for one in found].count(0) == 4
    await store.close()


@pytest.mark.asyncio
async def test_a_store_that_is_away_is_said(redis_url: str) -> None:
    store = open_store(redis_url.replace("of-the-tests", "wrong"))
    with pytest.raises(Unavailable):
        await store.left_counts.take()
    with pytest.raises(Unavailable):
        await store.left_counts.leave({REVOKED: 1})
    await store.close()
