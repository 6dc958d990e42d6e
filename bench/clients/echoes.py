"""WebSockets that each send a message when the last one has come back.

Prints {"open": N} once all are open, waits for a line, sends messages for so long, and prints a
`Load` counted in messages. Latencies are those of every 16th connection.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import secrets
import sys
import time
from functools import partial
from typing import cast

import uvloop

from bench.clients import UPGRADE, head, spec
from bench.clients.frames import frame
from bench.figures import Load, percentile

_AT_ONCE = 64
_WATCHED = 16


class Socket(asyncio.Protocol):
    """One WebSocket; `times` is where it writes its latencies, or None."""

    def __init__(
        self, request: bytes, message: bytes, length: int, times: list[float] | None
    ) -> None:
        self._request = request
        self._message = message
        self._length = length
        self._times = times
        self._received = 0
        self._begun = 0.0
        self._stopped = True
        self._head = b""
        self.count = 0
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if not self.opened.done():
            self._head += data
            if b"\r\n\r\n" in self._head:
                self._open()
            return
        self._received += len(data)
        if self._received >= self._length:
            self._received -= self._length
            self.count += 1
            if self._times is not None:
                self._times.append(time.perf_counter() - self._begun)
            if not self._stopped:
                self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"broke off: {exc}"))

    def begin(self) -> None:
        """Send the first message."""
        self._stopped = False
        self._send()

    def stop(self) -> None:
        """Send no further one."""
        self._stopped = True

    def _open(self) -> None:
        if self._head.startswith(b"HTTP/1.1 101"):
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ConnectionError(f"refused: {self._head[:80]!r}"))

    def _send(self) -> None:
        if self._times is not None:
            self._begun = time.perf_counter()
        self._transport.write(self._message)


async def measure(
    port: int, request: bytes, *, connections: int, size: int, seconds: float
) -> Load:
    """Open all, wait for the word, send. Raises OSError."""
    loop = asyncio.get_running_loop()
    message = frame(bytes(size), secrets.token_bytes(4))
    length = len(frame(bytes(size)))
    times: list[float] = []
    sockets: list[Socket] = []
    while len(sockets) < connections:
        numbers = range(len(sockets), min(connections, len(sockets) + _AT_ONCE))
        watched = [times if number % _WATCHED == 0 else None for number in numbers]
        made = await asyncio.gather(
            *(
                loop.create_connection(
                    partial(Socket, request, message, length, its), "127.0.0.1", port
                )
                for its in watched
            )
        )
        await asyncio.gather(*(one.opened for _, one in made))
        sockets += [one for _, one in made]
    print(json.dumps({"open": connections}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    begun = time.perf_counter()
    for one in sockets:
        one.begin()
    await asyncio.sleep(seconds)
    for one in sockets:
        one.stop()
    lasted = time.perf_counter() - begun
    silent = sum(not one.count for one in sockets)
    return Load(
        sum(one.count for one in sockets), lasted,
        percentile(times, 0.5) * 1e6, percentile(times, 0.99) * 1e6, silent,
    )  # fmt: skip


def main() -> None:
    """Do as told."""
    told = spec()
    request = head("GET", "/echo", told["headers"], *UPGRADE, *told["more"])
    found = uvloop.run(
        measure(
            told["port"], request, connections=told["connections"], size=told["size"],
            seconds=told["seconds"],
        )
    )  # fmt: skip
    print(json.dumps(dataclasses.asdict(found)), flush=True)


if __name__ == "__main__":
    main()
