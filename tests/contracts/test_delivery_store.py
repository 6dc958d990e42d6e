"""DeliveryStore: what every implementation must do."""

from __future__ import annotations

import pytest

from tests.contracts.conftest import Stores

pytestmark = pytest.mark.asyncio


async def test_a_shelf_holds_the_newest(stores: Stores) -> None:
    for sent in (b"1", b"\x00\xff", b"3", b"4"):
        await stores.deliveries.keep("anna", sent, 3, 60.0)
    await stores.deliveries.keep("bo", b"b", 3, 60.0)
    assert list(await stores.deliveries.read("anna")) == [b"4", b"3", b"\x00\xff"]
    assert list(await stores.deliveries.read("bo")) == [b"b"]
    assert list(await stores.deliveries.read("nobody")) == []


async def test_the_first_that_is_heard_stands(stores: Stores) -> None:
    assert await stores.deliveries.heard("m") is None
    assert await stores.deliveries.receive("m", b"\x00first", 60.0)
    assert not await stores.deliveries.receive("m", b"second", 60.0)
    assert await stores.deliveries.heard("m") == b"\x00first"


async def test_both_are_gone_after_their_lifetime(stores: Stores) -> None:
    await stores.deliveries.keep("short", b"1", 3, 0.05)
    await stores.deliveries.receive("short", b"1", 0.05)
    await stores.deliveries.receive("long", b"1", 60.0)
    await stores.elapse(0.2)
    assert list(await stores.deliveries.read("short")) == []
    assert await stores.deliveries.heard("short") is None
    assert await stores.deliveries.heard("long") == b"1"
