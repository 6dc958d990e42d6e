"""What became of messages, in Redis: `DeliveryStore`.

A shelf is a list `portvakt:deliveries:<shelf>`, the newest first; what was heard of a message is a
string `portvakt:receipt:<name>`. Both end by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.store.link import PREFIX, Link
from gateway.store.sessions import milliseconds

_SHELF: Final = PREFIX + "deliveries:"
_RECEIPT: Final = PREFIX + "receipt:"


class RedisDeliveries:
    """Messages and receipts of the last day, shared by all workers."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def keep(self, shelf: str, sent: bytes, most: int, lifetime_s: float) -> None:
        """Put a message on a shelf; the oldest make room. Atomic."""
        args: list[str | bytes | float] = [sent, most, milliseconds(lifetime_s)]
        await self._link.script("delivery_keep", [_SHELF + shelf], args)

    async def read(self, shelf: str) -> Sequence[bytes]:
        """Return what is on a shelf, the newest first."""
        found: list[bytes] = await self._link.call("LRANGE", _SHELF + shelf, 0, -1)
        return found

    async def receive(self, name: str, heard: bytes, lifetime_s: float) -> bool:
        """Keep what was heard first of a message; False when that was known."""
        lifetime_ms = milliseconds(lifetime_s)
        kept = await self._link.call("SET", _RECEIPT + name, heard, "NX", "PX", lifetime_ms)
        return kept is not None

    async def heard(self, name: str) -> bytes | None:
        """Return what was heard of a message, or None."""
        found: bytes | None = await self._link.call("GET", _RECEIPT + name)
        return found
