"""Refusals kept for explaining: behind the answers, bounded, sealed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.auth.refusals import (
    A_MINUTE,
    KEPT_S,
    LONGEST,
    MOST,
    OF_STRANGERS,
    OF_USERS,
    Refusals,
    read_refusal,
)
from gateway.auth.sealing import Sealer
from tests.fakes import FakeClock, FakeEntropy, FakeRefusals

pytestmark = pytest.mark.asyncio

SEALER = Sealer(b"0123456789abcdef", FakeEntropy())
OTHER = Sealer(b"fedcba9876543210", FakeEntropy())


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeRefusals(self.clock)
        self.refusals = Refusals(self.store, SEALER, self.clock)

    def note(self, name: str, user: str = "anna", address: str = "192.0.2.9", **more: Any) -> None:
        self.refusals.note(name, user, address, lambda: {"user": user, **more})

    async def read(self, name: str) -> dict[str, Any] | None:
        return await read_refusal(self.store, SEALER, name)


async def test_what_was_noted_is_read_by_its_reference_for_a_day() -> None:
    desk = Desk()
    desk.note("r-1", why="Åsa")
    assert await desk.read("r-1") is None, "nothing is written before the turn"
    await desk.refusals.write_down()
    assert await desk.read("r-1") == {"user": "anna", "why": "Åsa"}
    desk.clock.forward(seconds=KEPT_S - 1)
    assert await desk.read("r-1") is not None
    desk.clock.forward(seconds=2)
    assert await desk.read("r-1") is None, "yesterday's is gone"


async def test_the_store_learns_nothing_and_nobody_else_reads_it() -> None:
    desk = Desk()
    desk.note("r-1", address="192.0.2.9")
    desk.note("r-2")
    await desk.refusals.write_down()
    sealed = desk.store.kept["r-1"][1]
    assert b"anna" not in sealed
    assert await read_refusal(desk.store, OTHER, "r-1") is None
    desk.store.kept["r-1"] = desk.store.kept["r-2"]
    assert await desk.read("r-1") is None, "bound to its reference"


async def test_one_user_and_one_address_fill_little_of_it() -> None:
    desk = Desk()
    for number in range(A_MINUTE * 3):
        desk.note(f"a-{number}")
        desk.note(f"s-{number}", user="", address=f"2001:db8::{number:x}")
    desk.note("b-1", user="bo")
    await desk.refusals.write_down()
    assert len(desk.store.shelves[OF_USERS]) == A_MINUTE + 1
    assert len(desk.store.shelves[OF_STRANGERS]) == A_MINUTE
    assert desk.refusals.dropped == A_MINUTE * 4
    desk.clock.forward(seconds=61)
    await desk.refusals.write_down()
    desk.note("a-later")
    await desk.refusals.write_down()
    assert await desk.read("a-later") is not None


async def test_whoever_is_full_need_not_be_told_the_next_one() -> None:
    desk = Desk()
    for number in range(A_MINUTE):
        assert not desk.refusals.turns_away("anna", "192.0.2.9")
        desk.note(f"a-{number}")
    assert desk.refusals.turns_away("anna", "192.0.2.9")
    assert not desk.refusals.turns_away("bo", "192.0.2.9")
    assert not desk.refusals.turns_away("", "192.0.2.9")
    assert desk.refusals.dropped == 1


async def test_a_flood_of_strangers_leaves_room_for_users() -> None:
    desk = Desk()
    for number in range(5000):
        desk.note(f"s-{number}", user="", address=f"198.51.{number // 250}.{number % 250}")
    desk.note("r-1")
    await desk.refusals.write_down()
    assert len(desk.store.shelves[OF_STRANGERS]) <= 40
    assert await desk.read("r-1") is not None
    assert desk.refusals.dropped == 5000 - len(desk.store.shelves[OF_STRANGERS])
    assert sum(MOST.values()) == 100_000


async def test_the_last_one_for_a_reference_counts() -> None:
    desk = Desk()
    desk.note("r-1", why="first")
    desk.note("r-1", why="then")
    await desk.refusals.write_down()
    assert await desk.read("r-1") == {"user": "anna", "why": "then"}


async def test_a_store_that_is_away_costs_the_record_only() -> None:
    desk = Desk()
    desk.store.down = True
    desk.note("r-1")
    await desk.refusals.write_down()
    assert desk.refusals.dropped == 1
    desk.store.down = False
    desk.note("r-2")
    await desk.refusals.write_down()
    assert [await desk.read(name) is not None for name in ("r-1", "r-2")] == [False, True]


async def test_what_cannot_be_told_or_is_too_long_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    desk.refusals.note("r-1", "anna", "", lambda: {"secret": 1 / 0})
    desk.note("r-2", text="x" * LONGEST)
    desk.note("r-3")
    await desk.refusals.write_down()
    assert desk.refusals.dropped == 2
    assert await desk.read("r-3") is not None
    assert "ZeroDivisionError" in caplog.text


async def test_what_is_left_is_written_when_the_worker_ends() -> None:
    desk = Desk()
    task = asyncio.get_running_loop().create_task(desk.refusals.run())
    await asyncio.sleep(0)
    desk.note("r-1")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await desk.read("r-1") is not None
