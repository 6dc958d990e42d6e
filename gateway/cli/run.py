"""`portvakt run`: the gateway in the foreground, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import uvloop

from gateway.app import GRACE_S, Start, run_worker
from gateway.auth.key_ring import BadKeys
from gateway.auth.sealing import Sealer
from gateway.cli.demo_people import opened_by_demo_password
from gateway.cli.opening import read_config
from gateway.cli.output import No
from gateway.directory.sql import require_driver
from gateway.operate.key_file import KeyFile
from gateway.operate.logs import set_up_logging
from gateway.places import make_secret, private_directory
from gateway.proxy.listener import bind, server_tls
from gateway.proxy.upstream_tls import upstream_tls
from gateway.settings.model import Secret, Settings
from gateway.settings.snapshot import compile_snapshot
from gateway.store.embedded import EmbeddedRedis, EmbeddedRedisError
from gateway.supervise import Supervisor
from gateway.system import SystemClock, SystemEntropy

_log = logging.getLogger("portvakt")
_EMBEDDED = "embedded"


@click.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Run the gateway in the foreground."""
    path = ctx.obj["config"]
    settings = read_config(path)
    if opened := asyncio.run(opened_by_demo_password(settings)):
        raise No(
            f"The demo's public password still opens {', '.join(opened)}. Take the accounts away "
            f"(portvakt user remove {opened[0]}) or give them another password "
            f"(portvakt user set-password {opened[0]}), then start again."
        )
    serve(path, settings)


def serve(path: Path, settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop; `ready` is called when everything is open. Raises No."""
    set_up_logging()
    open_state_dir(settings)
    redis = EmbeddedRedis(settings.state_dir) if _is_embedded(settings) else None
    try:
        _serve(path, settings, redis, ready)
    finally:
        if redis is not None:
            redis.stop()


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
        require_driver(settings.directory)
        if settings.listen.tls is not None:
            server_tls(settings.listen.tls)  # a bad certificate is told here, not by each worker
        for upstream in settings.upstreams:
            upstream_tls(upstream)
        settings = _with_secret(settings)
        open_keys(settings)
        start = Start(
            path=path,
            snapshot=compile_snapshot(settings),
            public=bind(settings.listen.address),
            admin=bind([settings.admin]),
            redis_url=redis.start() if redis is not None else settings.redis_url.reveal(),
        )
    except (OSError, ValueError, EmbeddedRedisError) as error:
        raise No(str(error)) from None

    def worker(index: int) -> None:
        del index
        # Requests leave no cycles behind, so the collector need not look every 700 objects.
        gc.set_threshold(20_000, 20, 50)
        uvloop.run(run_worker(start))

    def tend() -> None:
        if redis is not None and not redis.is_alive():
            _log.error("the embedded Redis ended; it is started again")
            try:
                redis.restart()
            except EmbeddedRedisError as error:
                _log.error("%s", error)

    def stop_listening() -> None:
        # The kernel goes on accepting for as long as any process holds the socket.
        for listening in (*start.public, *start.admin):
            listening.close()

    count = settings.listen.workers or os.cpu_count() or 1
    urls = ", ".join(f"{one.host}:{one.port}" for one in settings.listen.address)
    workers = "1 worker" if count == 1 else f"{count} workers"
    _log.info("listening on %s as %s with %s", urls, settings.public_url.origin, workers)
    ready()
    gc.freeze()
    Supervisor(worker, count, grace_s=GRACE_S, tend=tend, stopping=stop_listening).run()


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
    if settings.secret_key.reveal() or settings.secret_key_file is None:
        return settings
    return replace(settings, secret_key=Secret(make_secret(settings.secret_key_file)))
