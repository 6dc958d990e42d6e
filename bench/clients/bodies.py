"""Bodies of one size, up or down, on many connections at once; prints a `Load` counted in MiB.

Each connection moves `each` bodies, one after the other; latencies are of whole bodies.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import time
from typing import cast

import uvloop

from bench.clients import head, spec
from bench.figures import Load, percentile

MIB = 1024 * 1024
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_PIECE = memoryview(bytes(256 * 1024))


class Mover(asyncio.BufferedProtocol):
    """One connection: sends a head, and a body if there is one, and reads the answer to its end."""

    _buffer = memoryview(bytearray(256 * 1024))
    """What comes is not kept, so all connections share it."""

    def __init__(self, request: bytes, size: int, each: int, times: list[float]) -> None:
        self._request = request
        self._size = size
        self._each = each
        self._times = times
        self._awaited: int | None = None  # of the answer's body
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._begin()

    def get_buffer(self, sizehint: int) -> memoryview:
        """See asyncio."""
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """See asyncio."""
        if self._awaited is None:
            self._head += bytes(self._buffer[:nbytes])
            front, end, rest = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            length = _LENGTH.search(front)
            if not front.startswith(b"HTTP/1.1 200") or length is None:
                self._fail(f"refused: {front[:200]!r}")
                return
            self._awaited = int(length[1]) - len(rest)
        else:
            self._awaited -= nbytes
        if self._awaited == 0:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._fail(f"broke off: {exc}")

    def pause_writing(self) -> None:
        """See asyncio."""
        self._paused = True

    def resume_writing(self) -> None:
        """See asyncio."""
        self._paused = False
        self._send()

    def _begin(self) -> None:
        self._begun = time.perf_counter()
        self._head = b""
        self._awaited = None
        self._unsent = self._size
        self._paused = False
        self._transport.write(self._request)
        self._send()

    def _send(self) -> None:
        while self._unsent and not self._paused:
            piece = _PIECE[: self._unsent]
            self._unsent -= len(piece)
            self._transport.write(piece)

    def _end(self) -> None:
        self._times.append(time.perf_counter() - self._begun)
        self._each -= 1
        if self._each:
            self._begin()
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(why))


async def measure(
    port: int, request: bytes, *, size: int, up: bool, connections: int, each: int
) -> Load:
    """Move `each` bodies of `size` bytes on every connection. Raises OSError."""
    times: list[float] = []
    loop = asyncio.get_running_loop()
    sent = size if up else 0
    begun = time.perf_counter()
    movers = []
    for _ in range(connections):
        _, mover = await loop.create_connection(
            lambda: Mover(request, sent, each, times), "127.0.0.1", port
        )
        movers.append(mover)
    await asyncio.gather(*(mover.done for mover in movers))
    return Load(
        connections * each * size / MIB, time.perf_counter() - begun,
        percentile(times, 0.5) * 1e6, percentile(times, 0.99) * 1e6,
    )  # fmt: skip


def main() -> None:
    """Do as told."""
    told = spec()
    up, size = told["up"], told["size"]
    length = (f"Content-Length: {size}",) if up else ()
    request = head("PUT" if up else "GET", told["path"], told["headers"], *length)
    found = uvloop.run(
        measure(
            told["port"], request, size=size, up=up,
            connections=told["connections"], each=told["each"],
        )
    )  # fmt: skip
    print(json.dumps(dataclasses.asdict(found)))


if __name__ == "__main__":
    main()
