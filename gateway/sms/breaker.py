"""Which provider is passed over for a while: failures in a row, then pauses that double.

What the front door's pool does with upstreams, for providers. Each worker learns by itself.
"""

from __future__ import annotations

from typing import Final

FAILURES: Final = 3
"""In a row, before a provider is passed over."""
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 300.0


class Breaker:
    """The health of one provider, as far as its messages tell. Times in seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0
        self._probing = False
        self.pause_s = 0.0
        """How long it is passed over; 0 while it works."""

    def lets(self, now: float) -> bool:
        """Whether a message may go there; after a pause, for one message a pause: the probe."""
        if not self.pause_s:
            return True
        # A clock that was set back must not make the pause longer.
        if self._until - self.pause_s <= now < self._until:
            return False
        self._until = now + self.pause_s
        self._probing = True
        return True

    def worked(self) -> bool:
        """Count a message that was taken; return whether that ends a pause."""
        was_paused, self._failures, self.pause_s = self.pause_s > 0, 0, 0.0
        return was_paused

    def failed(self, now: float) -> bool:
        """Count a message that was not taken; return whether that begins or lengthens a pause.

        Messages that were on their way when the pause began lengthen nothing; a probe does.
        """
        self._failures += 1
        if not self._probing if self.pause_s else self._failures < FAILURES:
            return False
        self._probing = False
        self.pause_s = min(self.pause_s * 2 or FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._until = now + self.pause_s
        return True
