"""What commands have counted, in Redis, until one worker of one gateway takes it over.

A hash `portvakt:left-counts`. Whoever takes it has it alone, so what shows on all machines adds up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from gateway.counters import Key
from gateway.store.link import Link


class LeftCounts:
    """Counts by name and labels, as `gateway.counters` has them; whole numbers only."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._key: Final = link.prefix + "left-counts"

    async def leave(self, counts: Mapping[Key, int]) -> None:
        """Add to what is there. Raises Unavailable."""
        args: list[str | bytes | float] = []
        for (name, labels), number in counts.items():
            args += [json.dumps([name, *labels]), number]
        if args:
            await self._link.script("counts_leave", [self._key], args)

    async def take(self) -> dict[Key, int]:
        """Return what is there and leave nothing. Raises Unavailable; it may be lost then."""
        found = await self._link.script("counts_take", [self._key], [])
        counts: dict[Key, int] = {}
        for words, number in zip(found[::2], found[1::2], strict=True):
            name, *labels = json.loads(words)
            counts[(name, tuple(labels))] = int(number)
        return counts
