"""Background work that is never lost: a reference is kept and a crash is reported.

asyncio keeps only weak references to tasks; everything that is not awaited starts here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger("portvakt.tasks")
_running: set[asyncio.Task[Any]] = set()


def spawn(work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    """Run `work` in the background; an exception is logged by type and place, never by value."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    _running.add(task)
    task.add_done_callback(_finished)
    return task


def _finished(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if task.cancelled():
        return
    error = task.exception()
    if error is None:
        return
    _log.error("task %s crashed: %s at %s", task.get_name(), type(error).__name__, _place(error))


def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what a callback of the loop raised, by type and place; a loop's exception handler."""
    del loop
    error = context.get("exception")
    if isinstance(error, BaseException):
        _log.error("a callback crashed: %s at %s", type(error).__name__, _place(error))
    else:
        _log.error("the loop complains: %s", context.get("message", ""))


def _place(error: BaseException) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
