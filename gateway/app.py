"""The composition root: the one place that names every class and hands each what it needs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.auth.assertion import Assertions
from gateway.auth.lockout import OpenTries
from gateway.auth.recheck import Recheck
from gateway.auth.refusals import Refusals
from gateway.auth.sealing import Sealer, mark_of
from gateway.auth.sessions import Sessions
from gateway.counters import Counters
from gateway.directory.opening import AnyDirectory
from gateway.directory.passwords import PasswordHasher
from gateway.generation import Lasting
from gateway.memory import keep_small
from gateway.operate.admin import Check, make_admin
from gateway.operate.audit_file import open_audit
from gateway.operate.counted_audit import CountedAudit
from gateway.operate.key_file import KeyFile
from gateway.operate.metric_board import Board
from gateway.operate.metric_desk import Desk
from gateway.operate.peers import Peers
from gateway.pages.application import make_pages
from gateway.pages.services import PageServices
from gateway.places import make_private, pages_socket, remove
from gateway.proxy.plan import PAGES_POOL
from gateway.proxy.pool import Pool
from gateway.proxy.tally import Tally
from gateway.proxy.ticker import Ticker
from gateway.readiness import readiness
from gateway.reload.look import Running
from gateway.settings.model import LONGEST_HEAD, Upstream, UpstreamUrl
from gateway.store.store import open_store
from gateway.system import SystemClock, SystemEntropy
from gateway.tasks import end, report, spawn
from gateway.worker import Worker
from gateway.worker_metrics import metrics_page, open_desk
from policies.peers import Peer, host_word

_log = logging.getLogger("portvakt.app")


@dataclass(frozen=True, slots=True)
class Start:
    """What a worker begins with, inherited by fork.

    `running` is the newest configuration, with the real secret key, wherever that came from; `line`
    is where the next ones come from. `place` is the worker's number, and its place on the board.
    """

    path: Path
    running: Running
    line: socket.socket
    redis_url: str
    public: Sequence[socket.socket]
    admin: Sequence[socket.socket]
    board: Board
    place: int
    peer_id: str = ""
    """Drawn by the parent for all its workers; "" when nobody else can be on this Redis."""


async def run_worker(start: Start) -> None:
    """Serve until SIGTERM or SIGINT, then drain. Raises OSError when something cannot be opened.

    After SIGTERM we go on for `drain_delay` as if nothing were, but for /readyz. A SIGINT (Ctrl-C)
    does not wait, nor does the death of the parent.
    """
    stop, at_once = asyncio.Event(), asyncio.Event()
    parent = os.getppid()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(report)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, _set_both, stop, at_once)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    async with _serving(start, stop) as worker:
        await stop.wait()
        if os.getppid() != parent:  # it died, and its place is wanted
            at_once.set()
        with contextlib.suppress(TimeoutError):
            delay_s = start.running.settings.listen.drain_delay_s
            await asyncio.wait_for(at_once.wait(), delay_s)
        _log.info("draining %d connections", len(worker.door.clients))


def _set_both(one: asyncio.Event, other: asyncio.Event) -> None:
    one.set()
    other.set()


@contextlib.asynccontextmanager
async def _serving(start: Start, stop: asyncio.Event) -> AsyncIterator[Worker]:
    """Everything of one worker, opened in order and closed in the other."""
    async with contextlib.AsyncExitStack() as stack:
        lasting = _lasting(start, stack)
        worker = Worker(lasting, start.running, start.public)
        place = lasting.pages.upstream.urls[0].path
        await stack.enter_async_context(_pages(place, lambda: worker.now.services))
        await stack.enter_async_context(_background(lasting, worker, start.line))
        peers = await stack.enter_async_context(_peers(start, lasting, worker))
        desk = open_desk(start.board, start.place, worker, lasting, peers)
        checks = readiness(start.path, lasting, worker, desk, stop)
        if peers is not None:
            checks["peers"] = peers.ready
        await stack.enter_async_context(_admin(start, lasting, checks, desk))
        await worker.listen()
        await stack.enter_async_context(_measuring(desk))
        try:
            yield worker
        finally:
            await worker.close(start.running.settings.listen.drain_timeout.total_seconds())


def _lasting(start: Start, stack: contextlib.AsyncExitStack) -> Lasting:
    """Open what no edit of gateway.toml changes; `stack` closes it."""
    settings = start.running.settings
    clock, entropy = SystemClock(), SystemEntropy()
    sealer = Sealer(settings.secret_key.reveal().encode(), entropy)
    audit_file = open_audit(settings, sealer, clock)
    stack.callback(audit_file.close)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, audit_file.reopen)
    counters = Counters()
    audit = CountedAudit(audit_file, counters)
    store = open_store(start.redis_url)
    stack.push_async_callback(store.close)
    hasher = PasswordHasher(entropy)
    stack.callback(hasher.close)
    keys = KeyFile(settings.state_dir, sealer, clock)
    ticker, tally = Ticker(asyncio.get_running_loop()), Tally()
    pages = _pages_upstream(pages_socket(settings.state_dir))
    return Lasting(
        clock=clock,
        entropy=entropy,
        audit=audit,
        audit_file=audit_file,
        refusals=Refusals(store.refusals, sealer, clock),
        store=store,
        hasher=hasher,
        sealer=sealer,
        sessions=Sessions(store.sessions, sealer, settings.session, clock, audit),
        open_tries=OpenTries(),
        keys=keys,
        assertions=Assertions(keys.open(), entropy),
        ticker=ticker,
        tally=tally,
        counters=counters,
        pages=Pool(pages, ticker, None, tally.upstreams[PAGES_POOL]),
        forms=Pool(replace(pages, connections=_FORMS), ticker, None, tally.upstreams[PAGES_POOL]),
    )


_LOOKS: Final = 16
"""Pages that are made at once. Each is a little work of this worker's one processor, so more would
make nobody's page come sooner, and whoever asks for thousands would hold up everybody else."""
_FORMS: Final = 128
"""Forms that are judged at once: those wait for the directory, for hashing, for the store."""


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
        connections=_LOOKS,
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
async def _background(lasting: Lasting, worker: Worker, line: socket.socket) -> AsyncIterator[None]:
    def rotate_s() -> float:
        return worker.now.settings.assertion.rotate.total_seconds()

    def directory() -> tuple[AnyDirectory, float]:
        ldap = worker.now.settings.directory.ldap
        return worker.now.directory, 0.0 if ldap is None else ldap.recheck.total_seconds()

    signer = lasting.assertions
    tasks = [
        spawn(lasting.sessions.run(), "session upkeep"),
        spawn(worker.door.sweep(), "deadlines"),
        spawn(lasting.keys.watch(signer.ring, signer.use, rotate_s), "signing keys"),
        spawn(worker.follow(line), "configuration"),
        spawn(lasting.refusals.run(), "refusals kept"),
        spawn(Recheck(lasting.sessions, directory, lasting.clock).run(), "sessions rechecked"),
        spawn(keep_small(), "memory"),
    ]
    try:
        yield
    finally:
        await end(tasks)


@contextlib.asynccontextmanager
async def _peers(start: Start, lasting: Lasting, worker: Worker) -> AsyncIterator[Peers | None]:
    """Watch the other gateways on this Redis; None where there can be none."""
    if not start.peer_id:
        yield None
        return
    host, ours, mark = host_word(socket.gethostname()), version("portvakt"), mark_of(lasting.sealer)

    def describe() -> Peer:
        published = lasting.assertions.ring.published(lasting.clock.now())
        kids = tuple(key.kid for key in published)
        digest = worker.now.plan.snapshot.digest
        return Peer(start.peer_id, host, mark, kids, host_word(ours), digest)

    peers = Peers(lasting.store.peers, describe, lasting.clock, tells=start.place == 0)
    task = spawn(peers.run(), "other gateways")
    try:
        yield peers
    finally:
        await end([task])
        await peers.leave()


@contextlib.asynccontextmanager
async def _measuring(desk: Desk) -> AsyncIterator[None]:
    desk.publish()  # from here on the other workers know this one
    task = spawn(desk.run(), "metrics")
    try:
        yield
    finally:
        task.cancel()


@contextlib.asynccontextmanager
async def _admin(
    start: Start, lasting: Lasting, checks: Mapping[str, Check], desk: Desk
) -> AsyncIterator[None]:
    admin = make_admin(checks, partial(metrics_page, desk, lasting))
    runner = web.AppRunner(admin, access_log=None)
    await runner.setup()
    for listening in start.admin:
        await web.SockSite(runner, listening).start()
    try:
        yield
    finally:
        await runner.cleanup()
