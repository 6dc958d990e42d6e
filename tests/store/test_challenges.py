"""gateway/store/challenges.py: what stands in Redis. The port's promises: tests/contracts."""

from __future__ import annotations

import pytest

from gateway.auth.ports import NewChallenge
from gateway.store.store import open_store
from tests.conftest import RedisServer


@pytest.mark.asyncio
async def test_everything_of_a_challenge_runs_out(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url)
    await store.challenges.begin(NewChallenge("p", "nonce", "key", b"sealed", "digest"), 300)
    await store.challenges.claim("key", 0, 1.0)
    await store.challenges.judge("key", "wrong", 5)
    with redis_server.admin() as admin:
        assert sorted(admin.keys("*")) == [b"portvakt:challenge:key", b"portvakt:pointer:p"]
        assert all(299_000 < admin.pttl(key) <= 300_000 for key in admin.keys("*"))
        await store.challenges.judge("key", "digest", 5)
        await store.challenges.settle("key", 1, "sent")
        assert admin.keys("*") == [b"portvakt:pointer:p"]
    await store.close()
