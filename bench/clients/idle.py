"""Many connections that do nothing: each asks once, then all stay open until a line comes in.

Prints {"open": N} when they are, and ends when its input does. With `upgrade` each becomes a
WebSocket.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop

from bench.clients import UPGRADE, head, spec

_AT_ONCE = 64


class Idler(asyncio.Protocol):
    """One connection that has asked once."""

    def __init__(self, request: bytes, expected: bytes) -> None:
        self._request = request
        self._expected = expected
        self._data = b""
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._data += data
        if self.answered.done() or b"\r\n\r\n" not in self._data:
            return
        if self._data.startswith(self._expected):
            self.answered.set_result(None)
        else:
            self.answered.set_exception(ConnectionError(f"refused: {self._data[:80]!r}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if not self.answered.done():
            self.answered.set_exception(ConnectionError(f"broke off: {exc}"))


async def hold(port: int, request: bytes, expected: bytes, connections: int) -> None:
    """Open connections, say so, and hold them. Raises OSError."""
    loop = asyncio.get_running_loop()
    for start in range(0, connections, _AT_ONCE):
        made = await asyncio.gather(
            *(
                loop.create_connection(lambda: Idler(request, expected), "127.0.0.1", port)
                for _ in range(min(_AT_ONCE, connections - start))
            )
        )
        await asyncio.gather(*(idler.answered for _, idler in made))
    print(json.dumps({"open": connections}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)


def main() -> None:
    """Do as told."""
    told = spec()
    if told["upgrade"]:
        request = head("GET", "/echo", told["headers"], *UPGRADE, *told["more"])
        expected = b"HTTP/1.1 101"
    else:
        request, expected = head("GET", "/", told["headers"]), b"HTTP/1.1 200"
    uvloop.run(hold(told["port"], request, expected, told["connections"]))


if __name__ == "__main__":
    main()
