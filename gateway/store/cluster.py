"""`redis+cluster://`: all of our keys in one slot, and the master that serves it followed.

The scripts work on several keys at once (a session and its user's index, five counters), so they
share a hash tag and with it a slot: every step stays atomic, and a Cluster is worth its fail-over,
not its spread. Own code in place of the driver's cluster client, which sends ASKING on another
connection than the command it is meant for, and gives a connection back without a look for
unread replies.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import Connection, SSLConnection
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from gateway.settings.redis_url import RedisGroup
from gateway.store.servers import POOL_WAIT_S, Command, ask, group_options, send

Place = tuple[str, int]

_FOLLOW_S: Final = 2.0
"""How long a command that is refused while the slot moves is offered again."""
_PAUSE_S: Final = 0.02
_ELSEWHERE: Final = "non local key"
"""A script of ours came upon a key that has moved already: what it does, it may do again."""


class SlotMaster:
    """The master of our slot, wherever it is now."""

    replicated = True

    def __init__(self, group: RedisGroup, connections: int, prefix: str) -> None:
        """`prefix` is the hash tag of our slot, as "portvakt:"."""
        self.prefix = "{" + prefix.rstrip(":") + "}:"
        self.moves = 0
        self._slot = key_slot(self.prefix.encode())
        self._seeds = group.hosts
        self._connections = connections
        self._kind = SSLConnection if group.tls else Connection
        self._options = group_options(group)
        self._nodes: dict[Place, Redis] = {}
        self._place: Place | None = None
        self._looking = asyncio.Lock()

    async def run(self, *commands: Command) -> list[Any]:
        """See Servers; follows the slot for as long as a node says where it is."""
        end = asyncio.get_running_loop().time() + _FOLLOW_S
        asked: Place | None = None
        while True:
            place = asked or await self._find()
            try:
                if asked is not None:
                    return await self._ask(asked, commands)
                return await ask(self._node(place), commands)
            except ResponseError as refusal:
                if asyncio.get_running_loop().time() > end:
                    raise
                asked = await self._next(place, refusal)
            except (RedisConnectionError, RedisTimeoutError):
                self._lose(place)
                raise

    async def pubsub(self) -> PubSub:
        """See Servers. A message of the slot's master reaches its own listeners first."""
        return self._node(await self._find()).pubsub()

    async def ping(self) -> None:
        """See Servers; asks for a key, so that a master that lost the slot says so."""
        await self.run(("EXISTS", self.prefix + "ping"))

    async def close(self) -> None:
        """See Servers."""
        for node in self._nodes.values():
            await node.aclose()
            await node.connection_pool.aclose()

    async def _next(self, place: Place, refusal: ResponseError) -> Place | None:
        """Return whom to ask next, None for the master; raises what is no redirection."""
        match refusal:
            case AskError():
                return (refusal.host or place[0], refusal.port)
            case MovedError():
                self._move((refusal.host or place[0], refusal.port))
            case ClusterDownError():
                self._lose(place)
                await asyncio.sleep(_PAUSE_S)
            case TryAgainError():
                await asyncio.sleep(_PAUSE_S)
            case _ if _ELSEWHERE in str(refusal):
                await asyncio.sleep(_PAUSE_S)
            case _:
                raise refusal
        return None

    async def _ask(self, place: Place, commands: tuple[Command, ...]) -> list[Any]:
        """Ask a node that is taking the slot over, with its leave on the same connection."""
        _, *answers = await send(self._node(place), [("ASKING",), *commands])
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers

    async def _find(self) -> Place:
        """Return the master of our slot, asked for where it is not known."""
        async with self._looking:
            place = self._place
            if place is None:
                place = await self._look()
                self._move(place)
        return place

    async def _look(self) -> Place:
        told: RedisError = RedisConnectionError("no node of the cluster answers")
        for place in dict.fromkeys((*self._nodes, *self._seeds)):
            try:
                (found,) = await ask(self._node(place), [("CLUSTER", "SLOTS")])
            except (RedisError, OSError) as error:
                told = error if isinstance(error, RedisError) else told
                continue
            for low, high, master, *_ in found:
                if low <= self._slot <= high:
                    return ((master[0] or b"").decode() or place[0], int(master[1]))
            told = ClusterDownError("nobody serves our slot")
        raise told

    def _move(self, place: Place) -> None:
        if place != self._place:
            self.moves += 1
        self._place = place

    def _lose(self, place: Place) -> None:
        """Ask where the slot is before the next command, unless somebody has by now."""
        if self._place == place:
            self._place = None
            # Asked last: it may be dead, and every other one knows who took over.
            with contextlib.suppress(KeyError):
                self._nodes[place] = self._nodes.pop(place)

    def _node(self, place: Place) -> Redis:
        node = self._nodes.get(place)
        if node is None:
            pool = BlockingConnectionPool(
                connection_class=self._kind,
                max_connections=self._connections,
                timeout=POOL_WAIT_S,
                host=place[0],
                port=place[1],
                **self._options,
            )
            node = self._nodes[place] = Redis(connection_pool=pool)
        return node
