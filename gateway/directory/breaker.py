"""Whether a database is asked at all: after failures in a row, only now and then.

A database that has stopped answering costs each caller a whole deadline. So after a few, calls fail
at once, but for one a pause, whose answer ends that. Each worker learns by itself.
"""

from __future__ import annotations

from typing import Final

FAILURES: Final = 3
"""In a row, before callers are sent away."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 4.0


class Breaker:
    """The health of one database, as far as calls tell. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause_s = 0.0
        self._until = 0.0
        self._is_probing = False

    @property
    def is_away(self) -> bool:
        """Whether callers are being sent away."""
        return self._pause_s > 0

    def lets(self, now: float) -> bool:
        """Whether to ask; while it is away, for one caller a pause."""
        if now < self._until:
            return False
        if self._pause_s:
            self._until = now + self._pause_s
            self._is_probing = True
        return True

    def worked(self) -> bool:
        """Count an answer, whatever it was; return whether callers were being sent away."""
        was_away, self._failures, self._pause_s, self._until = self._pause_s > 0, 0, 0.0, 0.0
        return was_away

    def failed(self, now: float) -> bool:
        """Count a call without an answer; return whether callers are sent away only now.

        Calls that were under way when the pause began lengthen nothing; a probe does.
        """
        self._failures += 1
        was_here = not self._pause_s
        if self._failures < FAILURES if was_here else not self._is_probing:
            return False
        self._is_probing = False
        self._pause_s = min(self._pause_s * 2 or FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._until = now + self._pause_s
        return was_here
