"""A TCP relay on the loopback that can be slow: what comes is passed on `delay_s` later."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Relay:
    """Where it listens, and how slow it is from the next piece on."""

    port: int
    delay_s: float = 0.0


@contextlib.contextmanager
def relay_to(socket: str) -> Iterator[Relay]:
    """Run a relay to a unix socket in a thread of its own."""
    relay, ready, loop = Relay(0), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        stop.append(asyncio.Event())
        server = await asyncio.start_server(
            lambda r, w: _serve(relay, socket, r, w), "127.0.0.1", 0
        )
        relay.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop[0].wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    stop: list[asyncio.Event] = []
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(10)
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(stop[0].set)
        thread.join()
        loop.close()


async def _serve(relay: Relay, socket: str, reader, writer) -> None:
    try:
        far_reader, far_writer = await asyncio.open_unix_connection(socket)
    except OSError:
        writer.transport.abort()
        return
    try:
        await asyncio.gather(_pass(relay, reader, far_writer), _pass(relay, far_reader, writer))
    except (OSError, asyncio.CancelledError):
        pass
    finally:
        writer.transport.abort()
        far_writer.transport.abort()


async def _pass(relay: Relay, reader, writer) -> None:
    while data := await reader.read(65536):
        if relay.delay_s:
            await asyncio.sleep(relay.delay_s)
        writer.write(data)
        await writer.drain()
    raise ConnectionResetError
