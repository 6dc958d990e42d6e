"""The sessions that one worker knows: bounded, one object a session, found by token or by key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from weakref import WeakValueDictionary

from gateway.auth.live import LiveSession


class SessionCache:
    """Live sessions only; what a stranger sends never takes a place.

    When it is full, the session that came first goes, unless it was used since it came (a clock
    in place of a list of uses, so that the hot path moves nothing) or somebody watches it. The
    names by key hold nothing alive: a session that left the cache is still found by its key, and
    told of its end, while a request holds it.
    """

    def __init__(self, limit: int) -> None:
        self._limit: Final = limit
        self.by_token: Final[dict[bytes, LiveSession]] = {}
        self._by_key: Final[WeakValueDictionary[str, LiveSession]] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self.by_token)

    def find(self, key: str) -> LiveSession | None:
        """Return the session of a key as long as anybody holds it."""
        return self._by_key.get(key)

    def all(self) -> Iterable[LiveSession]:
        """Return every session that is cached or still held by somebody."""
        return list(self._by_key.values())

    def put(self, live: LiveSession) -> None:
        """Remember a session, and let another one go when there are too many."""
        live.cached_at = live.seen
        self.by_token[live.token] = live
        self._by_key[live.key] = live
        if len(self.by_token) > self._limit:
            self._make_room()

    def forget(self, live: LiveSession) -> None:
        """Take a session out of the cache; the next request reads it again."""
        self.by_token.pop(live.token, None)

    def drop(self, key: str) -> LiveSession | None:
        """Take the session of a key out of both tables, and return it."""
        live = self._by_key.pop(key, None)
        if live is not None:
            self.forget(live)
        return live

    def _make_room(self) -> None:
        """Let the first one go that was not used since it came; after one round, any unwatched."""
        rounds = len(self.by_token)
        for turn in range(2 * rounds):
            token, first = next(iter(self.by_token.items()))
            del self.by_token[token]
            used = first.seen > first.cached_at and turn < rounds
            if not first.watchers and not used:
                return
            first.cached_at = first.seen
            self.by_token[token] = first
