"""The other gateways on this Redis: seen, compared, and told of in log, readiness and metrics.

Every worker renews the one record of its gateway and looks at all: no worker depends on another,
and a machine of which one worker hangs is still seen. Nothing of this is on the way of a request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol

from gateway.auth.ports import Clock, Unavailable
from gateway.counters import Key, Number
from policies.peers import Peer, Trait, differing, dump, may_serve, parse

LIFETIME_S: Final = 30.0
"""How long a gateway is remembered that says nothing any more."""
EVERY_S: Final = 10.0
_AGAIN_S: Final = 1.0
_LEAVE_S: Final = 0.5

WAY_OUT: Final = "give all gateways one PORTVAKT_SECRETS_KEY ([secrets] key)"

MEANS: Final = {
    Trait.KEYS: "other signing keys: portals refuse what one of the two signs; copy "
    "assertion-keys.json from one to the other",
    Trait.VERSION: "another version: finish the upgrade",
    Trait.CONFIGURATION: "another gateway.toml: compare the two",
}

ALONE: Final[Mapping[Key, Number]] = {
    ("peers", (what,)): 0 for what in ("seen", *(trait.value for trait in Trait))
}
"""The numbers of a gateway with a Redis of its own."""

_log = logging.getLogger("portvakt.peers")


class PeerStore(Protocol):
    """Records of gateways by id, oldest first; what they hold, anyone may have written."""

    async def tell(
        self, peer_id: str, record: bytes, lifetime_s: float
    ) -> Sequence[tuple[str, bytes]]:
        """Renew a record; return all, this one's as it was before. Atomic. Raises Unavailable."""
        ...

    async def leave(self, peer_id: str) -> None:
        """Take a record away. Raises Unavailable."""
        ...


class Peers:
    """What one worker knows of the other gateways."""

    def __init__(
        self, store: PeerStore, describe: Callable[[], Peer], clock: Clock, *, tells: bool
    ) -> None:
        """`describe` says how this gateway is now; `tells`: this worker writes the log's lines."""
        self._store: Final = store
        self._describe: Final = describe
        self._clock: Final = clock
        self._log: Final = _log.log if tells else _silent
        self._looking: Final = asyncio.Lock()
        self._known = False
        self._serving = False
        self._held_until = 0.0
        self._seen: list[Peer] = []
        self._since: dict[tuple[Trait, str], float] = {}
        self._told: set[tuple[Trait, str]] = set()
        self.trouble: str | None = None
        """Why this gateway must not be sent anybody."""
        self.garbled = 0
        """How often a record was none."""

    async def run(self) -> None:
        """Look every ten seconds, until cancelled. A store that is away changes nothing."""
        while True:
            with suppress(Unavailable):
                await self.look()
            await self._clock.sleep(EVERY_S if self._known else _AGAIN_S)

    async def ready(self) -> None:
        """Raise Unavailable when this gateway is kept out; the first time it looks before."""
        if not self._known:
            with suppress(Unavailable):
                await self.look(again=False)
        if self.trouble is not None:
            raise Unavailable(self.trouble)

    async def look(self, *, again: bool = True) -> None:
        """Tell of this gateway and judge what the others tell. Raises Unavailable.

        One look at a time: an earlier word must not come after a later one. Who only wants to know
        is content with the look that it waited for, or with any before it.
        """
        async with self._looking:
            if self._known and not again:
                return
            me = await self._tell()
            if not self._serving:
                await self._judge(me)
            self._known = True
            self._compare(me)

    async def leave(self) -> None:
        """Be a gateway no more; when that cannot be said, the record ends by itself."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                await self._store.leave(self._describe().id)

    def values(self) -> Mapping[Key, Number]:
        """Return the numbers of the last look."""
        me = self._describe()
        others = [one for one in self._seen if one.id != me.id]
        return {
            ("peers", ("seen",)): len(others),
            **{("peers", (t.value,)): len(differing(me, others, t)) for t in Trait},
            ("peers_garbled", ()): self.garbled,
        }

    async def _tell(self) -> Peer:
        me = replace(self._describe(), serving=self._serving)
        found = await self._store.tell(me.id, dump(me), LIFETIME_S)
        read = [parse(name, record) for name, record in found]
        self._seen = [one for one in read if one is not None]
        self.garbled += len(read) - len(self._seen)
        return me

    async def _judge(self, me: Peer) -> None:
        """Let this gateway in, or keep it out until no other secret was seen for a while.

        A Redis that comes back empty must not let the wrong one in because it is there first.
        """
        now = self._clock.now()
        if not may_serve(me, self._seen):
            self._held_until = now + LIFETIME_S
            first = next(one for one in differing(me, self._seen, Trait.SECRET))
            self.trouble = (
                f"its secret is not that of {first.name()}: {WAY_OUT} and restart this one"
            )
        elif now >= self._held_until:
            self._serving, self.trouble = True, None
            await self._tell()

    def _compare(self, me: Peer) -> None:
        """Say once of each gateway how it differs, and once that it does so no more."""
        now = self._clock.now()
        found = {(t, one.id): one for t in Trait for one in differing(me, self._seen, t)}
        self._since = {what: self._since.get(what, now) for what in found}
        for what, one in found.items():
            # An edit, an upgrade, a rotation reach one machine after the other.
            patience = 0.0 if what[0] is Trait.SECRET else LIFETIME_S
            if what not in self._told and now - self._since[what] >= patience:
                self._told.add(what)
                self._say(what[0], one)
        if self._told - found.keys():
            self._told &= found.keys()
            if not self._told:
                self._log(logging.INFO, "the other gateways on this redis agree with this one")

    def _say(self, trait: Trait, other: Peer) -> None:
        if trait is not Trait.SECRET:
            self._log(logging.WARNING, "gateway %s has %s", other.name(), MEANS[trait])
        elif self.trouble is not None:
            self._log(
                logging.ERROR,
                "this gateway is kept out (not ready): its secret is not that of %s; %s and "
                "restart this one",
                other.name(),
                WAY_OUT,
            )
        else:
            self._log(
                logging.ERROR,
                "gateway %s has another secret than this one and %s; %s and restart that one",
                other.name(),
                "SERVES: who comes to it is logged off" if other.serving else "is kept out",
                WAY_OUT,
            )


def _silent(_level: int, _message: str, *_args: object) -> None:
    return
