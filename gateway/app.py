"""The composition root: the one place that names every class and hands each what it needs."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.auth.assertion import Assertions
from gateway.auth.lockout import OpenTries
from gateway.auth.ports import Unavailable
from gateway.auth.sealing import Sealer
from gateway.auth.sessions import Sessions
from gateway.directory.passwords import PasswordHasher
from gateway.directory.sql import SqlDirectory
from gateway.generation import Lasting, build
from gateway.operate.admin import make_admin
from gateway.operate.audit_file import open_audit
from gateway.operate.key_file import KeyFile
from gateway.pages.application import make_pages
from gateway.pages.services import PageServices
from gateway.places import make_private, pages_socket, remove
from gateway.proxy.door import FrontDoor
from gateway.proxy.listener import Listener
from gateway.proxy.plan import PAGES_POOL
from gateway.proxy.pool import Pool
from gateway.proxy.ticker import Ticker
from gateway.settings.model import LONGEST_HEAD, Upstream, UpstreamUrl
from gateway.settings.snapshot import Snapshot
from gateway.store.store import open_store
from gateway.system import SystemClock, SystemEntropy
from gateway.tasks import report, spawn

GRACE_S: Final = 20.0
"""How long requests under way may take to end after SIGTERM."""


_log = logging.getLogger("portvakt.app")


@dataclass(frozen=True, slots=True)
class Start:
    """What every worker begins with: made once in the parent, inherited by fork.

    The secret key in the snapshot's settings is the real one, wherever it came from.
    """

    path: Path
    snapshot: Snapshot
    redis_url: str
    public: Sequence[socket.socket]
    admin: Sequence[socket.socket]


async def run_worker(start: Start) -> None:
    """Serve until SIGTERM or SIGINT, then drain. Raises OSError when something cannot be opened."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(report)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    async with _serving(start) as door:
        await stop.wait()
        _log.info("draining %d connections", len(door.clients))


@contextlib.asynccontextmanager
async def _serving(start: Start) -> AsyncIterator[FrontDoor]:
    """Everything of one worker, opened in order and closed in the other."""
    async with contextlib.AsyncExitStack() as stack:
        lasting = _lasting(start, stack)
        now = build(start.snapshot, lasting, None)
        stack.push_async_callback(now.sms.close)
        stack.push_async_callback(now.directory.close)
        door = FrontDoor(
            now.plan,
            lasting.sessions,
            lasting.ticker,
            lasting.audit,
            lasting.clock,
            lasting.entropy,
        )
        place = lasting.pages.upstream.urls[0].path
        await stack.enter_async_context(_pages(place, lambda: now.services))
        await stack.enter_async_context(_background(lasting, door))
        await stack.enter_async_context(_admin(start, lasting, now.directory))
        listener = Listener(door, start.public)
        await listener.start()
        try:
            yield door
        finally:
            listener.stop()
            await door.drain(GRACE_S)


def _lasting(start: Start, stack: contextlib.AsyncExitStack) -> Lasting:
    """Open what no edit of gateway.toml changes; `stack` closes it."""
    settings = start.snapshot.settings
    clock, entropy = SystemClock(), SystemEntropy()
    sealer = Sealer(settings.secret_key.reveal().encode(), entropy)
    audit = open_audit(settings, sealer, clock)
    stack.callback(audit.close)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, audit.reopen)
    store = open_store(start.redis_url)
    stack.push_async_callback(store.close)
    hasher = PasswordHasher(entropy)
    stack.callback(hasher.close)
    keys = KeyFile(settings.state_dir, sealer, clock)
    ticker = Ticker(asyncio.get_running_loop())
    return Lasting(
        clock=clock,
        entropy=entropy,
        audit=audit,
        store=store,
        hasher=hasher,
        sealer=sealer,
        sessions=Sessions(store.sessions, sealer, settings.session, clock, audit),
        open_tries=OpenTries(),
        keys=keys,
        assertions=Assertions(keys.open(), entropy),
        ticker=ticker,
        pages=Pool(_pages_upstream(pages_socket(settings.state_dir)), ticker),
    )


def _pages_upstream(place: Path) -> Upstream:
    """Return our own pages as the front door sees them: one more upstream."""
    return Upstream(
        name=PAGES_POOL,
        urls=(UpstreamUrl("unix", "", 0, str(place)),),
        host="preserve",
        identity=(),
        connect_timeout=timedelta(seconds=5),
        first_byte_timeout=timedelta(seconds=30),
        idle_timeout=timedelta(seconds=60),
        connections=128,
        line=0,
    )


@contextlib.asynccontextmanager
async def _pages(place: str, current: Callable[[], PageServices]) -> AsyncIterator[None]:
    """Serve the pages on the private unix socket at `place`.

    What the front door takes, the pages read, however long its limits are: aiohttp would refuse it
    with words of its own, which hold part of what it read.
    """
    runner = web.AppRunner(
        make_pages(current),
        access_log=None,
        keepalive_timeout=75.0,
        handler_cancellation=False,
        auto_decompress=False,
        max_line_size=LONGEST_HEAD,
        max_field_size=LONGEST_HEAD,
    )
    await runner.setup()
    await web.UnixSite(runner, place).start()
    make_private(place)
    try:
        yield
    finally:
        await runner.cleanup()
        remove(place)


@contextlib.asynccontextmanager
async def _background(lasting: Lasting, door: FrontDoor) -> AsyncIterator[None]:
    def rotate_s() -> float:
        return door.plan.snapshot.settings.assertion.rotate.total_seconds()

    signer = lasting.assertions
    tasks = [
        spawn(lasting.sessions.run(), "session upkeep"),
        spawn(door.sweep(), "deadlines"),
        spawn(lasting.keys.watch(signer.ring, signer.use, rotate_s), "signing keys"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def _admin(start: Start, lasting: Lasting, directory: SqlDirectory) -> AsyncIterator[None]:
    async def configuration() -> None:
        on_disk = hashlib.sha256(start.path.read_bytes()).hexdigest()
        if not on_disk.startswith(start.snapshot.digest):
            raise Unavailable("the running configuration is not the one on disk")

    async def audit() -> None:
        lasting.audit.ready()

    checks = {
        "redis": lasting.store.ping,
        "directory": directory.ping,
        "configuration": configuration,
        "audit": audit,
    }
    runner = web.AppRunner(make_admin(checks), access_log=None)
    await runner.setup()
    for listening in start.admin:
        await web.SockSite(runner, listening).start()
    try:
        yield
    finally:
        await runner.cleanup()
