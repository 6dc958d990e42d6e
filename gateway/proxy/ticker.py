"""The time of the front door's deadlines: read once a sweep, not once a request."""

from __future__ import annotations

import asyncio


class Ticker:
    """`now` is the loop's time in seconds, at most a sweep old; deadlines are seconds long."""

    __slots__ = ("_loop", "now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.now = loop.time()

    def tick(self) -> float:
        """Bring `now` up to date and return it."""
        self.now = self._loop.time()
        return self.now
