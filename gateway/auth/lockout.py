"""How many wrong passwords and codes are judged: the buckets of `[lockout]`.

A try is spent before it is judged and given back when it was right, so racing tries cannot outrun
the count (NIST SP 800-63B section 5.2.2, ASVS 6.3.1). Unknown users count like known ones. Names
and addresses are hidden before they reach the store.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from gateway.auth.outcomes import LockedOut
from gateway.auth.ports import Bucket, Clock, FailureStore
from gateway.auth.sealing import Sealer
from gateway.settings.model import Lockout as Rules
from gateway.settings.model import Rate
from policies.lockout import locked_until

_DAY: Final = timedelta(days=1)
PATIENCE_S: Final = 10.0
"""How long a try waits for others that are being judged before it is told to come back."""
_IPV6_PREFIX: Final = 64
"""What one customer has: whoever holds one IPv6 address can take any other of its /64."""


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    """One try that was counted at `at` (seconds) in `own` and `shared` buckets.

    `own` are of this user at this address: a right password forgives what is in them. `shared`
    are of others too: only this one try is taken back. Whoever got it sets `settled` when it is
    judged and, where it was right, taken back.
    """

    own: tuple[Bucket, ...]
    shared: tuple[Bucket, ...]
    at: float
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def meets(self, names: Collection[str]) -> bool:
        """Whether it was counted in one of these buckets."""
        return any(bucket.name in names for bucket in (*self.own, *self.shared))


class OpenTries:
    """The tries that are being judged in this worker, under whatever configuration they began."""

    def __init__(self) -> None:
        self._tries: set[Try] = set()

    def add(self, counted: Try) -> None:
        """Keep a try until it is settled."""
        self._tries = {one for one in self._tries if not one.settled.is_set()} | {counted}

    def in_buckets(self, names: Collection[str]) -> list[Try]:
        """Return those not yet judged that were counted in one of these buckets."""
        return [one for one in self._tries if one.meets(names) and not one.settled.is_set()]


@dataclass(frozen=True, slots=True)
class Count:
    """What stands in one counter: `of` is its key in `[lockout]`, `step` "password" or "code".

    `locked_until` is in seconds since the epoch, None when there is no lock.
    """

    step: str
    of: str
    failures: int
    most: int
    locked_until: float | None


class Lockout:
    """Spends tries. A lock of codes never blocks the password step.

    A lock that holds only because tries are still being judged is no lock yet: those that come
    meanwhile wait for them. So a hundred people who log on at once behind one address get in.
    """

    def __init__(
        self,
        store: FailureStore,
        sealer: Sealer,
        rules: Rules,
        clock: Clock,
        open_tries: OpenTries | None = None,
    ) -> None:
        """Share `open_tries` with every other Lockout of the worker; without, there is none."""
        self._store: Final = store
        self._sealer: Final = sealer
        self._clock: Final = clock
        self._rules: Final = rules
        self._open: Final = open_tries or OpenTries()

    async def password(self, user: str, address: str) -> Try | LockedOut:
        """Spend a try of a password for a canonical user name. Raises Unavailable."""
        place = place_of(address)
        return await self._spend((self._pair(user, place),), self._of_passwords(user, place))

    async def code(self, user: str, address: str) -> Try | LockedOut:
        """Spend a try of a one-time password: by address, by user, and by user and day."""
        return await self._spend((), self._of_codes(user, place_of(address)))

    async def look(self, user: str, address: str) -> list[Count]:
        """Return all counters that a logon of a user ("": nobody) from an address meets.

        Counts nothing. Raises Unavailable.
        """
        place, now = place_of(address), self._clock.now()
        passwords = (self._pair(user, place), *self._of_passwords(user, place))
        codes = self._of_codes(user, place)
        buckets = (*passwords, *codes)
        names = ("user_and_address", "address", "user", "address", "user", "codes_per_day")
        return [
            Count(
                step="password" if bucket in passwords else "code",
                of=name,
                failures=sum(at > now - bucket.period_s for at in state.failures),
                most=bucket.count,
                locked_until=locked_until([state], now),
            )
            for bucket, name, state in zip(
                buckets, names, await self._store.states(buckets), strict=True
            )
            if user or name == "address"
        ]

    async def take_back(self, counted: Try) -> None:
        """Take one try back: it was not judged after all, or the code was right."""
        await self._store.refund((*counted.own, *counted.shared), counted.at)

    async def forgive(self, counted: Try) -> None:
        """Take a right password's try back and forget this user's failures from here.

        Counters of other addresses stay as they are.
        """
        await self._store.refund(counted.shared, counted.at)
        await self._store.clear(counted.own)

    async def forgive_passwords(self, user: str, address: str) -> None:
        """Forget the user's wrong passwords from here: who they are was proven in another way."""
        await self._store.clear([self._pair(user, place_of(address))])

    async def unlock(self, user: str) -> None:
        """Forget the user's failures and locks, from wherever they came. Raises Unavailable."""
        rules = self._rules
        await self._store.clear_like(self._pairs_of(user))
        await self._store.clear(
            [
                self._bucket(rules.user, "password", "user", user),
                self._bucket(rules.user, "code", "user", user),
                self._bucket(rules.user, "code", "day", user),
            ]
        )

    async def _spend(self, own: tuple[Bucket, ...], shared: tuple[Bucket, ...]) -> Try | LockedOut:
        buckets = (*own, *shared)
        names = frozenset(bucket.name for bucket in buckets)
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            now = self._clock.now()
            until = await self._store.spend(buckets, now)
            if until is None:
                counted = Try(own, shared, now)
                self._open.add(counted)
                return counted
            rivals = self._open.in_buckets(names)
            if not rivals or not await _all_settled(rivals, deadline):
                return LockedOut(wait_s=max(1, math.ceil(until - now)))

    def _of_passwords(self, user: str, place: str) -> tuple[Bucket, ...]:
        return (
            self._bucket(self._rules.address, "password", "address", place),
            self._bucket(self._rules.user, "password", "user", user),
        )

    def _of_codes(self, user: str, place: str) -> tuple[Bucket, ...]:
        day = Rate(self._rules.codes_per_day, _DAY)
        return (
            self._bucket(self._rules.address, "code", "address", place),
            self._bucket(self._rules.user, "code", "user", user),
            self._bucket(day, "code", "day", user, locks=(_DAY,)),
        )

    def _pair(self, user: str, place: str) -> Bucket:
        """Return the counter of a user's wrong passwords from one place.

        Its name begins with what stands for the user, so that all of them can be found.
        """
        bucket = self._bucket(self._rules.user_and_address, "password", "pair", user, place)
        return replace(bucket, name=self._pairs_of(user) + bucket.name)

    def _pairs_of(self, user: str) -> str:
        return self._sealer.hidden("failures", "password", "pairs of", user) + "."

    def _bucket(
        self, rate: Rate, step: str, kind: str, *who: str, locks: tuple[timedelta, ...] = ()
    ) -> Bucket:
        return Bucket(
            name=self._sealer.hidden("failures", step, kind, *who),
            count=rate.count,
            period_s=rate.period.total_seconds(),
            locks_s=tuple(lock.total_seconds() for lock in locks or self._rules.lock),
        )


async def _all_settled(tries: Iterable[Try], deadline: float) -> bool:
    """Wait until every try is judged; False when that takes too long (in the loop's time)."""
    try:
        async with asyncio.timeout_at(deadline):
            for one in tries:
                await one.settled.wait()
    except TimeoutError:
        return False
    return True


def place_of(address: str) -> str:
    """Return what an address counts as: an IPv6 one by its network, a mapped one as IPv4."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), _IPV6_PREFIX), strict=False))
