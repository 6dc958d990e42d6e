"""Refusals kept for a day, so that their reference can be explained: `portvakt explain REF`.

Writing down is behind the answers, and gives way to everything else: what comes too fast is
counted and dropped, and a store that is away costs the record only. Records hold names and
addresses, so they are sealed with the server's secret, bound to their reference.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple

from gateway.auth.lockout import place_of
from gateway.auth.ports import Audit, Clock, KeptRefusal, RefusalStore, Unavailable
from gateway.auth.sealing import Sealer

KEPT_S: Final = 24 * 3600.0
"""How long a refusal can be explained."""
OF_USERS: Final = "users"
OF_STRANGERS: Final = "strangers"
MOST: Final = {OF_USERS: 80_000, OF_STRANGERS: 20_000}
"""How many are kept, of all workers together; strangers never crowd out those who are known."""
A_MINUTE: Final = 20
"""How many of one user, or one address without a user, a worker keeps in a minute."""
LONGEST: Final = 64 * 1024
"""Bytes of a record, unpacked."""

_WAITING: Final = {OF_USERS: 400, OF_STRANGERS: 40}
_TURN_S: Final = 1.0
_MINUTE_S: Final = 60.0
_WHOM: Final = 10_000
_AT_ONCE: Final = 20
_PURPOSE: Final = "refusal"

Record = dict[str, Any]
"""What explains a refusal: JSON values."""

_log = logging.getLogger("portvakt.refusals")


class _Waiting(NamedTuple):
    name: str
    tell: Callable[[], Record]


class Refusals:
    """Keeps what one worker refuses."""

    def __init__(self, store: RefusalStore, sealer: Sealer, clock: Clock) -> None:
        self._store: Final = store
        self._sealer: Final = sealer
        self._clock: Final = clock
        self._waiting: Final[dict[str, dict[str, _Waiting]]] = {shelf: {} for shelf in MOST}
        self._of_whom: Final[Counter[str]] = Counter()
        self._minute = 0.0
        self._told = 0
        self.dropped = 0
        """How many were not kept."""

    def note(self, reference: str, user: str, address: str, tell: Callable[[], Record]) -> None:
        """Keep a refusal of a user, or of a stranger (`user` is "") at an address.

        `tell` is called soon, when there is time; the last one for a reference counts.
        """
        shelf, whom = _shelf(user, address)
        waiting = self._waiting[shelf]
        if reference not in waiting and self._is_full(shelf, whom):
            self.dropped += 1
            return
        self._of_whom[whom] += 1
        waiting[reference] = _Waiting(reference, tell)

    def turns_away(self, user: str, address: str) -> bool:
        """Return whether a refusal would not be kept, and count it then: nobody need gather it."""
        full = self._is_full(*_shelf(user, address))
        self.dropped += full
        return full

    def _is_full(self, shelf: str, whom: str) -> bool:
        return (
            len(self._waiting[shelf]) >= _WAITING[shelf]
            or self._of_whom[whom] >= A_MINUTE
            or len(self._of_whom) >= _WHOM
        )

    async def run(self) -> None:
        """Write down what was noted, once a second, until cancelled; then what is left."""
        try:
            while True:
                await asyncio.sleep(_TURN_S)
                await self.write_down()
        finally:
            await self.write_down()

    async def write_down(self) -> None:
        """Write down what was noted. Raises nothing: what cannot be kept is counted."""
        now = self._clock.now()
        if not self._minute <= now < self._minute + _MINUTE_S:
            self._minute = now
            self._of_whom.clear()
        for shelf, waiting in self._waiting.items():
            while waiting:
                taken = [waiting.pop(name) for name in list(islice(waiting, _AT_ONCE))]
                await self._write(shelf, taken)
        if self.dropped > self._told:
            _log.info("refusals not kept for explaining: %d", self.dropped - self._told)
            self._told = self.dropped

    async def _write(self, shelf: str, taken: list[_Waiting]) -> None:
        kept = [one for one in map(self._seal, taken) if one is not None]
        self.dropped += len(taken) - len(kept)
        try:
            await self._store.keep(kept, shelf, MOST[shelf], KEPT_S, self._clock.now())
        except Unavailable:
            self.dropped += len(kept)

    def _seal(self, one: _Waiting) -> KeptRefusal | None:
        try:
            plain = json.dumps(one.tell(), separators=(",", ":")).encode("ascii")
        except Exception as crash:  # noqa: BLE001 - one that cannot be told must not end the rest
            _log.error("a refusal cannot be told: %s", type(crash).__name__)
            return None
        if len(plain) > LONGEST:
            return None
        sealed = self._sealer.seal(_PURPOSE, one.name.encode(), zlib.compress(plain, 1))
        return KeptRefusal(one.name, sealed)


def _shelf(user: str, address: str) -> tuple[str, str]:
    """Return where a refusal is kept, and under whom it counts."""
    return (OF_USERS, f"u {user}") if user else (OF_STRANGERS, f"a {place_of(address)}")


async def read_refusal(store: RefusalStore, sealer: Sealer, reference: str) -> Record | None:
    """Return what is known of a reference, or None for none, or one of another secret.

    Raises Unavailable.
    """
    sealed = await store.read(reference)
    packed = None if sealed is None else sealer.unseal(_PURPOSE, reference.encode(), sealed)
    if packed is None:
        return None
    found: Record = json.loads(zlib.decompressobj().decompress(packed, LONGEST))
    return found


@dataclass(frozen=True, slots=True)
class Records:
    """Where a worker writes down what it decides: for good, and for explaining it."""

    audit: Audit
    refusals: Refusals
