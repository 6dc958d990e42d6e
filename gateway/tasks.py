"""Background work that is never lost: a reference is kept and a crash is reported.

asyncio keeps only weak references to tasks; everything that is not awaited starts here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from contextvars import Context
from typing import Any, Final

_log = logging.getLogger("portvakt.tasks")
_ENDS_WITHIN_S: Final = 0.5
_running: set[asyncio.Task[Any]] = set()
_promised: set[asyncio.Task[Any]] = set()


def spawn(
    work: Coroutine[Any, Any, Any], name: str, *, promised: bool = False, apart: bool = False
) -> asyncio.Task[Any]:
    """Run `work` in the background; an exception is logged by type and place, never by value.

    `promised`: an answer has said that it will be done, so a worker does not end before it.
    `apart`: it is no part of the request that begins it, and outlives that.
    """
    around = Context() if apart else None
    task = asyncio.get_running_loop().create_task(work, name=name, context=around)
    _running.add(task)
    if promised:
        _promised.add(task)
    task.add_done_callback(_finished)
    return task


async def keep_promises(within_s: float) -> None:
    """Wait until everything that was promised is done; what takes longer is logged and left."""
    end = asyncio.get_running_loop().time() + within_s
    while _promised and (left := end - asyncio.get_running_loop().time()) > 0:
        await asyncio.wait(_promised, timeout=left)
    for task in _promised:
        _log.warning("task %s was not done in time", task.get_name())


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until all have ended; who goes on is cancelled again.

    A driver that is told while it connects may take that for a time-out of its own, and its caller
    then tries once more.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_ENDS_WITHIN_S)
        for task in left:
            _log.info("task %s goes on: it is told again to end", task.get_name())


def _finished(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    _promised.discard(task)
    if task.cancelled():
        return
    error = task.exception()
    if error is None:
        return
    _log.error("task %s crashed: %s", task.get_name(), told_of(error))


def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what a callback of the loop raised, by type and place; a loop's exception handler."""
    del loop
    error = context.get("exception")
    if isinstance(error, BaseException):
        _log.error("a callback crashed: %s", told_of(error))
    else:
        _log.error("the loop complains: %s", context.get("message", ""))


def told_of(error: BaseException) -> str:
    """Return its type and place; what it says may hold what somebody sent."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    return f"{type(error).__name__} at {where}"
