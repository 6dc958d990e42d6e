"""Fakes of the ports of the logon domain, held to the same contracts as the real adapters."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from gateway.auth.model import Person
from gateway.auth.ports import (
    AuditEvent,
    Bucket,
    Judged,
    KeptRefusal,
    NewChallenge,
    PasswordRefused,
    SessionListing,
    SessionPlace,
    StoredChallenge,
    StoredSession,
    Unavailable,
    Use,
)
from gateway.auth.sms_ports import Taken
from policies import lockout

MORNING = 1_790_000_000.0


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: float = MORNING) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Time that passes behind an answer is not waited for; what it was is kept."""
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def forward(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        self.time += seconds + 60 * minutes + 3600 * hours


class FakeEntropy:
    """Bytes that never repeat and are the same in every run."""

    def __init__(self) -> None:
        self.calls = 0

    def token(self, size: int) -> bytes:
        self.calls += 1
        return hashlib.shake_256(str(self.calls).encode()).digest(size)


@dataclass
class _Kept:
    value: StoredSession
    user: str
    until: float
    label: bytes


@dataclass
class _Challenge:
    value: StoredChallenge
    digest: str
    until: float


@dataclass
class FakeStore:
    """All three stores in memory; `down` makes every call raise Unavailable."""

    clock: FakeClock
    down: bool = False
    reads: int = 0
    touched: list[Use] = field(default_factory=list)
    kept: dict[str, _Kept] = field(default_factory=dict)
    challenges: dict[str, _Challenge] = field(default_factory=dict)
    pointers: dict[str, tuple[str, str]] = field(default_factory=dict)
    buckets: dict[str, lockout.State] = field(default_factory=dict)
    remembered: dict[str, float] = field(default_factory=dict)
    listeners: list[asyncio.Queue[str | None]] = field(default_factory=list)

    def _up(self) -> None:
        if self.down:
            raise Unavailable("redis")
        now = self.clock.now()
        self.kept = {key: kept for key, kept in self.kept.items() if kept.until > now}
        self.challenges = {key: one for key, one in self.challenges.items() if one.until > now}

    def _announce(self, key: str | None) -> None:
        for listener in self.listeners:
            listener.put_nowait(key)

    def interrupt(self) -> None:
        """Let every listener have a gap."""
        self._announce(None)

    # SessionStore

    async def open(self, key: str, stored: StoredSession, place: SessionPlace) -> Sequence[str]:
        self._up()
        ended = [place.replaces] if place.replaces in self.kept else []
        mine = [name for name in await self.keys_of(place.user) if name not in ended]
        ended += mine[: max(0, len(mine) - place.limit + 1)]
        for name in ended:
            del self.kept[name]
            self._announce(name)
        until = self.clock.now() + place.lifetime_s
        self.kept[key] = _Kept(stored, place.user, until, place.label)
        return ended

    async def read(self, key: str) -> StoredSession | None:
        await asyncio.sleep(0)
        self._up()
        self.reads += 1
        kept = self.kept.get(key)
        return None if kept is None else kept.value

    async def touch(self, uses: Sequence[Use]) -> Sequence[bool]:
        self._up()
        self.touched += uses
        there = [use.key in self.kept for use in uses]
        for use in uses:
            kept = self.kept.get(use.key)
            if kept is None:
                continue
            kept.value = replace(kept.value, idle_s=max(use.idle_s, kept.value.idle_s))
            if use.seen > kept.value.seen:
                kept.value = replace(kept.value, seen=use.seen)
                kept.until = self.clock.now() + use.lifetime_s
        return there

    async def end(self, key: str, user: str) -> bool:
        self._up()
        if self.kept.pop(key, None) is None:
            return False
        self._announce(key)
        return True

    async def end_all(self, user: str, *, but: str | None = None) -> Sequence[str]:
        keys = [key for key in await self.keys_of(user) if key != but]
        for key in keys:
            await self.end(key, user)
        return keys

    async def keys_of(self, user: str) -> Sequence[str]:
        self._up()
        return [key for key, kept in self.kept.items() if kept.user == user]

    async def labels(self, keys: Sequence[str]) -> Sequence[SessionListing]:
        self._up()
        live = [(key, self.kept[key]) for key in keys if key in self.kept]
        return [SessionListing(key, kept.label, kept.value.seen) for key, kept in live]

    async def all_keys(self) -> AsyncIterator[Sequence[str]]:
        self._up()
        yield list(self.kept)

    async def ended(self) -> AsyncIterator[str | None]:
        listener: asyncio.Queue[str | None] = asyncio.Queue()
        listener.put_nowait(None)
        self.listeners.append(listener)
        try:
            while True:
                yield await listener.get()
        finally:
            self.listeners.remove(listener)

    async def ping(self) -> None:
        self._up()

    # FailureStore

    async def spend(self, buckets: Sequence[Bucket], now: float) -> float | None:
        self._up()
        states = [self.buckets.get(bucket.name, lockout.State()) for bucket in buckets]
        until = lockout.locked_until(states, now)
        if until is None:
            for bucket, state in zip(buckets, states, strict=True):
                if bucket.count == 0:
                    continue
                self.buckets[bucket.name] = lockout.fail(_rule(bucket), state, now)
        return until

    async def states(self, buckets: Sequence[Bucket]) -> Sequence[lockout.State]:
        self._up()
        return [self.buckets.get(bucket.name, lockout.State()) for bucket in buckets]

    async def refund(self, buckets: Sequence[Bucket], at: float) -> None:
        self._up()
        for bucket in buckets:
            state = self.buckets.get(bucket.name, lockout.State())
            self.buckets[bucket.name] = lockout.take_back(_rule(bucket), state, at)

    async def clear(self, buckets: Sequence[Bucket]) -> None:
        self._up()
        for bucket in buckets:
            self.buckets.pop(bucket.name, None)

    async def clear_like(self, prefix: str) -> None:
        self._up()
        for name in [name for name in self.buckets if name.startswith(prefix)]:
            del self.buckets[name]

    async def remember(self, name: str, seconds: float) -> None:
        self._up()
        self.remembered[name] = self.clock.now() + seconds

    async def remembers(self, name: str) -> bool:
        self._up()
        return self.remembered.get(name, 0.0) > self.clock.now()


class FakeChallenges:
    """ChallengeStore over the same memory (its names overlap with those of the sessions)."""

    def __init__(self, memory: FakeStore) -> None:
        self.memory = memory

    def _there(self, key: str) -> _Challenge | None:
        self.memory._up()
        return self.memory.challenges.get(key)

    async def begin(self, challenge: NewChallenge, lifetime_s: float) -> str:
        nonce, key = self.memory.pointers.get(challenge.pointer, ("", ""))
        if self._there(key) is not None:
            return nonce
        self.memory.pointers[challenge.pointer] = (challenge.nonce, challenge.key)
        value = StoredChallenge(challenge.record, 0, 0, 0.0, "pending")
        until = self.memory.clock.now() + lifetime_s
        self.memory.challenges[challenge.key] = _Challenge(value, challenge.digest, until)
        return challenge.nonce

    async def read(self, key: str) -> StoredChallenge | None:
        found = self._there(key)
        return None if found is None else found.value

    async def judge(self, key: str, digest: str, attempts: int) -> Judged | None:
        found = self._there(key)
        if found is None:
            return None
        left = attempts - found.value.tries - 1
        right = found.digest == digest and left >= 0
        found.value = replace(found.value, tries=found.value.tries + 1)
        if right or left <= 0:
            del self.memory.challenges[key]
        if left < 0:
            return None
        return Judged(right=right, tries_left=0 if right else left)

    async def claim(self, key: str, sends: int, now: float) -> bool:
        found = self._there(key)
        if found is None or found.value.sends != sends:
            return False
        found.value = replace(found.value, sends=sends + 1, sent_at=now, delivery="pending")
        return True

    async def unclaim(self, key: str, before: StoredChallenge) -> None:
        found = self._there(key)
        if found is not None and found.value.sends == before.sends + 1:
            found.value = replace(
                found.value,
                sends=before.sends,
                sent_at=before.sent_at,
                delivery=before.delivery,
            )

    async def settle(self, key: str, send: int, delivery: str) -> None:
        found = self._there(key)
        if found is not None and found.value.sends == send:
            found.value = replace(found.value, delivery=delivery)

    async def end(self, key: str) -> None:
        if self._there(key) is not None:
            del self.memory.challenges[key]


def _rule(bucket: Bucket) -> lockout.Rule:
    return lockout.Rule(bucket.count, bucket.period_s, bucket.locks_s)


class FakeDirectory:
    """People and their passwords in clear; `down` makes every call raise Unavailable.

    `refuses` is a password that breaks a rule of its own.
    """

    def __init__(self, *people: tuple[Person, str]) -> None:
        self.people = {person.user: person for person, _ in people}
        self.passwords = {person.user: password for person, password in people}
        self.asked = 0
        self.down = False
        self.refuses = ""

    def change(self, user: str, **fields: object) -> None:
        self.people[user] = replace(self.people[user], **fields)  # type: ignore[arg-type]

    async def authenticate(self, user_name: str, password: str) -> Person | None:
        self.asked += 1
        person = await self.find(user_name)
        right = person is not None and self.passwords[person.user] == password
        return person if right and person is not None and person.enabled else None

    async def set_mobile(self, user_name: str, mobile: str | None) -> bool:
        return await self._set(user_name, lambda: self.change(user_name, mobile=mobile))

    async def set_password(self, user_name: str, password: str) -> bool:
        if password == self.refuses:
            raise PasswordRefused
        return await self._set(user_name, lambda: self.passwords.update({user_name: password}))

    async def _set(self, user_name: str, change: Callable[[], None]) -> bool:
        if await self.find(user_name) is None:
            return False
        change()
        return True

    async def find(self, user_name: str) -> Person | None:
        if self.down:
            raise Unavailable("directory")
        person = self.people.get(self.canonical(user_name))
        return person and replace(person, credential=f"of {self.passwords[person.user]}")

    def canonical(self, user_name: str) -> str:
        return user_name.strip().casefold()

    async def ping(self) -> None:
        if self.down:
            raise Unavailable("directory")


class FakeJudge:
    """Two rules: seven characters, and not the user name."""

    async def reasons(self, password: str, person: Person) -> Sequence[str]:
        found = ["too-short"] if len(password) < 7 else []
        return [*found, "holds-user-name"] if person.user in password.lower() else found


class FakeSms:
    """A phone that keeps what it gets; `failing` providers refuse, `hold` makes them slow."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.tries = 0
        self.failing = False
        self.hold: asyncio.Event | None = None

    async def send(self, mobile: str, text: str) -> Taken:
        self.tries += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.failing:
            raise Unavailable("sms")
        self.messages.append((mobile, text))
        return Taken("fake")

    def code(self) -> str:
        """Return the code of the last message, as its last line binds it to the origin."""
        return self.messages[-1][1].rpartition("#")[2]


class FakeRefusals:
    """Refusals in a dict; `down` makes every call Unavailable."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.down = False
        self.shelves: dict[str, list[str]] = {}
        self.kept: dict[str, tuple[float, bytes]] = {}

    async def keep(
        self, refusals: Sequence[KeptRefusal], shelf: str, most: int, lifetime_s: float, now: float
    ) -> None:
        if self.down:
            raise Unavailable("redis")
        names = self.shelves.setdefault(shelf, [])
        for name, sealed in refusals:
            self.kept[name] = (now + lifetime_s, sealed)
            names[:] = [*(one for one in names if one != name), name]
        while len(names) > most:
            del self.kept[names.pop(0)]

    async def read(self, name: str) -> bytes | None:
        if self.down:
            raise Unavailable("redis")
        until, sealed = self.kept.get(name, (0.0, b""))
        return sealed if self._clock.now() < until else None


class FakeDeliveries:
    """Messages and receipts in dicts; `down` makes every call Unavailable."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.down = False
        self.shelves: dict[str, tuple[float, list[bytes]]] = {}
        self.receipts: dict[str, tuple[float, bytes]] = {}

    def _answer(self) -> None:
        if self.down:
            raise Unavailable("redis")

    async def keep(self, shelf: str, sent: bytes, most: int, lifetime_s: float) -> None:
        kept = await self.read(shelf)
        self.shelves[shelf] = (self._clock.now() + lifetime_s, [sent, *kept][:most])

    async def read(self, shelf: str) -> Sequence[bytes]:
        self._answer()
        until, kept = self.shelves.get(shelf, (0.0, []))
        return kept if self._clock.now() < until else []

    async def receive(self, name: str, heard: bytes, lifetime_s: float) -> bool:
        if await self.heard(name) is not None:
            return False
        self.receipts[name] = (self._clock.now() + lifetime_s, heard)
        return True

    async def heard(self, name: str) -> bytes | None:
        self._answer()
        until, heard = self.receipts.get(name, (0.0, b""))
        return heard if self._clock.now() < until else None


class ListAudit:
    """Keeps the events in a list, unless its disk is full."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []
        self.full = False

    def write(self, event: AuditEvent) -> None:
        self.ready()
        self.events.append(event)

    def ready(self) -> None:
        if self.full:
            raise Unavailable("audit file")

    def names(self) -> list[str]:
        return [f"{event.event}:{event.outcome}" for event in self.events]
