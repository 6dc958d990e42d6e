"""Refusals in Redis: `RefusalStore`.

A refusal is a string `portvakt:refusal:<name>` that ends by itself; what lies on a shelf, oldest
first, is a sorted set `portvakt:refusals:<shelf>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.auth.ports import KeptRefusal
from gateway.store.link import PREFIX, Link
from gateway.store.sessions import milliseconds

_REFUSAL: Final = PREFIX + "refusal:"
_SHELF: Final = PREFIX + "refusals:"


class RedisRefusals:
    """What was refused lately, shared by all workers."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def keep(
        self, refusals: Sequence[KeptRefusal], shelf: str, most: int, lifetime_s: float, now: float
    ) -> None:
        """Put refusals on a shelf; the oldest on it make room. Atomic."""
        args: list[str | bytes | float] = [_REFUSAL, milliseconds(lifetime_s), most, repr(now)]
        for refusal in refusals:
            args += refusal
        await self._link.script("refusals_keep", [_SHELF + shelf], args)

    async def read(self, name: str) -> bytes | None:
        """Return what is kept under a name, or None."""
        found: bytes | None = await self._link.call("GET", _REFUSAL + name)
        return found
