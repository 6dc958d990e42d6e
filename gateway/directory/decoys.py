"""What the check of a password costs for a name that nobody has: what somebody's check costs.

Hashes that came with an import, or are older than today's cost, take another time than ours until
their owner logs on. If made-up names always took ours, that time would tell who is real (ASVS
6.3.8). So the costs in the table are counted now and then, and each made-up name is given one of
them, in the same proportion and always the same one. Knows no database.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from gateway.directory.passwords import Cost

_UNIT: Final = 2**64


class Decoys:
    """The costs of made-up names. `key` makes the choice one that nobody can foretell."""

    def __init__(self, key: bytes, usual: Cost) -> None:
        self._key: Final = key
        self._usual: Final = usual
        self._counted: list[tuple[Cost, int]] = []

    def learn(self, counted: Mapping[Cost, int]) -> None:
        """Go by how many hashes of each cost there are now.

        Today's cost comes last: as hashes are renewed one by one, a name moves to it once, as the
        name of somebody who logs on does.
        """
        self._counted = sorted(counted.items(), key=lambda one: self._order(one[0]))

    def cost_for(self, user: str) -> Cost:
        """Return the cost of a check for a canonical name that nobody has."""
        mac = hmac.digest(self._key, user.encode(), "sha256")
        place = int.from_bytes(mac[:8], "big") * sum(count for _, count in self._counted)
        for cost, count in self._counted:
            place -= count * _UNIT
            if place < 0:
                return cost
        return self._usual

    def _order(self, cost: Cost) -> tuple[bool, int, int, int]:
        return (cost == self._usual, cost.memory_kib, cost.iterations, cost.lanes)
