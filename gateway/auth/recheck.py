"""Who is logged on, held to the directory as it is now, where nobody tells us of its changes.

A session carries the groups of its logon. When the directory takes one away, or the account
itself, the user's sessions end here within `recheck` (ASVS 5.0 7.4.2); a directory that does not
answer ends nothing.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from gateway.auth.live import LiveSession
from gateway.auth.model import Client, Person
from gateway.auth.ports import Clock, Unavailable

LOOK_S: Final = 5.0
DIRECTORY: Final = Client(address="", network="directory", request_id="")
"""Who did it, in the audit."""

_log = logging.getLogger("portvakt.sessions")


class _Finds(Protocol):
    async def find(self, user_name: str) -> Person | None: ...


class _Sessions(Protocol):
    def known(self) -> Iterable[LiveSession]: ...

    async def end_all(self, user: str, client: Client, reason: str) -> int: ...


class Recheck:
    """Asks about each user with a session in this worker once in a while, evenly spread.

    `current` tells the directory and how often (seconds; 0: never), as configured now.
    """

    def __init__(
        self, sessions: _Sessions, current: Callable[[], tuple[_Finds, float]], clock: Clock
    ) -> None:
        self._sessions = sessions
        self._current = current
        self._clock = clock
        self._asked: dict[str, float] = {}

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self._clock.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Ask about those whose turn it is. Raises nothing."""
        directory, every_s = self._current()
        if not every_s:
            self._asked.clear()
            return
        now = self._clock.now()
        groups: dict[str, set[str]] = {}
        for live in self._sessions.known():
            if not live.ended:
                groups.setdefault(live.record.user, set()).update(live.record.groups)
        self._asked = {user: self._asked.get(user, now) for user in groups}
        due = sorted((at, user) for user, at in self._asked.items() if at <= now - every_s + LOOK_S)
        for _, user in due[: math.ceil(2 * len(groups) * LOOK_S / every_s)]:
            try:
                await self._judge(directory, user, groups[user])
            except Unavailable as trouble:
                _log.info("sessions not held to the directory now: no %s", trouble.what)
                return
            self._asked[user] = self._clock.now()

    async def _judge(self, directory: _Finds, user: str, groups: set[str]) -> None:
        person = await directory.find(user)
        if person is None or not person.enabled:
            await self._sessions.end_all(user, DIRECTORY, "no-longer-allowed")
        elif not groups <= set(person.groups):
            await self._sessions.end_all(user, DIRECTORY, "group-lost")
