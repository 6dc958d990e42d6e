"""Where one process puts its numbers up for the others, and reads what they have put up.

Once a second, so that the hot path only ever adds to plain numbers. Any worker can then answer for
all of them: a scrape reaches one, and is told the sum; a question for readiness hears of the one
that hangs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from gateway.counters import Counters, Key, Number
from gateway.operate.metric_board import Board
from gateway.operate.metric_values import Bulletin, Values, added, lasting, pack, unpack

EVERY_S: Final = 1.0
EDIT_S: Final = 2.0
"""How long after an edit here another worker may still tell of the configuration before."""
SILENT_S: Final = 10.0
"""A worker that has put nothing up for so long hangs, or is gone."""

_log = logging.getLogger("portvakt.metrics")

Tell = Callable[[], tuple[str, str | None, Values]]
"""Returns the digest of the configuration in force, what is wrong (or None), and all numbers."""


class Desk:
    """The place of one process on the board. `lag_s` is how late the loop was at most, of late."""

    def __init__(
        self, board: Board, place: int, tell: Tell, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Take a place, and what the process that had it before has counted."""
        self._board: Final = board
        self._place: Final = place
        self._tell: Final = tell
        self._now: Final = now
        self.lag_s = 0.0
        self._digest = ""
        self._since = -EDIT_S  # when this process began to go by that configuration
        last_words = self._of(place)
        self._before: Final = lasting(last_words.values) if last_words is not None else {}

    def publish(self) -> None:
        """Put the numbers up."""
        digest, trouble, values = self._tell()
        now = self._now()
        if digest != self._digest:
            self._digest, self._since = digest, now
        bulletin = Bulletin(now, digest, trouble, added((self._before, values)))
        try:
            self._board.write(self._place, pack(bulletin))
        except ValueError as error:
            _log.error("metrics: %s", error)

    async def run(self) -> None:
        """Put the numbers up once a second, until cancelled."""
        while True:
            due = self._now() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self.lag_s = max(self.lag_s * 0.8, self._now() - due)
            self.publish()

    def living(self) -> int:
        """Return how many workers have put something up of late."""
        found = [self._of(place) for place in range(self._workers)]
        return sum(one is not None and not self._is_silent(one) for one in found)

    def all_values(self) -> dict[Key, Number]:
        """Return the numbers of all processes as one, this one's as they are now."""
        self.publish()
        found = [self._of(place) for place in range(self._board.places)]
        total = added(bulletin.values for bulletin in found if bulletin is not None)
        return {**total, ("workers", ()): self.living()}

    def amiss(self) -> str | None:
        """Return what is wrong with another worker, or None; none knows that it hangs itself."""
        self.publish()
        settled = self._now() >= self._since + EDIT_S
        for place in range(self._workers):
            bulletin = self._of(place)
            if place == self._place:
                continue
            if bulletin is None:
                return f"worker {place} is not up yet"
            if self._is_silent(bulletin):
                return f"worker {place} has been silent for {self._now() - bulletin.at:.0f} s"
            if bulletin.trouble is not None:
                return f"worker {place}: {bulletin.trouble}"
            if settled and bulletin.digest != self._digest:
                return f"worker {place} goes by another configuration"
        return None

    @property
    def _workers(self) -> int:
        return self._board.places - 1  # the last place is the parent's

    def _is_silent(self, bulletin: Bulletin) -> bool:
        return self._now() - bulletin.at > SILENT_S

    def _of(self, place: int) -> Bulletin | None:
        data = self._board.read(place)
        return None if data is None else unpack(data)


def board_for(workers: int) -> Board:
    """Return a board with a place for each worker and one for the parent."""
    return Board(workers + 1)


def parents_desk(board: Board, counters: Counters) -> Desk:
    """Return the desk of the parent process, which counts workers that end."""
    return Desk(board, board.places - 1, lambda: ("", None, counters.values))
