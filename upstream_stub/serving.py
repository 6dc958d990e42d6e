"""How both applications are served: options of the aiohttp runner, listening, the ready line."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from upstream_stub.portal.request_log import REQUEST_LOG, RequestLog

_HEAD_BYTES: Final = 128 * 1024  # more than the gateway lets through: it is the one to judge
_STOP_WITHIN_S: Final = 0.5
_LOOK_FOR_PARENT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Listener:
    """One application and the address it listens on; port 0 takes a free one."""

    name: str
    app: web.Application
    host: str
    port: int


def runner_of(app: web.Application) -> web.AppRunner:
    """Return a runner that leaves bodies as sent, takes big heads and drops who left."""
    log = app.get(REQUEST_LOG)
    return web.AppRunner(
        app,
        access_log_class=_logger_of_refused(log) if log is not None else _Silent,
        auto_decompress=False,
        handler_cancellation=True,  # a client that leaves ends its handler, and is counted out
        keepalive_timeout=75,
        max_line_size=_HEAD_BYTES,
        max_field_size=_HEAD_BYTES,
        max_headers=1000,
        shutdown_timeout=_STOP_WITHIN_S,
    )


@asynccontextmanager
async def serving(listeners: Sequence[Listener]) -> AsyncIterator[str]:
    """Serve while the block runs; yields the ready line: `name=http://host:port` of each.

    Raises OSError when an address is taken.
    """
    async with AsyncExitStack() as stack:
        addresses = []
        for listener in listeners:
            runner = runner_of(listener.app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, listener.host, listener.port).start()
            host, port = runner.addresses[0][:2]
            shown = f"[{host}]" if ":" in host else host
            addresses.append(f"{listener.name}=http://{shown}:{port}")
        yield "ready " + " ".join(addresses)


def told_to_stop() -> asyncio.Event:
    """Return what SIGINT and SIGTERM set from now on; ask before anybody is told we are ready."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def until_stopped(stop: asyncio.Event, parent: int) -> None:
    """Return when told to stop, or when `parent`, which started us, is our parent no longer."""
    while not stop.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(stop.wait(), _LOOK_FOR_PARENT_S)
        except TimeoutError:
            continue


class _Silent(AbstractAccessLogger):
    """Writes nothing."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write nothing; see aiohttp."""
        del request, response, time


def _logger_of_refused(log: RequestLog) -> type[AbstractAccessLogger]:
    class Refused(AbstractAccessLogger):
        """Puts into the log what aiohttp refused to read as a request.

        Such bytes pass no middleware: aiohttp answers 400 to a made-up UNKNOWN request.
        """

        def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
            del response, time
            if request.method == "UNKNOWN":
                log.add(request)

    return Refused
