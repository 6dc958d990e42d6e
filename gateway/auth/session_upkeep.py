"""What happens to sessions behind the requests: uses written down, ends heard, time run out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from typing import Any, Final, Protocol, cast

from gateway.auth.live import LiveSession
from gateway.auth.ports import Clock, SessionStore, Unavailable, Use
from gateway.auth.session_cache import SessionCache
from gateway.auth.session_times import SessionTimes
from gateway.tasks import end, spawn

TICK_S: Final = 1.0
_BATCH: Final = 500


class _Owner(Protocol):
    """What the sessions must hear."""

    times: SessionTimes

    def reached(self) -> None: ...
    def heard(self, key: str) -> None: ...
    def doubt(self) -> None: ...


class SessionUpkeep:
    """The background of one worker's sessions.

    `dirty` holds the sessions whose last use is not written down; the hot path appends to it.
    """

    def __init__(
        self, store: SessionStore, cache: SessionCache, owner: _Owner, clock: Clock
    ) -> None:
        self.dirty: Final[list[LiveSession]] = []
        self._store: Final = store
        self._cache: Final = cache
        self._owner: Final = owner
        self._clock: Final = clock
        self._unsure = False

    async def run(self) -> None:
        """Listen and tick until cancelled; then write down what is known."""
        # Not a TaskGroup: it cancels once, and the driver may lose that while it connects.
        tasks = [
            spawn(self._listen(), "listen for ended sessions"),
            spawn(self._tick_for_ever(), "sessions upkeep"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end(tasks)
            await self._last_words()

    async def _last_words(self) -> None:
        """Write down every use when the worker stops, if the store answers."""
        try:
            await self._touch(self._take_due(everything=True))
        except Unavailable:
            return

    async def _tick_for_ever(self) -> None:
        while True:
            await self.tick()
            await asyncio.sleep(TICK_S)

    async def _listen(self) -> None:
        # The port promises an async generator; closing it gives its connection back at once.
        ended = cast("Any", self._store.ended())
        async with aclosing(ended):
            async for key in ended:
                if key is None:
                    self._owner.doubt()
                    self._unsure = True
                else:
                    self._owner.heard(key)

    async def tick(self) -> None:
        """Do one round. Raises nothing: a store that is away is asked again in the next one."""
        try:
            await self._store.ping()
            self._owner.reached()
            if self._unsure:
                self._unsure = False
                await self._touch(self._cache.all())
            await self._touch(self._take_due())
        except Unavailable:
            self._unsure = True
        self._end_expired()
        await self._ask_for_idle()

    def _take_due(self, *, everything: bool = False) -> list[LiveSession]:
        """Take the sessions out of `dirty` whose last write is an interval ago."""
        before = self._clock.now() - self._owner.times.interval_s
        due: dict[LiveSession, None] = {}
        rest: dict[LiveSession, None] = {}
        for live in self.dirty:
            if live.dirty:  # else it was written down with others meanwhile
                (due if everything or live.written_at <= before else rest)[live] = None
        self.dirty[:] = rest
        return list(due)

    async def _touch(self, lives: Iterable[LiveSession]) -> None:
        """Write down last uses. A session that is not there any more has ended.

        Where the store does not answer, what was not written is dirty again; raises Unavailable.
        """
        waiting = [live for live in lives if not live.ended]
        for start in range(0, len(waiting), _BATCH):
            batch = waiting[start : start + _BATCH]
            try:
                there = await self._write(batch)
            except Unavailable:
                self.dirty.extend(waiting[start:])
                raise
            for live, alive in zip(batch, there, strict=True):
                if not alive:
                    self._owner.heard(live.key)

    async def _write(self, batch: Sequence[LiveSession]) -> Sequence[bool]:
        """Touch one batch; a use that comes meanwhile makes the session dirty again."""
        now = self._clock.now()
        lines = []
        for live in batch:
            lifetime_s = self._owner.times.store_lifetime(live.record.created, live.seen, now)
            lines.append(Use(live.key, live.seen, lifetime_s, live.idle_s))
            live.dirty = False
            live.written_at = now
        try:
            there = await self._store.touch(lines)
        except Unavailable:
            for live in batch:
                live.dirty = True
                live.written_at = 0.0
            raise
        self._owner.reached()
        return there

    def _end_expired(self) -> None:
        """End what has reached its absolute end, so that its watchers hear of it by themselves."""
        now = self._clock.now()
        for live in self._cache.all():
            if now >= live.absolute_end:
                self._owner.heard(live.key)

    async def _ask_for_idle(self) -> None:
        """Judge what seems idle here by what other workers have written down.

        Only where somebody watches; the rest is left to the next request. While the store is away
        nobody can know, and nothing ends.
        """
        now = self._clock.now()
        for live in self._cache.all():
            if now < live.expires_at:
                continue
            if not live.watchers:
                self._cache.forget(live)
                continue
            try:
                await self._ask_again(live)
            except Unavailable:
                return

    async def _ask_again(self, live: LiveSession) -> None:
        stored = await self._store.read(live.key)
        self._owner.reached()
        if stored is not None:
            self._owner.times.judge_anew(live, max(stored.seen, live.seen))
            live.idle_s = max(stored.idle_s, live.idle_s)
        if stored is None or self._clock.now() >= live.expires_at:
            self._owner.heard(live.key)
