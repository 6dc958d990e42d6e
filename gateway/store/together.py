"""Reads that are asked for in the same moment, sent to Redis together.

One command by the driver costs more than a whole warm request, and most of that is paid once for
however many go at a time. After a restart every worker reads the session of everybody.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from gateway.auth.ports import Unavailable
from gateway.store.link import Link
from gateway.store.servers import Command
from gateway.tasks import spawn

_SENDERS: Final = 2
"""Batches on their way at once: what comes meanwhile waits, and makes the next one larger."""
_MOST: Final = 200

_Answer = asyncio.Future[Any]
_Waiting = tuple[Command, _Answer]


class Together:
    """Commands that change nothing, each answered as if it had been sent alone."""

    def __init__(self, link: Link) -> None:
        self._link: Final = link
        self._waiting: list[_Waiting] = []
        self._senders = 0

    async def call(self, *command: str | bytes | float) -> Any:
        """Return the answer to one command. Raises Unavailable."""
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        if self._senders < _SENDERS:
            self._senders += 1
            _ = spawn(self._send(), "read from redis")
        return await answer

    async def _send(self) -> None:
        """Send what waits until nothing does."""
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                try:
                    await self._send_batch(batch)
                finally:
                    _fail(batch)  # whoever has no answer by now gets none: this ends early
        finally:
            self._senders -= 1

    async def _send_batch(self, batch: list[_Waiting]) -> None:
        try:
            answers = await self._link.call_all([command for command, _ in batch])
        except Unavailable as error:
            if isinstance(error.__cause__, ResponseError) and len(batch) > 1:
                for command, waiting in batch:  # one of them is refused, and nobody says which
                    await self._alone(command, waiting)
                return
            _fail(batch, error)
            if isinstance(error.__cause__, RedisTimeoutError):
                # These have waited as long already; another round would double it.
                late, self._waiting = self._waiting, []
                _fail(late, error)
            return
        for (command, waiting), answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):  # its own trouble, or its key has just moved
                await self._alone(command, waiting)
            elif not waiting.done():
                waiting.set_result(answer)

    async def _alone(self, command: Command, waiting: _Answer) -> None:
        try:
            answer = await self._link.call(*command)
        except Unavailable as error:
            _fail([(command, waiting)], error)
        else:
            if not waiting.done():
                waiting.set_result(answer)


def _fail(batch: list[_Waiting], error: Unavailable | None = None) -> None:
    for _, waiting in batch:
        if not waiting.done():
            failure = Unavailable("redis")
            failure.__cause__ = error
            waiting.set_exception(failure)
