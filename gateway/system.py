"""The real clock and the real entropy: the only place where either is read."""

from __future__ import annotations

import asyncio
import secrets
import time


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()  # noqa: TID251 - this is the Clock that everybody else takes

    async def sleep(self, seconds: float) -> None:
        """Return when so much time has passed."""
        await asyncio.sleep(seconds)


class SystemEntropy:
    """The operating system's CSPRNG."""

    def token(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        return secrets.token_bytes(size)
