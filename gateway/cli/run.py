"""`portvakt run`: the gateway in the foreground, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import uvloop

from gateway.app import Start, run_worker
from gateway.auth.key_ring import BadKeys
from gateway.auth.sealing import Sealer
from gateway.checking import read_checked
from gateway.cli.configuration import read_config
from gateway.cli.demo_people import opened_by_demo_password
from gateway.cli.migrate import require_tables
from gateway.cli.output import No
from gateway.counters import Counters
from gateway.floors import outdated
from gateway.memory import give_back
from gateway.operate.audit_file import open_audit
from gateway.operate.key_file import KeyFile
from gateway.operate.logs import set_up_logging, this_process_is
from gateway.operate.metric_desk import board_for, parents_desk
from gateway.password_rules import WordsMissing, compile_password_rules
from gateway.places import make_secret, private_directory
from gateway.proxy.listener import bind
from gateway.reload import handover
from gateway.reload.keeper import Keeper
from gateway.reload.look import Looker, Running
from gateway.reload.relay import Relay
from gateway.service_manager import ServiceManager, addresses_of
from gateway.settings.files import digest_of
from gateway.settings.model import Secret, Settings
from gateway.store.embedded import EmbeddedRedis, EmbeddedRedisError
from gateway.supervise import Supervisor
from gateway.system import SystemClock, SystemEntropy

_log = logging.getLogger("portvakt")
_EMBEDDED = "embedded"
_SIGNS = 3
"""How many signs of life leave in the time in which one is expected."""
_PEER_ID_BYTES = 8
_SWITCH_S = 0.001
"""How long a thread that compiles a configuration may hold requests up before it lets go."""


@click.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Run the gateway in the foreground."""
    path = ctx.obj["config"]
    require_floors()
    settings = read_config(path, read_checked)
    require_tables(settings.directory)
    if opened := asyncio.run(opened_by_demo_password(settings)):
        raise No(
            f"The demo's public password still opens {', '.join(opened)}. Take the accounts away "
            f"(portvakt user remove {opened[0]}) or give them another password "
            f"(portvakt user set-password {opened[0]}), then start again."
        )
    serve(path, settings)


def serve(path: Path, settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop; `ready` is called when everything is open. Raises No."""
    set_up_logging(settings.log)
    # Whoever rotates the audit may say so before anybody listens: that must end nothing.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    open_state_dir(settings)
    redis = EmbeddedRedis(settings.state_dir) if _is_embedded(settings) else None
    try:
        _serve(path, settings, redis, ready)
    finally:
        if redis is not None:
            redis.stop()


def require_floors() -> None:
    """See that nothing below us is older than is safe. Raises No."""
    if found := outdated():
        told = "\n".join(f"- {one.sentence()}" for one in found)
        raise No(f"Portvakt does not run on what is installed:\n{told}")


def open_state_dir(settings: Settings) -> None:
    """Make the state directory, or see that it is ours. Raises No."""
    try:
        private_directory(settings.state_dir)
    except OSError as error:
        raise No(
            f"state_dir {settings.state_dir} cannot be used: {(error.strerror or '').lower()}; "
            "write a directory in gateway.toml that this user may make or owns"
        ) from None


def _serve(
    path: Path, settings: Settings, redis: EmbeddedRedis | None, ready: Callable[[], None]
) -> None:
    try:
        settings = _with_secret(settings)
        open_keys(settings)
        _see_audit(settings)
        compile_password_rules(settings)  # reads the words once: the workers share them by fork
        parent = _Parent(path, settings, redis)
    except (OSError, ValueError, EmbeddedRedisError, WordsMissing) as error:
        raise No(str(error)) from None
    urls = ", ".join(f"{one.host}:{one.port}" for one in settings.listen.address)
    count = parent.workers
    workers = "1 worker" if count == 1 else f"{count} workers"
    _log.info("listening on %s as %s with %s", urls, settings.public_url.origin, workers)
    ready()
    give_back()  # a fifth of what reading the configuration took, in every process forked from here
    gc.freeze()
    parent.run()


class _Parent:
    """What the parent process opens, and what each of its children does with it."""

    def __init__(self, path: Path, settings: Settings, redis: EmbeddedRedis | None) -> None:
        """Raise OSError or EmbeddedRedisError when something cannot be opened."""
        self.workers = settings.listen.workers or os.cpu_count() or 1
        self._path = path
        self._redis = redis
        self._manager = ServiceManager()
        self._public, self._admin = _listening(settings, self._manager)
        self._is_up = False
        self._next_sign = 0.0
        self._redis_url = redis.start() if redis is not None else settings.redis_url.reveal()
        # Drawn anew at each start: host names may be alike, and state_dir may be shared or copied.
        self._peer_id = "" if redis is not None else SystemEntropy().token(_PEER_ID_BYTES).hex()
        self._clock = SystemClock()
        listen = settings.listen
        self._grace_s = listen.drain_delay_s + listen.drain_timeout.total_seconds()
        self._relay = Relay(Running.started(settings, self._clock.now()), self.workers)
        self._counters = Counters()
        self._board = board_for(self.workers)
        self._desk = parents_desk(self._board, self._counters)

    def run(self) -> None:
        """Return when everything has ended."""
        programs: dict[str, Callable[[], None]] = {"keeper": self._keep}
        for number, end in enumerate(self._relay.worker_ends):
            programs[f"worker {number}"] = partial(self._work, number, end)
        for name in programs:
            self._counters.count("restarts", name, by=0)
        self._desk.publish()
        Supervisor(
            programs,
            grace_s=self._grace_s,
            ears=[self._relay.fileno()],
            tend=self._tend,
            stopping=self._stop,
            lost=self._lost,
        ).run()
        self._relay.close()

    def _newest(self) -> Running:
        return handover.read(handover.content(self._relay.newest))

    def _work(self, number: int, line: socket.socket) -> None:
        this_process_is(f"worker {number}")
        # Requests leave no cycles behind, so the collector need not look every 700 objects.
        gc.set_threshold(20_000, 20, 50)
        sys.setswitchinterval(_SWITCH_S)
        start = Start(
            path=self._path,
            running=self._newest(),
            line=line,
            redis_url=self._redis_url,
            public=self._public,
            admin=self._admin,
            board=self._board,
            place=number,
            peer_id=self._peer_id,
        )
        uvloop.run(run_worker(start))

    def _keep(self) -> None:
        this_process_is("keeper")
        self._stop_listening()
        looker = Looker(self._path, os.environ, self._newest())
        Keeper(looker, self._clock, self._relay.keeper_end).run()

    def _tend(self) -> None:
        self._relay.pass_on()
        self._sign_of_life()
        if self._redis is not None and not self._redis.is_alive():
            _log.error("the embedded Redis ended; it is started again")
            try:
                self._redis.restart()
            except EmbeddedRedisError as error:
                _log.error("%s", error)

    def _sign_of_life(self) -> None:
        """Tell the service manager, as long as a worker lives; when none does it starts us anew."""
        living = self._desk.living()
        if living == self.workers and not self._is_up:
            self._is_up = True
            self._manager.tell(READY="1", STATUS=f"serving with {living} workers")
        now = time.monotonic()
        if living and self._manager.watchdog_s and now >= self._next_sign:
            self._next_sign = now + self._manager.watchdog_s / _SIGNS
            self._manager.tell(WATCHDOG="1")

    def _lost(self, name: str) -> None:
        self._counters.count("restarts", name)
        self._desk.publish()

    def _stop(self) -> None:
        self._manager.tell(STOPPING="1", STATUS="finishing what is under way")
        self._stop_listening()

    def _stop_listening(self) -> None:
        # The kernel goes on accepting for as long as any process holds the socket.
        for listening in (*self._public, *self._admin):
            listening.close()


def _listening(
    settings: Settings, manager: ServiceManager
) -> tuple[list[socket.socket], list[socket.socket]]:
    """Return the sockets of [listen] and of [admin], those of the service manager among them.

    Raises OSError, also for one that it hands over and that gateway.toml does not name.
    """
    handed = addresses_of(manager.sockets())
    named = {(one.host, one.port) for one in (*settings.listen.address, settings.admin)}
    for host, port in handed.keys() - named:
        raise OSError(
            f"the service manager listens on {host}:{port}, which gateway.toml does not name; "
            "write it in [listen] address, or take it out of the .socket unit"
        )
    return bind(settings.listen.address, handed), bind([settings.admin], handed)


def _see_audit(settings: Settings) -> None:
    """See that the audit can be opened, and say in the log how far it is. Raises OSError.

    The log is kept elsewhere: by that mark an older audit is found that somebody put back.
    """
    sealer = Sealer(settings.secret_key.reveal().encode(), SystemEntropy())
    audit = open_audit(settings, sealer, SystemClock())
    _log.info("the audit goes on after its mark %d:%s", audit.position.seq, audit.position.mac)
    audit.close()


def open_keys(settings: Settings) -> None:
    """See that the signing keys can be read, and make them on the first start. Raises No."""
    sealer = Sealer(settings.secret_key.reveal().encode(), SystemEntropy())
    try:
        KeyFile(settings.state_dir, sealer, SystemClock()).open()
    except BadKeys as error:
        raise No(str(error)) from None


def _is_embedded(settings: Settings) -> bool:
    return settings.redis_url.reveal() == _EMBEDDED


def _with_secret(settings: Settings) -> Settings:
    """Return the settings with the secret key in them, made on the first start."""
    file = settings.secret_key_file
    if settings.secret_key.reveal() or file is None:
        return settings
    key = Secret(make_secret(file))
    # What we made ourselves is no edit.
    return replace(settings, secret_key=key, files={**settings.files, file: digest_of(file)})
