"""How long a session lives: idle and absolute lifetime, when to write down that it is used.

Idle time starts again at each use, the absolute end never moves (ASVS 7.3.1, 7.3.2; NIST SP
800-63B, reauthentication). All times are seconds; `now` is given. Imports nothing.
"""

from __future__ import annotations

import enum
from typing import Final

_LONGEST_TOUCH_INTERVAL_S: Final = 60.0
_TOUCHES_PER_IDLE: Final = 10


class Life(enum.Enum):
    """What becomes of a session now."""

    LIVE = "live"
    IDLE = "idle"
    EXPIRED = "expired"


def judge(created: float, seen: float, now: float, idle_s: float, absolute_s: float) -> Life:
    """Return whether a session of `created`, last used at `seen`, still lives at `now`.

    Both limits are exclusive: at the very second of the limit it is over.
    """
    if now >= created + absolute_s:
        return Life.EXPIRED
    if now >= seen + idle_s:
        return Life.IDLE
    return Life.LIVE


def expires_at(created: float, seen: float, idle_s: float, absolute_s: float) -> float:
    """Return the first second at which `judge` no longer says LIVE if nothing more happens."""
    return min(seen + idle_s, created + absolute_s)


def store_lifetime(end: float, now: float, slack_s: float, absolute_end: float) -> float:
    """Return for how many seconds from `now` the store keeps a record that ends at `end`.

    `slack_s` covers uses that are not written down yet (they are written behind, and later still
    while the store is away), so that a used session is not lost. Never beyond the absolute end,
    never negative: the record itself is judged at each use, the store's lifetime only cleans up.
    """
    return max(0.0, min(end + slack_s, absolute_end) - now)


def touch_interval(idle_s: float) -> float:
    """Return how many seconds may pass between two writes of one session's last use."""
    return min(_LONGEST_TOUCH_INTERVAL_S, idle_s / _TOUCHES_PER_IDLE)
