"""`[session]` in seconds, applied to the sessions that a worker holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from gateway.auth.live import LiveSession
from gateway.settings.model import Session as Rules
from policies import sessions as rule


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """Lifetimes in seconds; `interval_s` is the least time between two writes of a last use.

    A pause of `pause_s` or more between two uses is remembered: some route will not have it.
    """

    idle_s: float
    absolute_s: float
    grace_s: float
    interval_s: float
    pause_s: float = math.inf

    @classmethod
    def of(cls, rules: Rules) -> Self:
        """Return the times of the settings."""
        idle_s = rules.idle.total_seconds()
        shortest = rules.shortest_idle
        pause_s = math.inf if shortest is None else shortest.total_seconds()
        return cls(
            idle_s=idle_s,
            absolute_s=rules.absolute.total_seconds(),
            grace_s=rules.grace.total_seconds(),
            interval_s=rule.touch_interval(min(idle_s, pause_s)),
            pause_s=pause_s,
        )

    def judge_anew(self, live: LiveSession, seen: float) -> None:
        """Set the last use, and the times that follow from it."""
        created = live.record.created
        live.seen = seen
        live.absolute_end = created + self.absolute_s
        live.expires_at = rule.expires_at(created, seen, self.idle_s, self.absolute_s)

    def store_lifetime(self, created: float, seen: float, now: float) -> float:
        """Return for how many seconds from now the store keeps the record."""
        end = rule.expires_at(created, seen, self.idle_s, self.absolute_s)
        slack_s = self.grace_s + self.interval_s
        return rule.store_lifetime(end, now, slack_s, created + self.absolute_s)
