"""Which Redis server is asked, and how: one server, or the master that sentinels name.

A server that refuses a command has done nothing, so asking another one then is no second try.
Nothing else is sent twice. Protocol 2 is pinned: with the driver's default the check for unread
replies on a pooled connection is off, and one caller could be given another's answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final, Protocol

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from gateway.settings.redis_url import RedisGroup

CONNECT_TIMEOUT_S: Final = 1.0
ANSWER_TIMEOUT_S: Final = 2.0
POOL_WAIT_S: Final = 2.0

Command = Sequence[str | bytes | float]

_DEMOTED: Final = "now a slave"


class Servers(Protocol):
    """One Redis as the store sees it, whatever stands behind it."""

    prefix: str
    """Before every key and channel."""
    replicated: bool
    """Whether another server takes over when this one dies, and may lack its last writes."""
    moves: int
    """How many times another server became the one that is asked."""

    async def run(self, *commands: Command) -> list[Any]:
        """Send commands together, return every answer; raises what the driver does.

        An error reply to the first one is raised; one to another is its answer.
        """

    async def pubsub(self) -> PubSub:
        """Return a listener to the server that is asked now."""

    async def ping(self) -> None:
        """See that the server that is to be asked answers."""

    async def close(self) -> None:
        """Close every connection."""


def connection_options() -> dict[str, Any]:
    """Return what every connection is opened with."""
    return {
        "protocol": 2,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": ANSWER_TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,  # CLIENT SETINFO is not among the gateway's rights
    }


def group_options(group: RedisGroup) -> dict[str, Any]:
    """Return what connections to the servers of a group are opened with."""
    options = connection_options() | {"username": group.username, "password": group.password}
    return options | tls_options(group)


def tls_options(group: RedisGroup) -> dict[str, Any]:
    """Return the options of a TLS connection, those of the URL's query among them."""
    told = {name: value for name, value in group.options if name.startswith("ssl_")}
    return told if group.tls else {}


async def send(client: Redis, commands: Sequence[Command]) -> list[Any]:
    """Send commands on one connection; return each one's answer, an error reply as an exception."""
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    return list(await pipeline.execute(raise_on_error=False))


async def ask(client: Redis, commands: Sequence[Command]) -> list[Any]:
    """Send commands on one connection and return their answers; see Servers.run."""
    if len(commands) == 1:
        return [await client.execute_command(*commands[0])]  # type: ignore[no-untyped-call]  # the driver's own gap
    answers = await send(client, commands)
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers


class OneServer:
    """`redis://`, `rediss://` or `unix://`: always the same one."""

    replicated = False
    moves = 0

    def __init__(self, url: str, connections: int, prefix: str) -> None:
        """Connect on first use. Raises ValueError for any other URL."""
        self.prefix = prefix
        self._pool = BlockingConnectionPool.from_url(
            url, max_connections=connections, timeout=POOL_WAIT_S, **connection_options()
        )
        self._client: Redis = Redis.from_pool(self._pool)

    async def run(self, *commands: Command) -> list[Any]:
        """See Servers."""
        return await ask(self._client, commands)

    async def pubsub(self) -> PubSub:
        """See Servers."""
        return self._client.pubsub()

    async def ping(self) -> None:
        """See Servers."""
        await self.run(("PING",))

    async def close(self) -> None:
        """See Servers."""
        await self._client.aclose()
        await self._pool.aclose()


class _MasterPool(SentinelConnectionPool, BlockingConnectionPool):
    """Connections to the master of the moment; who finds none free waits for one."""


class WatchedMaster:
    """`redis+sentinel://`: the master of the moment, as any of the sentinels names it."""

    replicated = True

    def __init__(self, group: RedisGroup, connections: int, prefix: str) -> None:
        self.prefix = prefix
        self.moves = 0
        self._sentinel = Sentinel(  # type: ignore[no-untyped-call]  # the driver's own gap
            group.hosts, sentinel_kwargs=_sentinel_options(group)
        )
        self._pool = _MasterPool(  # type: ignore[no-untyped-call]  # the driver's own gap
            group.name,
            self._sentinel,
            max_connections=connections,
            timeout=POOL_WAIT_S,
            db=group.database,
            ssl=group.tls,
            **group_options(group),
        )
        self._client: Redis = Redis(connection_pool=self._pool)
        self._known: tuple[str, int] | None = None

    async def run(self, *commands: Command) -> list[Any]:
        """See Servers; a master that has become a replica refuses, and the new one is asked."""
        try:
            return await ask(self._client, commands)
        except RedisConnectionError as error:
            if _DEMOTED not in str(error):
                raise
        await self._leave()
        return await ask(self._client, commands)

    async def pubsub(self) -> PubSub:
        """See Servers."""
        return self._client.pubsub()

    async def ping(self) -> None:
        """See Servers. Also leaves a master whose place another one has taken."""
        # Where no sentinel answers, the master that we know may well.
        with contextlib.suppress(MasterNotFoundError):
            master = await self._pool.get_master_address()  # type: ignore[no-untyped-call]  # the driver's own gap
            if self._known not in (None, master):
                await self._leave()
            self._known = master
        await ask(self._client, [("PING",)])

    async def close(self) -> None:
        """See Servers."""
        await self._client.aclose()
        await self._pool.aclose()
        with contextlib.suppress(RedisConnectionError, RedisTimeoutError):
            await self._sentinel.aclose()

    async def _leave(self) -> None:
        """Close what leads to the old master; who holds a connection ends with its command."""
        self.moves += 1
        await self._pool.disconnect(inuse_connections=False)


def _sentinel_options(group: RedisGroup) -> dict[str, Any]:
    told = dict(group.options)
    return connection_options() | {
        "socket_timeout": CONNECT_TIMEOUT_S,
        "username": told.get("sentinel_username"),
        "password": told.get("sentinel_password"),
        "ssl": group.tls,
        **tls_options(group),
    }
