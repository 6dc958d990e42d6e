"""Session records in Redis: `SessionStore`.

A session is a hash `portvakt:session:<key>` (record, last use, longest pause, index, label), a
user's sessions are a sorted set `portvakt:sessions-of:<user>`; an end is announced on
`portvakt:ended`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from redis.asyncio.client import PubSub

from gateway.auth.ports import SessionListing, SessionPlace, StoredSession, Unavailable, Use
from gateway.store.link import ANSWER_TIMEOUT_S, Link
from gateway.store.together import Together

_BATCH: Final = 200
_QUIET_S: Final = 2.0
"""How long the channel may be silent before the listener asks whether the line is alive."""
_AGAIN_S: Final = 0.5


class RedisSessions:
    """Sealed session records by key, each step atomic."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._together = Together(link)
        self._session: Final = link.prefix + "session:"
        self._index: Final = link.prefix + "sessions-of:"
        self._channel: Final = link.prefix + "ended"

    async def open(self, key: str, stored: StoredSession, place: SessionPlace) -> Sequence[str]:
        """Write a new record, index it by user, end the one it replaces and the oldest too many."""
        ended = await self._link.script(
            "session_open",
            [self._session + key, self._index + place.user],
            [
                key,
                stored.record,
                repr(stored.seen),
                milliseconds(place.lifetime_s),
                place.limit,
                self._session,
                place.replaces or "",
                self._channel,
                place.label,
            ],
        )
        return _names(ended)

    async def read(self, key: str) -> StoredSession | None:
        """Return the record, or None when there is none."""
        fields = ("record", "seen", "idle")
        record, seen, idle = await self._together.call("HMGET", self._session + key, *fields)
        if record is None or seen is None:
            return None
        return StoredSession(record, float(seen), float(idle or 0))

    async def touch(self, uses: Sequence[Use]) -> Sequence[bool]:
        """Move each last use forward; answer whether each session is still there."""
        there: list[bool] = []
        for start in range(0, len(uses), _BATCH):
            batch = uses[start : start + _BATCH]
            keys = [self._session + use.key for use in batch]
            args: list[str | bytes | float] = []
            for use in batch:
                args += [repr(use.seen), milliseconds(use.lifetime_s), repr(use.idle_s)]
            answers = await self._link.script("session_touch", keys, args)
            there += [answer == 1 for answer in answers]
        return there

    async def end(self, key: str, user: str) -> bool:
        """Delete the record and announce it; False when it was not there."""
        return bool(await self._end(user, "one", key))

    async def end_all(self, user: str, *, but: str | None = None) -> Sequence[str]:
        """End every session of `user` (but one); return their keys."""
        return await self._end(user, "all-but", but or "")

    async def _end(self, user: str, which: str, one: str) -> list[str]:
        args = [self._session, self._channel, which, one]
        return _names(await self._link.script("session_end", [self._index + user], args))

    async def keys_of(self, user: str) -> Sequence[str]:
        """Return the live keys of `user`, oldest first."""
        return _names(
            await self._link.script("session_keys", [self._index + user], [self._session])
        )

    async def labels(self, keys: Sequence[str]) -> Sequence[SessionListing]:
        """Return the listings of those sessions that live."""
        found: list[SessionListing] = []
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            answer = await self._link.script(
                "session_labels", [self._session + key for key in batch], []
            )
            for key, label, seen in zip(batch, answer[::2], answer[1::2], strict=True):
                if seen:
                    found.append(SessionListing(key, label, float(seen)))
        return found

    async def all_keys(self) -> AsyncIterator[Sequence[str]]:
        """Yield the keys of all live sessions, each once."""
        known: set[str] = set()
        async for names in self._link.scan(self._session):
            fresh = [name.decode("ascii", "replace") for name in names]
            batch = [key for key in dict.fromkeys(fresh) if key not in known]
            known.update(batch)
            yield batch

    async def ended(self) -> AsyncIterator[str | None]:
        """Yield the key of each session that ends, anywhere; None after any gap in listening."""
        while True:
            try:
                async with self._link.channel(self._channel) as listener:
                    moves = self._link.moves
                    while moves == self._link.moves:  # the old master may fall silent
                        kind, name = await _next(listener)
                        if kind == "subscribe":
                            yield None
                        elif kind == "message":
                            yield name
            except Unavailable:
                await asyncio.sleep(_AGAIN_S)

    async def ping(self) -> None:
        """Raise Unavailable when Redis does not answer."""
        await self._link.ping()


async def _next(listener: PubSub) -> tuple[str, str]:
    """Return kind and text of the next message; a line that is silent for long is asked first."""
    message: dict[str, Any] | None = await listener.get_message(timeout=_QUIET_S)
    if message is None:
        await listener.ping()
        message = await listener.get_message(timeout=ANSWER_TIMEOUT_S)
        if message is None:
            raise Unavailable("redis")
    data = message["data"]
    return message["type"], data.decode() if isinstance(data, bytes) else ""


def milliseconds(seconds: float) -> int:
    """Return a lifetime as Redis takes it: whole milliseconds, at least one."""
    return max(1, math.ceil(seconds * 1000))


def _names(answer: Sequence[bytes]) -> list[str]:
    return [name.decode() for name in answer]
