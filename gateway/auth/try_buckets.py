"""Which counters of `[lockout]` a try meets, and what they are called in the store.

Names and addresses are hidden before they reach the store. `place` is an address as
`auth/lockout.py:place_of` gives it, `browser` the id of a known browser; both are free text here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from gateway.auth.ports import Bucket
from gateway.auth.sealing import Sealer
from gateway.settings.model import Lockout as Rules
from gateway.settings.model import Rate

_DAY: Final = timedelta(days=1)


class TryBuckets:
    """The counters, by rule."""

    def __init__(self, sealer: Sealer, rules: Rules) -> None:
        self._sealer: Final = sealer
        self._rules: Final = rules

    def pair(self, user: str, place: str) -> Bucket:
        """Return the counter of a user's wrong passwords from one place."""
        return self._of_pairs(user, "pair", place)

    def pairs_of(self, user: str) -> str:
        """Return how the names of all counters of this user's places and browsers begin."""
        return self._sealer.hidden("failures", "password", "pairs of", user) + "."

    def address(self, step: str, place: str) -> Bucket:
        """Return the counter of one place, whoever is named there."""
        return self._bucket(self._rules.address, step, "address", place)

    def user(self, step: str, user: str) -> Bucket:
        """Return the counter of one user, wherever the tries come from."""
        return self._bucket(self._rules.user, step, "user", user)

    def day(self, user: str) -> Bucket:
        """Return the counter of a user's wrong codes in a day."""
        day = Rate(self._rules.codes_per_day, _DAY)
        return self._bucket(day, "code", "day", user, locks=(_DAY,))

    def at_usual_places(self, user: str) -> Bucket:
        """Return the counter of wrong passwords at the user's usual places, all together."""
        return self._bucket(self._rules.user, "password", "user at usual places", user)

    def in_known_browsers(self, step: str, user: str) -> Bucket:
        """Return the counter of one user in browsers that know them, all together."""
        return self._bucket(self._rules.user, step, "user in known browsers", user)

    def known_browser(self, user: str, browser: str) -> Bucket:
        """Return the counter of a user's wrong passwords in one browser that knows them."""
        return self._of_pairs(user, "browser", browser)

    def of_user(self, user: str) -> list[Bucket]:
        """Return all counters of a user but those whose names begin as `pairs_of` says."""
        return [
            self.user("password", user),
            self.user("code", user),
            self.day(user),
            self.at_usual_places(user),
            self.in_known_browsers("password", user),
            self.in_known_browsers("code", user),
        ]

    def usual_place(self, user: str, place: str) -> str:
        """Return the name under which the store remembers that a user logs on at a place."""
        return self._sealer.hidden("usual place", user, place)

    def _of_pairs(self, user: str, kind: str, where: str) -> Bucket:
        """Return a counter whose name begins with what stands for the user."""
        bucket = self._bucket(self._rules.user_and_address, "password", kind, user, where)
        return replace(bucket, name=self.pairs_of(user) + bucket.name)

    def _bucket(
        self, rate: Rate, step: str, kind: str, *who: str, locks: tuple[timedelta, ...] = ()
    ) -> Bucket:
        return Bucket(
            name=self._sealer.hidden("failures", step, kind, *who),
            count=rate.count,
            period_s=rate.period.total_seconds(),
            locks_s=tuple(lock.total_seconds() for lock in locks or self._rules.lock),
        )
