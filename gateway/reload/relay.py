"""The parent's part: holds the newest configuration and passes it to every worker.

It never looks inside, so a worker that is started later begins with the newest one whatever
happened meanwhile to the process that judged it or to the file on disk.
"""

from __future__ import annotations

import os
import socket
from typing import Final

from gateway.reload import handover
from gateway.reload.look import Running


class Relay:
    """Lines to `workers` workers and one from the keeper, made before any of them is forked."""

    def __init__(self, first: Running, workers: int) -> None:
        self.newest = handover.write(first)
        self._ear, self.keeper_end = handover.channel()
        lines = [handover.channel() for _ in range(workers)]
        self._ends: Final = [ours for ours, _ in lines]
        self.worker_ends: Final = [theirs for _, theirs in lines]
        self._owed: set[socket.socket] = set()

    def fileno(self) -> int:
        """Return what becomes readable when the keeper has something to pass on."""
        return self._ear.fileno()

    def close(self) -> None:
        """Close every line and the newest configuration."""
        os.close(self.newest)
        for end in (self._ear, self.keeper_end, *self._ends, *self.worker_ends):
            end.close()

    def pass_on(self) -> None:
        """Take what the keeper has sent, and send the newest to each worker that lacks it.

        A worker that is too busy to take it is sent it by a later call.
        """
        newest = handover.newest(self._ear)
        if newest is not None:
            os.close(self.newest)
            self.newest = newest
            self._owed = set(self._ends)
        self._owed = {end for end in self._owed if not handover.send(end, self.newest)}
