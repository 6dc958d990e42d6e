"""Pages are begun one after the other, with a round of the loop between them.

A page is most of a millisecond of work, and fifty people who log on at once are fifty pages that
are ready at once: everybody else's requests would wait for all of them. So each round of the loop
begins one page, and moves the bytes of everybody else before the next.
"""

from __future__ import annotations

import asyncio
from collections import deque

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


class Turns:
    """Who comes first begins first. Of one loop; whoever stops waiting loses nothing of others."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_taken = False

    async def take(self) -> None:
        """Return when it is the caller's turn: at once, when nobody has begun in this round."""
        loop = asyncio.get_running_loop()
        if not self._is_taken:
            self._is_taken = True
            loop.call_soon(self._pass_on, loop)
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _pass_on(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else whoever waited has gone
                turn.set_result(None)
                loop.call_soon(self._pass_on, loop)
                return
        self._is_taken = False


def in_turn() -> Middleware:
    """Return the middleware that has every page wait for its turn."""
    turns = Turns()

    @web.middleware
    async def wait(request: web.Request, handler: Handler) -> web.StreamResponse:
        await turns.take()
        return await handler(request)

    return wait
