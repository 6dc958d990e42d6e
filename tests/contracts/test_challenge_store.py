"""ChallengeStore: what every implementation must do."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.auth.ports import Judged, NewChallenge, StoredChallenge
from tests.contracts.conftest import Stores

pytestmark = pytest.mark.asyncio

FIRST = NewChallenge("pointer", "nonce-1", "key-1", b"\x00sealed\xff", "right")
SECOND = replace(FIRST, nonce="nonce-2", key="key-2")


async def test_a_live_challenge_is_found_again(stores: Stores) -> None:
    assert await stores.challenges.begin(FIRST, 300) == "nonce-1"
    assert await stores.challenges.begin(SECOND, 300) == "nonce-1"
    assert await stores.challenges.read("key-2") is None
    expected = StoredChallenge(FIRST.record, 0, 0, 0.0, "pending")
    assert await stores.challenges.read("key-1") == expected


async def test_another_pointer_has_its_own(stores: Stores) -> None:
    await stores.challenges.begin(FIRST, 300)
    assert await stores.challenges.begin(replace(SECOND, pointer="p2"), 300) == "nonce-2"


@pytest.mark.parametrize("how", ["ended", "right", "used up", "run out"])
async def test_after_the_end_a_new_one_begins(stores: Stores, how: str) -> None:
    await stores.challenges.begin(FIRST, 0.2 if how == "run out" else 300)
    match how:
        case "ended":
            await stores.challenges.end("key-1")
        case "right":
            await stores.challenges.judge("key-1", "right", 5)
        case "used up":
            await stores.challenges.judge("key-1", "wrong", 1)
        case _:
            await stores.elapse(0.3)
    assert await stores.challenges.read("key-1") is None
    assert await stores.challenges.judge("key-1", "right", 5) is None
    assert await stores.challenges.begin(SECOND, 300) == "nonce-2"
    assert await stores.challenges.read("key-2") is not None


async def test_the_fifth_wrong_try_is_the_last(stores: Stores) -> None:
    await stores.challenges.begin(FIRST, 300)
    judged = [await stores.challenges.judge("key-1", "wrong", 5) for _ in range(6)]
    assert judged == [*(Judged(right=False, tries_left=left) for left in (4, 3, 2, 1, 0)), None]
    assert await stores.challenges.judge("key-1", "right", 5) is None


async def test_the_last_try_may_be_right(stores: Stores) -> None:
    await stores.challenges.begin(FIRST, 300)
    for _ in range(4):
        await stores.challenges.judge("key-1", "wrong", 5)
    assert await stores.challenges.judge("key-1", "right", 5) == Judged(right=True, tries_left=0)


async def test_fewer_attempts_by_an_edit_end_what_has_spent_more(stores: Stores) -> None:
    await stores.challenges.begin(FIRST, 300)
    for _ in range(3):
        await stores.challenges.judge("key-1", "wrong", 5)
    assert await stores.challenges.judge("key-1", "right", 2) is None
    assert await stores.challenges.read("key-1") is None


async def test_of_racing_right_codes_one_is_right(stores: Stores) -> None:
    await stores.challenges.begin(FIRST, 300)
    judged = await asyncio.gather(
        *(stores.challenges.judge("key-1", "right", 5) for _ in range(100))
    )
    assert judged.count(Judged(right=True, tries_left=0)) == 1
    assert judged.count(None) == 99


async def test_racing_wrong_codes_spend_a_try_each(stores: Stores) -> None:
    await stores.challenges.begin(FIRST, 300)
    judged = await asyncio.gather(
        *(stores.challenges.judge("key-1", "wrong", 5) for _ in range(50))
    )
    assert sorted(one.tries_left for one in judged if one) == [0, 1, 2, 3, 4]


async def test_a_send_is_claimed_once(stores: Stores) -> None:
    await stores.challenges.begin(FIRST, 300)
    claims = await asyncio.gather(*(stores.challenges.claim("key-1", 0, 7.5) for _ in range(20)))
    assert claims.count(True) == 1
    stored = await stores.challenges.read("key-1")
    assert stored == StoredChallenge(FIRST.record, 0, 1, 7.5, "pending")
    assert await stores.challenges.claim("key-1", 1, 9.0)
    assert not await stores.challenges.claim("gone", 0, 9.0)
    assert await stores.challenges.read("gone") is None


async def test_only_the_last_send_is_settled(stores: Stores) -> None:
    await stores.challenges.begin(FIRST, 300)
    await stores.challenges.claim("key-1", 0, 1.0)
    await stores.challenges.settle("key-1", 1, "sent")
    first = await stores.challenges.read("key-1")
    await stores.challenges.claim("key-1", 1, 2.0)
    await stores.challenges.settle("key-1", 1, "failed")
    second = await stores.challenges.read("key-1")
    await stores.challenges.settle("gone", 1, "sent")
    assert first is not None
    assert first.delivery == "sent"
    assert second is not None
    assert second.delivery == "pending"
    assert await stores.challenges.read("gone") is None


async def test_a_claim_is_given_back_unless_a_later_one_was_made(stores: Stores) -> None:
    await stores.challenges.begin(FIRST, 300)
    fresh = StoredChallenge(FIRST.record, 0, 0, 0.0, "pending")
    await stores.challenges.claim("key-1", 0, 1.0)
    await stores.challenges.unclaim("key-1", fresh)
    assert await stores.challenges.read("key-1") == fresh
    await stores.challenges.claim("key-1", 0, 2.0)
    await stores.challenges.settle("key-1", 1, "sent")
    sent = await stores.challenges.read("key-1")
    assert sent is not None
    await stores.challenges.claim("key-1", 1, 3.5)
    await stores.challenges.unclaim("key-1", fresh)
    assert (await stores.challenges.read("key-1")) == replace(
        sent, sends=2, sent_at=3.5, delivery="pending"
    )
    await stores.challenges.unclaim("key-1", sent)
    assert await stores.challenges.read("key-1") == sent
    await stores.challenges.unclaim("gone", fresh)
    assert await stores.challenges.read("gone") is None
