"""gateway/store/sessions.py: what stands in Redis. The port's promises: tests/contracts."""

from __future__ import annotations

import pytest

from gateway.auth.ports import SessionPlace, StoredSession, Use
from gateway.store.sessions import milliseconds
from gateway.store.store import open_store
from tests.conftest import RedisServer


@pytest.mark.asyncio
async def test_lifetimes_of_record_and_index(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url)
    stored = StoredSession(b"record", 1000.0)
    await store.sessions.open("a", stored, SessionPlace("u", 600, 10))
    await store.sessions.open("b", stored, SessionPlace("u", 60, 10))
    with redis_server.admin() as admin:
        assert 599_000 < admin.pttl("portvakt:session:a") <= 600_000
        assert 599_000 < admin.pttl("portvakt:sessions-of:u") <= 600_000
        await store.sessions.touch([Use("b", 1010.0, 900)])
        assert 899_000 < admin.pttl("portvakt:session:b") <= 900_000
        assert 899_000 < admin.pttl("portvakt:sessions-of:u") <= 900_000
        await store.sessions.touch([Use("b", 1005.0, 5)])
        assert admin.pttl("portvakt:session:b") > 899_000
        await store.sessions.end_all("u")
        assert admin.keys("*") == []
    await store.close()


@pytest.mark.parametrize(("seconds", "whole"), [(0, 1), (0.0001, 1), (1.5, 1500), (0.0015, 2)])
def test_milliseconds(seconds: float, whole: int) -> None:
    assert milliseconds(seconds) == whole
