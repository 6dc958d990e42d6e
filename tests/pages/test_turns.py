"""gateway/pages/turns.py: one page a round of the loop, in order, whoever gives up."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from gateway.pages.turns import Turns
from gateway.tasks import spawn

pytestmark = pytest.mark.asyncio


async def begun(turns: Turns, name: str, told: list[str]) -> None:
    await turns.take()
    told.append(name)


async def rounds(told: list[str], count: int) -> None:
    """Let the loop go round so often, each time with a mark."""
    for number in range(count):
        await asyncio.sleep(0)
        told.append(f"round {number}")


def marks(told: list[str], first: str, last: str) -> int:
    """Return how many rounds lie between two names."""
    between = told[told.index(first) : told.index(last)]
    return sum(one.startswith("round") for one in between)


async def test_what_is_ready_at_once_begins_in_order_a_round_apart() -> None:
    turns, told = Turns(), list[str]()
    names = ["a", "b", "c", "d"]
    await asyncio.gather(*(begun(turns, name, told) for name in names), rounds(told, 12))
    assert [one for one in told if one in names] == names
    for before, after in itertools.pairwise(names):
        assert marks(told, before, after) >= 1


async def test_who_gives_up_holds_up_nobody() -> None:
    turns, told = Turns(), list[str]()
    tasks = [spawn(begun(turns, name, told), name) for name in "abcd"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    tasks[2].cancel()
    await asyncio.wait(tasks)
    assert told == ["a", "d"]


async def test_afterwards_a_turn_is_free_at_once() -> None:
    turns, told = Turns(), list[str]()
    await asyncio.gather(*(begun(turns, name, told) for name in "ab"))
    await rounds([], 4)
    one = turns.take()
    with pytest.raises(StopIteration):  # it waits for nothing
        one.send(None)
