"""Back-pressure: who holds a transport's reading, and for what reason.

Several parties may hold at once (a full peer, a request not yet decided, pipelined requests piling
up); reading goes on only when the last reason is gone.
"""

from __future__ import annotations

import asyncio
from typing import Final


class Held:
    """Why reading is held: bits of plain numbers, because every request asks."""

    PEER_FULL: Final = 1  # the other side's write buffer is above its high mark
    NOT_WANTED: Final = 2  # no one can take these bytes yet


class Reading:
    """The reading side of one transport."""

    __slots__ = ("_held", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = 0

    def hold(self, reason: int) -> None:
        """Stop reading for `reason`; idempotent."""
        if not self._held and not self._transport.is_closing():
            self._transport.pause_reading()
        self._held |= reason

    def release(self, reason: int) -> None:
        """Withdraw `reason`; reading goes on when none is left."""
        if not self._held:
            return
        self._held &= ~reason
        if not self._held and not self._transport.is_closing():
            self._transport.resume_reading()
