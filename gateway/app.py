"""The composition root: the one place that names every class and hands each what it needs."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.auth.challenges import Challenges
from gateway.auth.credentials import Credentials
from gateway.auth.lockout import Lockout
from gateway.auth.logon import Logon
from gateway.auth.model import SessionRecord
from gateway.auth.notices import Notices
from gateway.auth.one_time_passwords import OneTimePasswords
from gateway.auth.ports import Audit, Clock, SmsSender, Unavailable
from gateway.auth.reset import Reset
from gateway.auth.sealing import Sealer
from gateway.auth.self_service import SelfService
from gateway.auth.sessions import Sessions
from gateway.auth.sms_budget import SmsBudget
from gateway.directory.passwords import PasswordHasher
from gateway.directory.sql import SqlDirectory, open_directory
from gateway.operate.admin import make_admin
from gateway.operate.audit_file import AuditFile
from gateway.pages.application import make_pages
from gateway.pages.error_pages import ErrorPages
from gateway.pages.services import PageServices
from gateway.password_judge import ConfiguredPasswords
from gateway.places import pages_socket
from gateway.proxy.door import FrontDoor
from gateway.proxy.listener import Listener
from gateway.proxy.plan import compile_plan
from gateway.proxy.pool import Pool
from gateway.proxy.replies import Replies
from gateway.proxy.upstream_tls import upstream_tls
from gateway.settings.model import Settings, Upstream, UpstreamUrl
from gateway.settings.snapshot import Snapshot
from gateway.sms.failover import make_sms
from gateway.store.store import Store, open_store
from gateway.system import SystemClock, SystemEntropy
from gateway.tasks import report, spawn
from policies.languages import choose

GRACE_S: Final = 20.0
"""How long requests under way may take to end after SIGTERM."""

PAGES_POOL: Final = ""
_LANGUAGES: Final = ("en", "sv")

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
    settings = start.snapshot.settings
    clock, entropy = SystemClock(), SystemEntropy()
    async with contextlib.AsyncExitStack() as stack:
        audit = AuditFile(settings.audit_file, clock)
        stack.callback(audit.close)
        store = open_store(start.redis_url)
        stack.push_async_callback(store.close)
        hasher = PasswordHasher(entropy)
        stack.callback(hasher.close)
        directory = open_directory(settings.directory, hasher, clock)
        stack.push_async_callback(directory.close)
        sms = make_sms(settings.sms, clock)
        stack.push_async_callback(sms.close)
        sealer = Sealer(settings.secret_key.reveal().encode(), entropy)
        sessions = Sessions(store.sessions, sealer, settings.session, clock, audit)
        door = FrontDoor(compile_plan(start.snapshot), sessions, _replies(settings), audit, entropy)
        near = _Neighbours(store, directory, sms, audit, clock, sealer)
        logon, account, reset = _domain(settings, near, sessions)
        services = PageServices(
            snapshot=lambda: door.plan.snapshot,
            logon=logon,
            account=account,
            reset=reset,
            who=partial(_who, sessions),
            clock=clock,
            entropy=entropy,
            secret=sealer.mac("form tokens"),
        )
        pages = await stack.enter_async_context(_pages(settings, services))
        door.pools = {
            one.name: Pool(one, door.ticker, upstream_tls(one)) for one in settings.upstreams
        }
        door.pools[PAGES_POOL] = Pool(pages, door.ticker)
        await stack.enter_async_context(_background(sessions, door))
        await stack.enter_async_context(_admin(start, store, directory))
        listener = Listener(door, start.public)
        await listener.start()
        try:
            yield door
        finally:
            listener.stop()
            await door.drain(GRACE_S)


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """What the logon domain is handed."""

    store: Store
    directory: SqlDirectory
    sms: SmsSender
    audit: Audit
    clock: Clock
    sealer: Sealer


def _domain(
    settings: Settings, near: _Neighbours, sessions: Sessions
) -> tuple[Logon, SelfService, Reset]:
    """Put the logon domain together; its parts count in the same buckets."""
    directory, audit, clock, sealer = near.directory, near.audit, near.clock, near.sealer
    lockout = Lockout(near.store.failures, sealer, settings.lockout, clock)
    challenges = Challenges(near.store.challenges, sealer, settings.one_time_password, clock)
    budget = SmsBudget(near.store.failures, sealer, settings.sms_budget, clock)
    codes = OneTimePasswords(challenges, budget, near.sms, audit, clock, settings)
    notices = Notices(near.sms, budget, audit, settings)
    credentials = Credentials(directory, directory.accounts, lockout, challenges, sessions, notices)
    judge = ConfiguredPasswords(settings)
    return (
        Logon(directory, lockout, codes, sessions, audit, settings),
        SelfService(directory, credentials, codes, judge, audit, settings),
        Reset(directory, credentials, codes, budget, judge, clock),
    )


def _replies(settings: Settings) -> Replies:
    language = partial(choose, available=_LANGUAGES, default=settings.branding.default_language)
    https = settings.public_url.is_https
    return Replies(ErrorPages(settings).render, language, https=https)


async def _who(sessions: Sessions, token: str) -> SessionRecord | None:
    if not token.isascii():
        return None
    raw = token.encode("ascii")
    live = sessions.warm(raw) or await sessions.resolve(raw)
    return None if live is None else live.record


@contextlib.asynccontextmanager
async def _pages(settings: Settings, services: PageServices) -> AsyncIterator[Upstream]:
    """Serve the pages on a private unix socket; yield it as an upstream of the front door.

    What the front door takes, the pages read: aiohttp would refuse it with words of its own, which
    hold part of what it read.
    """
    place = pages_socket(settings.state_dir)
    runner = web.AppRunner(
        make_pages(services),
        access_log=None,
        keepalive_timeout=75.0,
        handler_cancellation=False,
        auto_decompress=False,
        max_line_size=settings.limits.head,
        max_field_size=settings.limits.head,
    )
    await runner.setup()
    await web.UnixSite(runner, str(place)).start()
    place.chmod(0o600)
    try:
        yield Upstream(
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
    finally:
        await runner.cleanup()
        place.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _background(sessions: Sessions, door: FrontDoor) -> AsyncIterator[None]:
    tasks = [spawn(sessions.run(), "session upkeep"), spawn(door.sweep(), "deadlines")]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def _admin(start: Start, store: Store, directory: SqlDirectory) -> AsyncIterator[None]:
    async def configuration() -> None:
        on_disk = hashlib.sha256(start.path.read_bytes()).hexdigest()
        if not on_disk.startswith(start.snapshot.digest):
            raise Unavailable("the running configuration is not the one on disk")

    checks = {"redis": store.ping, "directory": directory.ping, "configuration": configuration}
    runner = web.AppRunner(make_admin(checks), access_log=None)
    await runner.setup()
    for listening in start.admin:
        await web.SockSite(runner, listening).start()
    try:
        yield
    finally:
        await runner.cleanup()
