"""The configuration of one worker: the generation in force, and the change to the next.

A new one is read and compiled in a thread, opened on the event loop, and put in force by one
function without a pause, so that no request ever sees half of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gateway.auth.refusals import Records
from gateway.directory.opening import AnyDirectory
from gateway.generation import Generation, Lasting, Prepared, build, prepare
from gateway.proxy.door import FrontDoor
from gateway.proxy.listener import Listener
from gateway.reload import handover
from gateway.reload.look import Running
from gateway.reload.status import ConfigStatus
from gateway.sms.failover import Failover
from gateway.spans import Tracer
from gateway.tasks import keep_promises, spawn, told_of
from policies.routes import Route

_LEAST_S: Final = 1.0
"""For messages on their way, even when requests have used up the time to drain."""
_CLOSE_S: Final = 60.0
"""How long a directory or SMS provider that was replaced serves those who have it in hand."""
_AGAIN_S: Final = 1.0
_AT_ONCE: Final = 500

Part = AnyDirectory | Failover | Tracer
"""What a configuration opens, and the next one may take over."""

_log = logging.getLogger("portvakt.config")


class Worker:
    """What changes with the configuration. `now` and `status` may be read at any time."""

    def __init__(self, lasting: Lasting, first: Running, sockets: Sequence[socket.socket]) -> None:
        """Build the first generation, to be served on `sockets`. Raises OSError or ValueError."""
        self.status: ConfigStatus = first.status
        self.now: Generation = build(prepare(first.settings, lasting, None), lasting, None)
        self.door = FrontDoor(
            self.now.plan,
            lasting.sessions,
            lasting.ticker,
            Records(lasting.audit, lasting.refusals),
            lasting.clock,
            lasting.entropy,
        )
        self._lasting = lasting
        self._listener = Listener(self.door, sockets)
        self._number = first.status.number
        self._come = asyncio.Event()
        self._told = b""
        self._closing: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Accept connections from now on."""
        listen = self.now.settings.listen
        await self._listener.start(self.now.server_tls, proxied=listen.proxy_protocol)

    async def follow(self, line: socket.socket) -> None:
        """Go by every configuration that comes over `line`, until cancelled."""
        loop = asyncio.get_running_loop()
        loop.add_reader(line, self._hear, line)
        try:
            while True:
                await self._come.wait()
                self._come.clear()
                try:
                    await self._adopt(self._told)
                except (OSError, ValueError) as error:  # out of descriptors, a file just changed
                    self._try_again(str(error))
                except Exception as crash:  # noqa: BLE001 - else no edit would ever be heard again
                    self._try_again(told_of(crash))
        finally:
            loop.remove_reader(line)

    def trouble(self, on_disk: str) -> str:
        """Return why this worker does not go by what is on disk, "" when it does.

        `on_disk` is the digest of gateway.toml as it is there now, "" for none.
        """
        if self._is_behind():
            return "this worker cannot go by the newest configuration yet"
        if not on_disk.startswith(self.status.on_disk or "none"):
            return "gateway.toml has changed and is being read"
        return self.status.trouble()

    async def close(self, grace_s: float) -> None:
        """Drain the front door, send what was promised, close what the configuration opened."""
        end = asyncio.get_running_loop().time() + grace_s
        self._listener.stop()
        await self.door.drain(grace_s)
        await keep_promises(max(_LEAST_S, end - asyncio.get_running_loop().time()))
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self.now.sms.close()
        await self.now.directory.close()
        if self.now.tracer is not None:
            await self.now.tracer.close()

    def _try_again(self, why: str) -> None:
        _log.error("this worker keeps its configuration for now: %s", why)
        asyncio.get_running_loop().call_later(_AGAIN_S, self._come.set)

    def _is_behind(self) -> bool:
        return self._number != self.status.number

    def _hear(self, line: socket.socket) -> None:
        descriptor = handover.newest(line)
        if descriptor is not None:
            self._told = handover.content(descriptor)
            os.close(descriptor)
            self._come.set()

    async def _adopt(self, told: bytes) -> None:
        """Go by what was told, if it is anything new."""
        status = handover.status_of(told)
        self.status = status
        if status.number == self._number:
            return
        begun = time.perf_counter()
        with _uncollected():
            prepared = await asyncio.to_thread(self._prepared, told)
            generation = build(prepared, self._lasting, self.now)
            try:
                await self._open(generation)
            except OSError:
                await _close(_replaced(generation, self.now))
                raise
        old = list(self.now.settings.routes)
        self._swap(generation)
        self._number = status.number
        await _let_go(old)
        taken_ms = (time.perf_counter() - begun) * 1000
        _log.info("configuration %s in force after %.0f ms", status.digest, taken_ms)

    def _prepared(self, told: bytes) -> Prepared:
        return prepare(handover.read(told).settings, self._lasting, self.now)

    async def _open(self, generation: Generation) -> None:
        """Listen anew when that is needed, which costs no connection; it may fail."""
        wanted, before = generation.settings, self.now.settings
        tls = wanted.listen.tls
        files = [] if tls is None else [tls.certificate, tls.key]
        same = all(wanted.files.get(file) == before.files.get(file) for file in files)
        if not same or _way(generation) != _way(self.now):
            proxied = wanted.listen.proxy_protocol
            await self._listener.start(generation.server_tls, proxied=proxied)

    def _swap(self, generation: Generation) -> None:
        """Put a generation in force: nothing of it was before this, nothing of the old one after.

        Requests under way keep theirs.
        """
        before, self.now = self.now, generation
        self.door.adopt(generation.plan)
        self._lasting.sessions.configure(generation.settings.session)
        if replaced := _replaced(before, generation):
            closing = spawn(_close_later(replaced), "close what was replaced")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the collector what stays as long as a configuration does.

    It looks through everything that is new, again and again while it becomes more: ten thousand
    routes are a tenth of a second in which nobody is answered.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


async def _let_go(old: list[Route]) -> None:
    """Let go of many routes in parts: to free ten thousand at once takes ten milliseconds."""
    while old:
        del old[-_AT_ONCE:]
        await asyncio.sleep(0)


def _replaced(before: Generation, now: Generation) -> list[Part]:
    """Return what `now` has not taken over: these only, not the routes that stood beside them."""
    pairs: list[tuple[Part | None, Part | None]] = [
        (before.sms, now.sms),
        (before.directory, now.directory),
        (before.tracer, now.tracer),
    ]
    return [one for one, other in pairs if one is not None and one is not other]


async def _close_later(parts: Iterable[Part]) -> None:
    try:
        await asyncio.sleep(_CLOSE_S)
    finally:
        await _close(parts)


async def _close(parts: Iterable[Part]) -> None:
    for part in parts:
        await part.close()


def _way(generation: Generation) -> tuple[object, bool]:
    """Return how connections are accepted."""
    listen = generation.settings.listen
    return listen.tls, listen.proxy_protocol
