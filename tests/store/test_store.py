"""gateway/store/store.py: three stores on one link."""

from __future__ import annotations

import pytest

from gateway.auth.ports import Unavailable
from gateway.store.store import open_store


@pytest.mark.asyncio
async def test_ping_and_close(redis_url: str) -> None:
    store = open_store(redis_url)
    await store.ping()
    await store.close()


@pytest.mark.asyncio
async def test_a_wrong_password_is_unavailable(redis_url: str) -> None:
    store = open_store(redis_url.replace("of-the-tests", "wrong"))
    with pytest.raises(Unavailable):
        await store.ping()
    await store.close()
