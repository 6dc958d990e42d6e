"""Counters of failures in Redis: `FailureStore`. The rule is policies/lockout.py, in Lua."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.auth.ports import Bucket
from gateway.store.link import Link
from policies.lockout import State


class RedisFailures:
    """Failures counted over a sliding window, shared by all workers."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._failures: Final = link.prefix + "failures:"
        self._remembered: Final = link.prefix + "remembered:"

    async def spend(self, buckets: Sequence[Bucket], now: float) -> float | None:
        """Count one try in every bucket unless one is locked; None or the end of the lock."""
        answer = await self._run("spend", buckets, now)
        return float(answer) if answer else None

    async def states(self, buckets: Sequence[Bucket]) -> Sequence[State]:
        """Return what stands in each counter, one after the other."""
        return [_state(await self._link.call("GET", self._failures + one.name)) for one in buckets]

    async def refund(self, buckets: Sequence[Bucket], at: float) -> None:
        """Take back the try that was counted at `at`."""
        await self._run("refund", buckets, at)

    async def clear(self, buckets: Sequence[Bucket]) -> None:
        """Forget failures and locks of these buckets."""
        if buckets:
            await self._link.call("DEL", *(self._failures + bucket.name for bucket in buckets))

    async def clear_like(self, prefix: str) -> None:
        """Forget failures and locks of every counter whose name begins so."""
        async for names in self._link.scan(self._failures + prefix):
            if names:
                await self._link.call(
                    "DEL", *(f"{self._failures}{prefix}{name.decode()}" for name in names)
                )

    async def remember(self, name: str, seconds: float) -> None:
        """Remember a name for so long."""
        await self._link.call("SET", self._remembered + name, "1", "PX", int(seconds * 1000))

    async def remembers(self, name: str) -> bool:
        """Whether a name is remembered."""
        return await self._link.call("GET", self._remembered + name) is not None

    async def _run(self, what: str, buckets: Sequence[Bucket], at: float) -> bytes:
        args: list[str | bytes | float] = [what, repr(at)]
        for bucket in buckets:
            locks = [repr(float(lock)) for lock in bucket.locks_s]
            args += [bucket.count, repr(float(bucket.period_s)), len(locks), *locks]
        keys = [self._failures + bucket.name for bucket in buckets]
        answer: bytes = await self._link.script("failures", keys, args)
        return answer


def _state(text: bytes | None) -> State:
    """Read a counter as scripts/failures.lua writes it."""
    if text is None:
        return State()
    locked_until, filled_at, level, *failures = (float(word) for word in text.split())
    return State(tuple(failures), locked_until, filled_at, int(level))
