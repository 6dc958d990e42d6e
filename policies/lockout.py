"""Failures in a sliding window, and locks of growing length; budgets in a sliding window.

One `State` is one counter (of a user at an address, of an address, of a user). A try is counted
before it is judged and taken back when it proves right, so that racing tries cannot outrun the
count (NIST SP 800-63B section 5.2.2, ASVS 6.3.1). gateway/store/scripts/failures.lua
is this same rule in Lua; tests/store/test_failures.py holds them equal. Imports nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MEMORY_FACTOR: Final = 2
"""At most this many times `count` failures are remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `count` (>= 1) failures in `period_s`; then locks: first, second ... last again.

    Without locks it is a budget: what fills it waits until the window has room again.
    """

    count: int
    period_s: float
    locks_s: tuple[float, ...]

    @property
    def forget_s(self) -> float:
        """How long after a lock its length is remembered: the next one is longer until then."""
        return max((self.period_s, *self.locks_s))


@dataclass(frozen=True, slots=True)
class State:
    """Times of the counted failures (oldest first), and the last lock.

    `filled_at` is the time of the try that set the lock; `level` the number of locks so far.
    """

    failures: tuple[float, ...] = ()
    locked_until: float = 0.0
    filled_at: float = 0.0
    level: int = 0


def locked_until(states: Sequence[State], now: float) -> float | None:
    """Return when the longest lock ends that holds at `now`, or None when there is none."""
    until = max((state.locked_until for state in states), default=0.0)
    return until if until > now else None


def fail(rule: Rule, state: State, now: float) -> State:
    """Count one failure at `now`; the one that fills the window sets the lock.

    After a lock has passed while the window is still full, a single failure locks again, for
    longer. To be called only when `locked_until` says None.
    """
    recent = [at for at in state.failures if at > now - rule.period_s]
    failures = (*recent, now)[-MEMORY_FACTOR * rule.count :]
    level = 0 if now >= state.locked_until + rule.forget_s else state.level
    if len(failures) < rule.count:
        return State(failures, state.locked_until, state.filled_at, level)
    if not rule.locks_s:
        return State(failures, failures[-rule.count] + rule.period_s, now, level)
    lock = rule.locks_s[min(level, len(rule.locks_s) - 1)]
    return State(failures, now + lock, now, level + 1)


def take_back(rule: Rule, state: State, at: float) -> State:
    """Undo the failure counted at `at`, which proved to be none, and the lock that it set.

    A lock that another try set stays, unless the window is no longer full without this one.
    """
    if at not in state.failures:
        return state
    failures = list(state.failures)
    failures.remove(at)
    holds = state.filled_at != at and len(failures) >= rule.count
    if state.locked_until <= at or holds:
        return State(tuple(failures), state.locked_until, state.filled_at, state.level)
    return State(tuple(failures), 0.0, 0.0, max(0, state.level - 1))


def keep_s(rule: Rule, state: State, now: float) -> float:
    """Return for how long the state still means something, in seconds from `now`."""
    return max(now + rule.period_s, state.locked_until + rule.forget_s) - now
