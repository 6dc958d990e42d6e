"""RefusalStore: what every implementation must do."""

from __future__ import annotations

import pytest

from gateway.auth.ports import KeptRefusal
from tests.contracts.conftest import Stores

pytestmark = pytest.mark.asyncio


async def keep(stores: Stores, *names: str, shelf: str = "users", life: float = 60.0) -> None:
    now = stores.clock.now() if stores.clock is not None else 1000.0
    kept = [KeptRefusal(name, b"\x00\xff" + name.encode()) for name in names]
    await stores.refusals.keep(kept, shelf, 3, life, now)


async def there(stores: Stores, *names: str) -> list[str]:
    found = {name: await stores.refusals.read(name) for name in names}
    assert all(kept == b"\x00\xff" + name.encode() for name, kept in found.items() if kept)
    return [name for name, kept in found.items() if kept]


async def test_a_refusal_is_found_by_its_name(stores: Stores) -> None:
    await keep(stores)
    await keep(stores, "a-1", "a-2")
    assert await there(stores, "a-1", "a-2", "a-3") == ["a-1", "a-2"]
    now = stores.clock.now() if stores.clock is not None else 1001.0
    await stores.refusals.keep([KeptRefusal("a-1", b"again")], "users", 3, 60.0, now)
    assert await stores.refusals.read("a-1") == b"again"


async def test_the_oldest_of_its_shelf_makes_room(stores: Stores) -> None:
    await keep(stores, "s", shelf="strangers")
    for name in ("a", "b", "c", "d"):
        await keep(stores, name)
        if stores.clock is not None:
            stores.clock.forward(seconds=1)
    assert await there(stores, "a", "b", "c", "d", "s") == ["b", "c", "d", "s"]


async def test_it_is_gone_after_its_lifetime(stores: Stores) -> None:
    await keep(stores, "short", life=0.05)
    await keep(stores, "long")
    await stores.elapse(0.2)
    assert await there(stores, "short", "long") == ["long"]
