"""A rolling restart of two gateways behind HAProxy, and what its visitors saw of it."""

from __future__ import annotations

import time

from tests.faults.balanced import Balanced
from tests.faults.load import difference, loaded
from tests.faults.tally import Row


def rolling(house: Balanced, rounds: int) -> Row:
    """Restart each gateway so many times, one after the other, and once more end the last."""
    with loaded(house.site) as load:
        before, begun = load.tally.counts(), time.monotonic()
        for turn in range(rounds):
            house.restart(house.gateways[turn % 2])
        house.end(house.gateways[rounds % 2])
        seconds = time.monotonic() - begun
        return difference(
            "rolling restart behind HAProxy", seconds, before, load.tally.counts(), None,
            load.tally.told(),
        )  # fmt: skip
