"""How many wrong passwords and codes are judged: the buckets of `[lockout]`.

A try is spent before it is judged and given back when it was right, so racing tries cannot outrun
the count (NIST SP 800-63B section 5.2.2, ASVS 6.3.1). Unknown users count like known ones.

No lock is a weapon against one user: in a browser that they have logged on with before tries are
judged by counters of that browser, and at their usual place (an address, or a named network) by
another than the one that strangers can fill. Both are bounded as `user` is.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple

from gateway.auth.cool_down import CoolDown
from gateway.auth.known_browsers import known_browser, with_logon
from gateway.auth.model import Client
from gateway.auth.outcomes import LockedOut
from gateway.auth.ports import Bucket, Clock, FailureStore
from gateway.auth.sealing import Sealer
from gateway.auth.try_buckets import TryBuckets
from gateway.settings.model import Lockout as Rules
from policies.lockout import locked_until
from policies.networks import INTERNET

USUAL: Final = timedelta(days=30)
"""How long a place is a usual one after a logon there."""
PATIENCE_S: Final = 10.0
"""How long a try waits for others that are being judged before it is told to come back."""
_IPV6_PREFIX: Final = 64
"""What one customer has: whoever holds one IPv6 address can take any other of its /64."""


class Met(NamedTuple):
    """The counters that a try meets: of this user here, and of others too."""

    own: tuple[Bucket, ...]
    shared: tuple[Bucket, ...]


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
        *,
        cool_down: timedelta = timedelta(0),
    ) -> None:
        """Share `open_tries` with every other Lockout of the worker; without, there is none.

        `cool_down` is how long a number stays as it is after a reset.
        """
        self._store: Final = store
        self._sealer: Final = sealer
        self._clock: Final = clock
        self._buckets: Final = TryBuckets(sealer, rules)
        self._open: Final = open_tries or OpenTries()
        self.cool_down: Final = CoolDown(store, sealer, cool_down)

    async def password(self, user: str, client: Client) -> Try | LockedOut:
        """Spend a try of a password for a canonical user name. Raises Unavailable."""
        buckets, place = self._buckets, place_of(client.address)
        pair = buckets.pair(user, place)
        address, everywhere = buckets.address("password", place), buckets.user("password", user)
        browser = self._known(user, client)
        if browser is not None:
            own = (buckets.known_browser(user, browser),)
            judged = Met(own, (buckets.in_known_browsers("password", user),))
            return await self._spend_apart(judged, Met((pair,), (address, everywhere)))
        counted = await self._spend(Met((pair,), (address, everywhere)))
        if isinstance(counted, Try) or not await self._is_usual(user, client):
            return counted
        return await self._spend(Met((pair,), (address, buckets.at_usual_places(user))))

    async def code(self, user: str, client: Client) -> Try | LockedOut:
        """Spend a try of a one-time password: by address, by user, and by user and day.

        The day's count is one for all browsers: no more codes than that are ever judged.
        """
        buckets, day = self._buckets, self._buckets.day(user)
        elsewhere = (buckets.address("code", place_of(client.address)), buckets.user("code", user))
        if self._known(user, client) is None:
            return await self._spend(Met((), (*elsewhere, day)))
        judged = (buckets.in_known_browsers("code", user), day)
        return await self._spend_apart(Met((), judged), Met((), elsewhere))

    async def recognise(self, user: str, client: Client) -> str:
        """Remember that a user has logged on in this browser and from here.

        Returns what the browser is to keep (`auth/known_browsers.py`). Raises Unavailable.
        """
        name = self._buckets.usual_place(user, _usual(client))
        await self._store.remember(name, USUAL.total_seconds())
        return with_logon(client.known, user, self._sealer, self._clock.now())

    async def look(self, user: str, address: str) -> list[Count]:
        """Return all counters that a logon of a user ("": nobody) from an address meets.

        Counts nothing, and knows no browser: a known one is not locked out by these. Raises
        Unavailable.
        """
        place, now, of = place_of(address), self._clock.now(), self._buckets
        passwords = (
            of.pair(user, place),
            of.address("password", place),
            of.user("password", user),
        )
        buckets = (*passwords, of.address("code", place), of.user("code", user), of.day(user))
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
        await self._store.clear([self._buckets.pair(user, place_of(address))])

    async def unlock(self, user: str) -> None:
        """Forget the user's failures and locks, from wherever they came. Raises Unavailable."""
        await self._store.clear_like(self._buckets.pairs_of(user))
        await self._store.clear(self._buckets.of_user(user))

    def _known(self, user: str, client: Client) -> str | None:
        return known_browser(client.known, user, self._sealer, self._clock.now())

    async def _is_usual(self, user: str, client: Client) -> bool:
        return await self._store.remembers(self._buckets.usual_place(user, _usual(client)))

    async def _spend_apart(self, judged: Met, others: Met) -> Try | LockedOut:
        """Spend a try that only `judged` can lock; it counts in `others` too, where there is room.

        What is spent here is not left for strangers to spend once more.
        """
        counted = await self._spend(judged)
        if isinstance(counted, LockedOut):
            return counted
        at = counted.at
        own = [one for one in others.own if await self._store.spend([one], at) is None]
        shared = [one for one in others.shared if await self._store.spend([one], at) is None]
        counted = Try((*judged.own, *own), (*judged.shared, *shared), counted.at, counted.settled)
        self._open.add(counted)
        return counted

    async def _spend(self, met: Met) -> Try | LockedOut:
        buckets = (*met.own, *met.shared)
        names = frozenset(bucket.name for bucket in buckets)
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            now = self._clock.now()
            until = await self._store.spend(buckets, now)
            if until is None:
                counted = Try(met.own, met.shared, now)
                self._open.add(counted)
                return counted
            rivals = self._open.in_buckets(names)
            if not rivals or not await _all_settled(rivals, deadline):
                return LockedOut(wait_s=max(1, math.ceil(until - now)))


async def _all_settled(tries: Iterable[Try], deadline: float) -> bool:
    """Wait until every try is judged; False when that takes too long (in the loop's time)."""
    try:
        async with asyncio.timeout_at(deadline):
            for one in tries:
                await one.settled.wait()
    except TimeoutError:
        return False
    return True


@lru_cache(maxsize=4096)
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


def _usual(client: Client) -> str:
    """Return where somebody is, for remembering: a named network as a whole, else the address."""
    return client.network if client.network != INTERNET else place_of(client.address)
