"""Connections to one upstream: the least busy address that answers, idle connections first.

Health is passive: an address that cannot be connected to is passed over for a while that doubles
(1 s to 30 s), unless none is left. More requests than connections wait in order, with a deadline.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from typing import Final, Protocol

from gateway.proxy.tally import UpstreamTally
from gateway.proxy.ticker import Ticker
from gateway.proxy.upstream import UpstreamConnection
from gateway.settings.model import Upstream, UpstreamUrl
from gateway.tasks import spawn
from gateway.wire.response import AnswerReader

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_MAX_IDLE: Final = 64
_MAX_WAITING: Final = 1024
_BABBLES_S: Final = 600.0
"""How long an address that sent bytes to nobody has each connection used once only."""

_log = logging.getLogger("portvakt.upstream")


class Waiter(Protocol):
    """An exchange that wants a connection."""

    wants_connection: bool

    def connected(self, connection: UpstreamConnection) -> None:
        """Take a connection of one's own."""

    def not_connected(self, status: int, why: str) -> None:
        """No connection is to be had: 502 refused, 503 too many, 504 too late."""


class Address:
    """One address of an upstream and how it fares."""

    __slots__ = ("babbles_until", "down_until", "idle", "open", "pause_s", "url")

    def __init__(self, url: UpstreamUrl) -> None:
        self.url = url
        self.idle: list[UpstreamConnection] = []
        self.open = 0  # connections, idle ones and those being made counted
        self.down_until = 0.0
        self.babbles_until = 0.0
        self.pause_s = 0.0

    @property
    def busy(self) -> int:
        """Connections that serve an exchange, or will once they are made."""
        return self.open - len(self.idle)

    def __str__(self) -> str:
        return self.url.path or f"{self.url.host}:{self.url.port}"


class Pool:
    """All connections of this worker to one upstream."""

    def __init__(
        self,
        upstream: Upstream,
        ticker: Ticker,
        tls: ssl.SSLContext | None = None,
        tally: UpstreamTally | None = None,
    ) -> None:
        self.upstream = upstream
        self.tally = tally or UpstreamTally()
        self.ticker = ticker
        self.answers = AnswerReader()
        self.addresses = [Address(url) for url in upstream.urls]
        self.connections: set[UpstreamConnection] = set()
        self._tls = tls
        self._waiting: deque[Waiter] = deque()
        self._retired = False
        self._loop = asyncio.get_running_loop()
        self._first_byte_s = upstream.first_byte_timeout.total_seconds()
        self._idle_s = upstream.idle_timeout.total_seconds()

    def __repr__(self) -> str:
        states = ", ".join(f"{a}: {a.busy} busy, {len(a.idle)} idle" for a in self.addresses)
        return f"<pool {self.upstream.name}: {states}>"

    def ask(self, waiter: Waiter, *, fresh: bool = False) -> None:
        """Give `waiter` a connection: an idle one at once, else a new one, else in turn.

        `fresh`: an idle one has just proved stale, so its kin are closed and a new one is made.
        """
        address = self._choose()
        if fresh:
            self._drop_idle(address)
        if address.idle:
            connection = address.idle.pop()
            connection.reused = True
            waiter.connected(connection)
        elif address.open < self.upstream.connections:
            address.open += 1
            _ = spawn(self._connect(address, waiter), "connect")
        elif len(self._waiting) < _MAX_WAITING:
            self._waiting.append(waiter)
            timeout = self.upstream.connect_timeout.total_seconds()
            self._loop.call_later(timeout, self._give_up, waiter)
        else:
            waiter.not_connected(503, "too many requests wait for the upstream")

    def idle(self, connection: UpstreamConnection) -> None:
        """Take a clean connection back, for the next in turn or for later."""
        address = connection.address
        assert isinstance(address, Address)  # noqa: S101 - narrows, guards nothing
        if address.babbles_until > self.ticker.now:
            connection.transport.abort()
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if waiter.wants_connection:
                connection.reused = True
                waiter.connected(connection)
                return
        if len(address.idle) < _MAX_IDLE and not self._retired:
            address.idle.append(connection)
        else:
            connection.transport.abort()

    def babbled(self, connection: UpstreamConnection) -> None:
        """Take note that an address sent bytes that answer nobody: no connection is used again.

        Where they come a moment later, they would be the answer to whoever has the connection then.
        """
        address = connection.address
        assert isinstance(address, Address)  # noqa: S101 - narrows, guards nothing
        if address.babbles_until <= self.ticker.now:
            _log.warning("upstream %s at %s: bytes that answer nobody", self.upstream.name, address)
        address.babbles_until = self.ticker.now + _BABBLES_S
        self._drop_idle(address)

    def gone(self, connection: UpstreamConnection) -> None:
        """Forget a closed connection."""
        address = connection.address
        assert isinstance(address, Address)  # noqa: S101 - narrows, guards nothing
        self.connections.discard(connection)
        address.open -= 1
        if connection in address.idle:
            address.idle.remove(connection)
        self._next_in_turn()

    def retire(self) -> None:
        """Keep no connection after its exchange, and close idle ones: another pool takes over.

        Requests that were promised this one are still served.
        """
        self._retired = True
        self.close()

    def close(self) -> None:
        """Close idle connections; those under way end with their exchange."""
        for address in self.addresses:
            self._drop_idle(address)

    def _drop_idle(self, address: Address) -> None:
        for connection in address.idle:
            connection.transport.abort()
        address.idle.clear()

    def _choose(self) -> Address:
        if len(self.addresses) == 1:
            return self.addresses[0]
        now = self._loop.time()
        alive = [address for address in self.addresses if address.down_until <= now]
        if alive:
            return min(alive, key=lambda address: (address.busy, not address.idle))
        return min(self.addresses, key=lambda address: address.down_until)

    async def _connect(self, address: Address, waiter: Waiter) -> None:
        def factory() -> UpstreamConnection:
            return UpstreamConnection(self, address, self._first_byte_s, self._idle_s)

        try:
            async with asyncio.timeout(self.upstream.connect_timeout.total_seconds()):
                connection = await self._open(address.url, factory)
        except (OSError, TimeoutError, UnicodeError) as error:  # a name that no resolver takes
            self._failed(address, waiter, error)
            return
        if connection.transport.is_closing():  # `gone` has counted it out already
            address.open += 1
            self._failed(address, waiter, ConnectionResetError())
            return
        address.down_until = address.pause_s = 0.0
        self.connections.add(connection)
        if waiter.wants_connection:
            waiter.connected(connection)
        else:
            self.idle(connection)

    async def _open(self, url: UpstreamUrl, factory: _Factory) -> UpstreamConnection:
        if url.scheme == "unix":
            return (await self._loop.create_unix_connection(factory, url.path))[1]
        if url.scheme == "https":
            made = self._loop.create_connection(
                factory, url.host, url.port, ssl=self._tls, server_hostname=url.host
            )
            return (await made)[1]
        return (await self._loop.create_connection(factory, url.host, url.port))[1]

    def _failed(self, address: Address, waiter: Waiter, error: Exception) -> None:
        address.open -= 1
        now = self._loop.time()
        if address.down_until <= now:
            address.pause_s = min(max(address.pause_s * 2, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            address.down_until = now + address.pause_s
            _log.warning("upstream %s at %s: %s", self.upstream.name, address, type(error).__name__)
        if waiter.wants_connection and any(one.down_until <= now for one in self.addresses):
            self.ask(waiter)
            return
        if waiter.wants_connection and isinstance(error, TimeoutError):
            waiter.not_connected(504, "upstream does not answer")
        elif waiter.wants_connection:
            waiter.not_connected(502, "upstream cannot be reached")
        self._next_in_turn()  # the place is free again

    def _next_in_turn(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if waiter.wants_connection:
                self.ask(waiter)
                return

    def _give_up(self, waiter: Waiter) -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
            if waiter.wants_connection:
                waiter.not_connected(503, "no connection to the upstream became free")


class _Factory(Protocol):
    def __call__(self) -> UpstreamConnection: ...
