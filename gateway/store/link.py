"""The one way to Redis: a bounded pool, short time-outs, and every driver error as Unavailable.

Nothing is retried on its own: a lost answer to a script that spends a try must not spend two.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha1
from typing import Any, Final

from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from gateway.auth.ports import Unavailable
from gateway.settings.redis_url import CLUSTER, GROUP_SCHEMES, parse_redis_group
from gateway.spans import calling
from gateway.store import scripts
from gateway.store.cluster import SlotMaster
from gateway.store.servers import ANSWER_TIMEOUT_S, Command, OneServer, Servers, WatchedMaster

__all__ = ["ANSWER_TIMEOUT_S", "PREFIX", "Link"]

PREFIX: Final = "portvakt:"
"""Before every key and channel: what the ACL of the gateway's user is limited to."""

_SCANNED: Final = 500
_TO_LAST: Final = frozenset({"session_open", "session_end", "challenge_judge"})
"""Scripts whose effect must outlive the master: an end, a session, a code that is used up."""
_CONFIRM_MS: Final = 250
_ALONE_S: Final = 30.0
"""How long no confirmation is waited for once there was none."""

_ABOUT: Final = {"db.system.name": "redis"}
_TOGETHER: Final = "db.operation.batch.size"

_log = logging.getLogger("portvakt.redis")


class Link:
    """Commands and scripts on one Redis. Raises Unavailable("redis") and nothing else."""

    def __init__(self, url: str, connections: int = 32) -> None:
        """Take any URL of `[redis]` but "embedded"; connect on first use.

        Raises ValueError for any other URL.
        """
        self._servers = _servers(url, connections)
        self._texts = {name: scripts.text(name) for name in scripts.names()}
        self._digests = {
            name: sha1(text.encode(), usedforsecurity=False).hexdigest()
            for name, text in self._texts.items()
        }
        self._answers = True
        self._alone_until = 0.0
        self.errors = 0
        """How many times a command failed or was not answered."""

    @property
    def prefix(self) -> str:
        """What every key and channel begins with."""
        return self._servers.prefix

    @property
    def moves(self) -> int:
        """How many times another server took over; who listens to the old one hears nothing."""
        return self._servers.moves

    async def ping(self) -> None:
        """See that Redis answers."""
        with self._mapped("PING"):
            await self._servers.ping()

    async def appends_to_file(self) -> bool | None:
        """Whether a restart of Redis finds every write again; None where we may not ask."""
        try:
            found = await self.call("INFO", "persistence")
        except Unavailable:
            return None
        return isinstance(found, dict) and found.get("aof_enabled") == 1

    async def call(self, *command: str | bytes | float) -> Any:
        """Run one command that may safely run twice; a broken connection is tried once more."""
        return (await self.call_all([command]))[0]

    async def call_all(self, commands: Sequence[Command]) -> list[Any]:
        """Run commands that may safely run twice, all at once, and return their answers.

        An error reply to the first one is raised, one to another is its answer.
        """
        try:
            return await self._once(commands)
        except Unavailable as error:
            if not isinstance(error.__cause__, RedisConnectionError):
                raise
        return await self._once(commands)

    async def _once(self, commands: Sequence[Command]) -> list[Any]:
        with self._mapped(str(commands[0][0]), len(commands)):
            return await self._servers.run(*commands)

    async def script(
        self, name: str, keys: Sequence[str], args: Sequence[str | bytes | float]
    ) -> Any:
        """Run one of `scripts` by its digest, once; a server that lacks it is sent its text."""
        rest = (len(keys), *keys, *args)
        confirmation = self._confirmation(name)
        with self._mapped(f"EVALSHA {name}"):
            try:
                run = ("EVALSHA", self._digests[name], *rest)
                answers = await self._servers.run(run, *confirmation)
            except NoScriptError:  # so nothing has run
                run = ("EVAL", self._texts[name], *rest)
                answers = await self._servers.run(run, *confirmation)
        if confirmation:
            self._confirmed(answers[1])
        return answers[0]

    def _confirmation(self, name: str) -> list[Command]:
        """Return the command that waits until a replica has what was written."""
        if name not in _TO_LAST or not self._servers.replicated:
            return []
        return [] if time.monotonic() < self._alone_until else [("WAIT", 1, _CONFIRM_MS)]

    def _confirmed(self, replicas: object) -> None:
        """Take note of who has it: nobody is worth a line, and no further wait for a while."""
        if isinstance(replicas, int) and replicas > 0:
            return
        self._alone_until = time.monotonic() + _ALONE_S
        _log.warning(
            "no replica of redis confirms what is written: what a fail-over now loses, a session "
            "that was ended among it, is lost"
        )

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
        with self._mapped("SUBSCRIBE"):
            listener = await self._servers.pubsub()
            try:
                await listener.subscribe(name)
                yield listener
            finally:
                await listener.aclose()  # type: ignore[no-untyped-call]  # the driver's own gap

    async def close(self) -> None:
        """Close every connection."""
        await self._servers.close()

    @contextmanager
    def _mapped(self, command: str, count: int = 1) -> Iterator[None]:
        """Turn whatever the driver raises into Unavailable; log when it begins and ends.

        `command` and how many go together is what a trace shows: no key, no argument.
        """
        try:
            with calling(command, _ABOUT if count == 1 else {**_ABOUT, _TOGETHER: count}):
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


def _servers(url: str, connections: int) -> Servers:
    if not url.startswith(GROUP_SCHEMES):
        return OneServer(url, connections, PREFIX)
    group = parse_redis_group(url)
    kind = SlotMaster if group.kind == CLUSTER else WatchedMaster
    return kind(group, connections, PREFIX)
