"""What was freed goes back to the system: glibc keeps it after a burst, in pieces.

A thousand TLS handshakes at once take 50 MiB; without this the next thousand take pieces of them
and more, and the worker ends four times as large. To ask for it takes 5 ms when there is much to
give back, and next to nothing when there is not.
"""

from __future__ import annotations

import asyncio
import ctypes
from typing import Final

_EVERY_S: Final = 5.0


async def keep_small() -> None:
    """Give back now and then, until cancelled."""
    while True:
        await asyncio.sleep(_EVERY_S)
        give_back()


def give_back() -> None:
    """Return freed memory to the system; where the C library has no way to, nothing happens."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
