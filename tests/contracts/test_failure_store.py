"""FailureStore: what every implementation must do. The rule itself: tests/policies/test_lockout.py."""

from __future__ import annotations

import asyncio

import pytest

from gateway.auth.ports import Bucket
from policies.lockout import State
from tests.contracts.conftest import Stores

pytestmark = pytest.mark.asyncio

NOW = 1_790_000_000.125
PAIR = Bucket("pair", 3, 300, (60, 300))
ADDRESS = Bucket("address", 5, 300, (60,))


async def test_the_try_that_fills_a_bucket_is_judged_the_next_is_locked(stores: Stores) -> None:
    answers = [await stores.failures.spend([PAIR], NOW) for _ in range(4)]
    assert answers == [None, None, None, NOW + 60]


async def test_what_stands_in_a_bucket_can_be_looked_at(stores: Stores) -> None:
    assert list(await stores.failures.states([])) == []
    for at in (NOW, NOW + 1, NOW + 2):
        await stores.failures.spend([PAIR, ADDRESS], at)
    for _ in range(2):  # looking counts nothing
        assert list(await stores.failures.states([ADDRESS, PAIR, Bucket("none", 1, 1, ())])) == [
            State((NOW, NOW + 1, NOW + 2)),
            State((NOW, NOW + 1, NOW + 2), NOW + 62, NOW + 2, 1),
            State(),
        ]


async def test_a_locked_try_counts_nowhere(stores: Stores) -> None:
    for _ in range(3):
        await stores.failures.spend([PAIR, ADDRESS], NOW)
    for _ in range(10):
        assert await stores.failures.spend([PAIR, ADDRESS], NOW + 1) == NOW + 60
    assert await stores.failures.spend([ADDRESS], NOW + 2) is None
    assert await stores.failures.spend([ADDRESS], NOW + 2) is None
    assert await stores.failures.spend([ADDRESS], NOW + 2) == NOW + 62


async def test_the_longest_lock_is_told(stores: Stores) -> None:
    longer = Bucket("longer", 1, 300, (900,))
    shorter = Bucket("shorter", 1, 300, (60,))
    await stores.failures.spend([shorter, longer], NOW)
    assert await stores.failures.spend([longer, shorter], NOW) == NOW + 900


async def test_what_is_only_looked_at_is_not_counted_but_its_lock_holds(stores: Stores) -> None:
    budget = Bucket("total", 2, 300, ())
    watched = Bucket("total", 0, 300, ())
    for _ in range(5):
        assert await stores.failures.spend([PAIR, watched], NOW) in {None, NOW + 60}
    assert await stores.failures.spend([budget], NOW) is None
    assert await stores.failures.spend([watched, ADDRESS], NOW) is None
    assert await stores.failures.spend([budget], NOW + 1) is None
    assert await stores.failures.spend([watched, ADDRESS], NOW + 2) == NOW + 300
    for _ in range(4):
        assert await stores.failures.spend([ADDRESS], NOW + 2) is None
    assert await stores.failures.spend([watched], NOW + 300) is None


async def test_refund_unlocks_only_what_this_try_locked(stores: Stores) -> None:
    for second in range(3):
        await stores.failures.spend([PAIR], NOW + second)
    await stores.failures.refund([PAIR], NOW + 2)
    await stores.failures.refund([PAIR], NOW + 99)
    assert await stores.failures.spend([PAIR], NOW + 3) is None
    assert await stores.failures.spend([PAIR], NOW + 3) == NOW + 63


async def test_clear_forgets(stores: Stores) -> None:
    for _ in range(3):
        await stores.failures.spend([PAIR, ADDRESS], NOW)
    await stores.failures.clear([PAIR])
    await stores.failures.clear([])
    assert await stores.failures.spend([PAIR], NOW) is None


async def test_clear_like_forgets_what_begins_so(stores: Stores) -> None:
    mine = [Bucket(f"anna.{place}", 1, 300, (60,)) for place in range(700)]
    others = Bucket("annabel.1", 1, 300, (60,))
    await stores.failures.spend([*mine, others], NOW)
    await stores.failures.clear_like("anna.")
    await stores.failures.clear_like("nobody.")
    assert await stores.failures.spend(mine, NOW + 1) is None
    assert await stores.failures.spend([others], NOW + 1) == NOW + 60


async def test_racing_tries_never_outrun_the_count(stores: Stores) -> None:
    wide = Bucket("wide", 50, 300, (60,))
    answers = await asyncio.gather(
        *(stores.failures.spend([wide, ADDRESS], NOW) for _ in range(500))
    )
    assert answers.count(None) == 5


async def test_a_name_is_remembered_for_so_long(stores: Stores) -> None:
    await stores.failures.remember("a", 3600)
    await stores.failures.remember("a", 7200)
    assert await stores.failures.remembers("a")
    assert not await stores.failures.remembers("b")
    assert (await stores.failures.states([Bucket("a", 1, 1, ())]))[0] == State()
