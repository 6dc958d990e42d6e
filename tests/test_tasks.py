"""gateway/tasks.py: work behind the answers, and what a worker still does before it ends."""

from __future__ import annotations

import asyncio
import logging

import pytest

from gateway import tasks
from gateway.tasks import keep_promises, spawn

pytestmark = pytest.mark.asyncio


async def test_a_crash_is_logged_by_type_and_place_never_by_value(caplog) -> None:
    async def crash() -> None:
        raise ValueError("secret")

    with caplog.at_level(logging.ERROR):
        await asyncio.wait([spawn(crash(), "a crash", promised=True)])
    assert "task a crash crashed: ValueError" in caplog.text
    assert "secret" not in caplog.text
    await keep_promises(0.0)


async def test_promises_are_kept_with_those_that_they_lead_to() -> None:
    done: list[str] = []

    async def second() -> None:
        await asyncio.sleep(0)
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0)
        done.append("first")
        spawn(second(), "second", promised=True)

    spawn(first(), "first", promised=True)
    await keep_promises(10.0)
    assert done == ["first", "second"]


async def test_nobody_waits_for_what_was_not_promised_nor_for_ever(caplog) -> None:
    never = asyncio.Event()
    plain = spawn(never.wait(), "plain")
    await keep_promises(10.0)
    late = spawn(never.wait(), "late", promised=True)
    with caplog.at_level(logging.WARNING):
        await keep_promises(0.01)
    assert "task late was not done in time" in caplog.text
    assert "plain" not in caplog.text
    for task in (plain, late):
        task.cancel()
    await asyncio.wait([plain, late])


async def test_who_takes_a_cancellation_for_something_else_is_told_again(monkeypatch):
    monkeypatch.setattr(tasks, "_ENDS_WITHIN_S", 0.01)
    told = []

    async def deaf():
        while len(told) < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                told.append(1)

    async def plain():
        await asyncio.sleep(60)

    both = [tasks.spawn(deaf(), "deaf"), tasks.spawn(plain(), "plain")]
    await asyncio.sleep(0)
    await tasks.end(both)
    assert (len(told), both[0].done(), both[1].cancelled()) == (3, True, True)
    await tasks.end([])
