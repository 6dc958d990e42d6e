"""Refusals in Redis: `RefusalStore`.

A refusal is a string `portvakt:refusal:<name>` that ends by itself; what lies on a shelf, oldest
first, is a sorted set `portvakt:refusals:<shelf>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.auth.ports import KeptRefusal
from gateway.store.link import Link
from gateway.store.sessions import milliseconds


class RedisRefusals:
    """What was refused lately, shared by all workers."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._refusal: Final = link.prefix + "refusal:"
        self._shelf: Final = link.prefix + "refusals:"

    async def keep(
        self, refusals: Sequence[KeptRefusal], shelf: str, most: int, lifetime_s: float, now: float
    ) -> None:
        """Put refusals on a shelf; the oldest on it make room. Atomic."""
        args: list[str | bytes | float] = [self._refusal, milliseconds(lifetime_s), most, repr(now)]
        for refusal in refusals:
            args += refusal
        await self._link.script("refusals_keep", [self._shelf + shelf], args)

    async def read(self, name: str) -> bytes | None:
        """Return what is kept under a name, or None."""
        found: bytes | None = await self._link.call("GET", self._refusal + name)
        return found
