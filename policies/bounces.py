"""Logons that lead back to the logon: when to stop, and what keeps a logon from being kept.

A bounce is a browser at the logon again, bound for where the logon has just sent it. Where it was
sent and when is remembered by the browser itself (`Trail`); nothing is stored for strangers.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

WINDOW_S: Final = 20
MOST: Final = 3
"""Bounces within WINDOW_S seconds that are one too many."""

_CLOCK_DIFFERS_S: Final = 2
"""Clocks that agree may still round differently."""


class Cause(enum.StrEnum):
    """What keeps a logon from being kept; the value is the name in audit lines."""

    HTTP = "secure-cookie-over-http"
    HOST = "wrong-host"
    FRAME = "third-party-frame"
    COOKIES = "cookies-refused"
    TWO_COOKIES = "two-session-cookies"
    CLOCK = "clock"
    SESSION = "session-unknown"
    PASSAGE = "not-passed-on"


@dataclass(frozen=True, slots=True)
class Trail:
    """Where the logon sent a browser lately (a path), and when: seconds, the oldest first."""

    target: str = ""
    times: tuple[int, ...] = ()

    def sent(self, target: str, now: float) -> Trail:
        """Return the trail of a browser that is sent to `target` now."""
        known = self.recent(target, now)
        return Trail(target, (*known, int(now))[-MOST:])

    def recent(self, target: str, now: float) -> tuple[int, ...]:
        """Return when it was sent to `target` within the window; a time to come counts too."""
        if target != self.target:
            return ()
        return tuple(time for time in self.times if int(now) - time <= WINDOW_S)

    def is_loop(self, target: str, now: float) -> bool:
        """Return whether a browser that is at the logon now, bound for `target`, is to stop."""
        return len(self.recent(target, now)) >= MOST

    def ran_back(self, now: float) -> bool:
        """Return whether a clock of ours showed a later time before."""
        return any(time > now + _CLOCK_DIFFERS_S for time in self.times)


@dataclass(frozen=True, slots=True)
class Signs:
    """What one request tells of cookies that do not hold.

    `https` and `asked` are how and where we believe to be reached (`asked`: host with port);
    `scheme` and `host` are what the browser says of its own page, "" where it says nothing.
    `is_own_page`: it says besides that the page is one of ours. `sessions` counts session cookies,
    `is_live` whether they open a session; `has_cookies`: any cookie of ours came.
    """

    https: bool
    asked: str
    scheme: str = ""
    host: str = ""
    is_own_page: bool = False
    in_foreign_frame: bool = False
    has_cookies: bool = False
    sessions: int = 0
    is_live: bool = False
    clock_ran_back: bool = False


def evident(signs: Signs) -> Cause | None:
    """Return what is certain at the first glance, before any bounce, or None."""
    if signs.in_foreign_frame:
        return Cause.FRAME
    if signs.https and signs.scheme == "http" and signs.host == signs.asked:
        return Cause.HTTP
    if signs.is_own_page and signs.host not in {"", signs.asked}:
        return Cause.HOST
    return None


def diagnose(signs: Signs) -> Cause:
    """Return what most probably makes a browser bounce, the most certain first."""
    found = evident(signs)
    if found is not None:
        return found
    if signs.sessions > 1:
        return Cause.TWO_COOKIES
    if signs.clock_ran_back:
        return Cause.CLOCK
    if signs.is_live:
        return Cause.PASSAGE
    return Cause.SESSION if signs.sessions else Cause.COOKIES
