"""An employee's own sessions: seen, and ended from another device (ASVS 7.5.2, 7.4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.auth.model import Client, SessionRecord
from gateway.auth.sealing import key_name
from gateway.auth.session_list import ListedSession, SessionList
from gateway.auth.sessions import Sessions

_REASON: Final = "ended-by-user"


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One of them; `is_this` is the one that asks."""

    listed: ListedSession
    is_this: bool


class OwnSessions:
    """Every method raises Unavailable when the store is away."""

    def __init__(self, sessions: Sessions, listing: SessionList) -> None:
        self._sessions: Final = sessions
        self._listing: Final = listing

    async def view(self, session: SessionRecord, token: str) -> Sequence[OwnSession]:
        """Return the sessions of whoever is logged on with `token`: this one, then the newest."""
        mine = key_name(token.encode())
        listed = await self._listing.of_user(session.user)
        found = [OwnSession(one, one.key == mine) for one in listed]
        return sorted(found, key=lambda one: not one.is_this)

    async def end(self, session: SessionRecord, key: str, client: Client) -> bool:
        """End the one with this key; False when it is not one of theirs, or has ended."""
        return await self._sessions.end_listed(key, session.user, client, _REASON)

    async def end_others(self, session: SessionRecord, token: str, client: Client) -> int:
        """End all but the one of `token`; return how many."""
        return await self._sessions.end_all(session.user, client, _REASON, but=token)
