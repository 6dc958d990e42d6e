"""What the gateways on one Redis tell of themselves: `gateway.operate.peers.PeerStore`.

A record is a string `portvakt:gateway:<id>` that ends by itself, as soon as its gateway renews it
no more; the sorted set `portvakt:gateways` holds their ids in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.store.link import Link
from gateway.store.sessions import milliseconds

_MOST: Final = 200
"""How many are looked at: more are no gateways."""


class RedisPeers:
    """Records by id, oldest first; anyone who may write to this Redis may have written them."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._record: Final = link.prefix + "gateway:"
        self._list: Final = link.prefix + "gateways"

    async def tell(
        self, peer_id: str, record: bytes, lifetime_s: float
    ) -> Sequence[tuple[str, bytes]]:
        """Renew a record; return all, this one's as it was before. Atomic. Raises Unavailable."""
        args: list[str | bytes | float] = [
            self._record,
            peer_id,
            record,
            milliseconds(lifetime_s),
            _MOST,
        ]
        return _pairs(await self._link.script("peer_tell", [self._list], args))

    async def read(self) -> Sequence[tuple[str, bytes]]:
        """Return all records and change nothing. Raises Unavailable."""
        names = await self._link.call("ZRANGE", self._list, 0, _MOST - 1)
        if not names:
            return []
        prefix = self._record.encode()
        records = await self._link.call_all([("GET", prefix + name) for name in names])
        there = [
            (name, record if isinstance(record, bytes) else b"")
            for name, record in zip(names, records, strict=True)
            if record is not None
        ]
        return _pairs([part for pair in there for part in pair])

    async def leave(self, peer_id: str) -> None:
        """Take a record away. Raises Unavailable."""
        await self._link.call_all([("ZREM", self._list, peer_id), ("DEL", self._record + peer_id)])


def _pairs(found: Sequence[bytes]) -> list[tuple[str, bytes]]:
    names = (name.decode("ascii", "replace") for name in found[::2])
    return list(zip(names, found[1::2], strict=True))
