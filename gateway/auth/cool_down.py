"""A pause after a reset in which the number can be changed in the office only.

Whoever has the phone for an hour can reset the password with it, and log on. Without the pause they
could bind a phone of their own and keep the account (threat model: SIM swap, NIST SP 800-63B).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.auth.ports import FailureStore
from gateway.auth.sealing import Sealer


class CoolDown:
    """Remembers for `[self_service] cool_down` who has reset their password. Raises Unavailable."""

    def __init__(self, store: FailureStore, sealer: Sealer, lasts: timedelta) -> None:
        self._store: Final = store
        self._sealer: Final = sealer
        self.lasts: Final = lasts

    async def begin(self, user: str) -> None:
        """Begin it for a user, or begin it anew."""
        if self.lasts:
            await self._store.remember(self._name(user), self.lasts.total_seconds())

    async def holds(self, user: str) -> bool:
        """Whether it holds for a user now; never with a duration of nothing."""
        return bool(self.lasts) and await self._store.remembers(self._name(user))

    def _name(self, user: str) -> str:
        return self._sealer.hidden("reset lately", user)
