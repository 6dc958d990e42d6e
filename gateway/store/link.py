"""The one way to Redis: a bounded pool, short time-outs, and every driver error as Unavailable.

Nothing is retried on its own: a lost answer to a script that spends a try must not spend two.
Protocol 2 is pinned: with the driver's default the check for unread replies on a pooled
connection is off, and one caller could be given another's answer.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from gateway.auth.ports import Unavailable
from gateway.store import scripts

PREFIX: Final = "portvakt:"
"""Before every key and channel: what the ACL of the gateway's user is limited to."""

CONNECT_TIMEOUT_S: Final = 1.0
ANSWER_TIMEOUT_S: Final = 2.0
POOL_WAIT_S: Final = 2.0
_SCANNED: Final = 500

_log = logging.getLogger("portvakt.redis")


class Link:
    """Commands and scripts on one Redis. Raises Unavailable("redis") and nothing else."""

    def __init__(self, url: str, connections: int = 32) -> None:
        """Take `redis://`, `rediss://` or `unix://`; connect on first use.

        Raises ValueError for any other URL.
        """
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=POOL_WAIT_S,
            protocol=2,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=ANSWER_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            driver_info=None,  # CLIENT SETINFO is not among the gateway's rights
        )
        self._client: Redis = Redis.from_pool(self._pool)
        self._scripts = {
            name: self._client.register_script(scripts.text(name)) for name in scripts.names()
        }
        self._answers = True
        self.errors = 0
        """How many times a command failed or was not answered."""

    async def call(self, *command: str | bytes | float) -> Any:
        """Run one command that may safely run twice; a broken connection is tried once more."""
        try:
            return await self._once(command)
        except Unavailable as error:
            if not isinstance(error.__cause__, RedisConnectionError):
                raise
        return await self._once(command)

    async def _once(self, command: Sequence[str | bytes | float]) -> Any:
        with self._mapped():
            return await self._client.execute_command(*command)  # type: ignore[no-untyped-call]  # the driver's own gap

    async def script(
        self, name: str, keys: Sequence[str], args: Sequence[str | bytes | float]
    ) -> Any:
        """Run one of `scripts` by its digest, once; a server that lacks it is taught it first."""
        with self._mapped():
            return await self._scripts[name](keys=list(keys), args=list(args))

    async def scan(self, prefix: str) -> AsyncIterator[list[bytes]]:
        """Yield what follows `prefix` in the names of keys, in batches; some may come twice.

        `prefix` holds no sign that a glob pattern gives a meaning.
        """
        cursor: bytes | int = 0
        while True:
            cursor, names = await self.call(
                "SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", _SCANNED
            )
            yield [name[len(prefix) :] for name in names]
            if int(cursor) == 0:
                return

    @asynccontextmanager
    async def channel(self, name: str) -> AsyncIterator[PubSub]:
        """Listen on a channel with a connection of its own; its errors are mapped as well."""
        with self._mapped():
            listener = self._client.pubsub()
            try:
                await listener.subscribe(name)
                yield listener
            finally:
                await listener.aclose()  # type: ignore[no-untyped-call]  # the driver's own gap

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()
        await self._pool.aclose()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        """Turn whatever the driver raises into Unavailable; log when it begins and ends."""
        try:
            yield
        except (RedisError, OSError, TimeoutError) as error:
            self.errors += 1
            if self._answers:
                self._answers = False
                # Only what a connection's trouble says: other errors may carry arguments.
                told = isinstance(error, RedisConnectionError | OSError) and str(error)
                _log.warning("redis does not answer: %s", told or type(error).__name__)
            raise Unavailable("redis") from error
        if not self._answers:
            self._answers = True
            _log.warning("redis answers again")
