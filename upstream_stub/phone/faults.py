"""The bad days of an SMS provider, ordered by a test: the next sends fail, hang or garble."""

from __future__ import annotations

import asyncio
import enum
from typing import Final

from aiohttp import web

_HANG_S: Final = 300.0


class Mode(enum.Enum):
    """What happens to a send; nothing is delivered in any of them."""

    FAIL = "fail"  # 500
    HANG = "hang"  # no answer while the client waits
    GARBLE = "garble"  # 200 with bytes that are neither JSON nor text


class Faults:
    """How many sends are still to go wrong, and how."""

    def __init__(self) -> None:
        self.mode = Mode.FAIL
        self.left = 0

    def order(self, mode: Mode, count: int) -> None:
        """Let the next `count` sends go wrong; 0 makes everything well."""
        self.mode, self.left = mode, count

    async def befall(self) -> web.Response | None:
        """Return the answer of a send that goes wrong, or None when this one does not."""
        if self.left == 0:
            return None
        self.left -= 1
        match self.mode:
            case Mode.FAIL:
                return web.Response(status=500, text="Internal Server Error")
            case Mode.HANG:
                await asyncio.sleep(_HANG_S)
                return web.Response(status=504, text="Gateway Timeout")
            case Mode.GARBLE:
                return web.Response(
                    body=b'\xff\xfe{"status": \x00\x1b[31m', content_type="text/html"
                )
