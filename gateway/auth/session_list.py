"""Live sessions as people see them: of one user, or of everybody (ASVS 7.5.2, 7.4.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.auth.ports import Clock, SessionStore
from gateway.auth.sealing import Sealer
from gateway.auth.session_labels import SessionLabel, open_label, user_index
from gateway.settings.model import Session as Rules
from policies.sessions import expires_at


@dataclass(frozen=True, slots=True)
class ListedSession:
    """One live session. `key` names it and opens nothing; `seen` and `expires_at` in seconds.

    The last use is written behind, so it may be a minute older than the truth.
    """

    key: str
    label: SessionLabel
    seen: float
    expires_at: float


class SessionList:
    """Lists what lives. Every method raises Unavailable when the store is away."""

    def __init__(self, store: SessionStore, sealer: Sealer, rules: Rules, clock: Clock) -> None:
        self._store: Final = store
        self._sealer: Final = sealer
        self._clock: Final = clock
        self._rules: Final = rules

    async def of_user(self, user: str) -> Sequence[ListedSession]:
        """Return the sessions of a canonical user name, the newest first."""
        keys = await self._store.keys_of(user_index(self._sealer, user))
        return (await self._listed(keys))[::-1]

    async def everybody(self) -> AsyncIterator[ListedSession]:
        """Yield every live session once, in no order."""
        async for keys in self._store.all_keys():
            for one in await self._listed(keys):
                yield one

    async def _listed(self, keys: Sequence[str]) -> list[ListedSession]:
        now = self._clock.now()
        idle_s = self._rules.idle.total_seconds()
        absolute_s = self._rules.absolute.total_seconds()
        found = []
        for listing in await self._store.labels(keys):
            label = open_label(self._sealer, listing.key, listing.label)
            if label is None:  # sealed with another secret: no cookie opens that session either
                continue
            end = expires_at(label.created, listing.seen, idle_s, absolute_s)
            if now < end:
                found.append(ListedSession(listing.key, label, listing.seen, end))
        return found
