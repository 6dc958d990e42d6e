"""A stranger who means harm, one kind at a time, until a line comes in; bounded in count and rate.

Prints {"begun": N} when N connections are at it, and ends when its input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import Callable
from typing import Any, Final, cast

import uvloop

from bench.clients import UPGRADE, head, spec, trusting

# Short, so that turns come spread over the second, as over a small line.
_SWEEP_S: Final = 0.01
_POST: Final = ("Content-Type: application/x-www-form-urlencoded",)
_KIB: Final = 1024


class Line(asyncio.Protocol):
    """One connection. What comes back is thrown away, or not even read."""

    def __init__(self, *, reads: bool = True) -> None:
        self._reads = reads
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.transport = cast("asyncio.Transport", transport)
        if not self._reads:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        del exc
        self.transport = None

    def send(self, data: bytes) -> None:
        """Write, unless it is over or the other end takes no more."""
        if self.transport is not None and self.transport.get_write_buffer_size() < 256 * _KIB:
            self.transport.write(data)

    def drop(self) -> None:
        """Close without a word."""
        if self.transport is not None:
            self.transport.abort()


Next = Callable[[], bytes]
"""What a connection sends at its next turn."""


def dripping(begin: bytes, more: bytes) -> Callable[[], Next]:
    """Return what sends `begin` first and `more` ever after."""

    def fresh() -> Next:
        return itertools.chain((begin,), itertools.repeat(more)).__next__

    return fresh


def kinds(headers: list[str]) -> dict[str, Callable[[], Next]]:
    """Return what each kind of stranger sends."""
    logon = "/.gateway/logon"
    chunked = head("POST", logon, headers, *_POST, "Transfer-Encoding: chunked")
    whole = head("POST", logon, headers, *_POST, "Content-Length: 16000")
    cookies = "; ".join(f"c{n}={'x' * 4000}" for n in range(15))
    flood = head("GET", "/", headers, "Accept: text/html")
    return {
        "slow heads": dripping(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"a"),
        "slow bodies": dripping(whole, b"a"),
        "slow readers": dripping(head("GET", logon, headers) * 20, head("GET", logon, headers)),
        "idle sockets": dripping(b"", b""),
        "half-open handshakes": dripping(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0"),
        "header bombs": dripping(flood[:-2] + b"X-A: " + b"a" * 60 * _KIB, b"a" * 60 * _KIB),
        "cookie bombs": dripping(*[head("GET", "/", headers, f"Cookie: {cookies}")] * 2),
        "huge URLs": dripping(b"GET /" + b"a" * 16 * _KIB, b"a" * 16 * _KIB),
        "endless chunk extensions": dripping(chunked + b"1;a=", b"a" * 4 * _KIB),
        "endless trailers": dripping(chunked + b"0\r\n", b"X-A: " + b"a" * 200 + b"\r\n"),
        "connections and requests": dripping(flood, flood),
        "WebSockets": dripping(*[head("GET", "/echo", headers, *UPGRADE)] * 2),
    }


async def harm(port: int, fresh: Callable[[], Next], told: dict[str, Any]) -> None:
    """Keep so many connections at it, so many turns a second. Raises OSError at the start only."""
    loop = asyncio.get_running_loop()
    count, rate = told["connections"], told["rate"]
    lines: dict[Line, Next] = {}
    context = trusting() if told["tls"] else None

    async def open_one() -> None:
        line = Line(reads=told["kind"] != "slow readers")
        with contextlib.suppress(OSError):
            await loop.create_connection(lambda: line, "127.0.0.1", port, ssl=context)
            lines[line] = fresh()

    for start in range(0, count, 64):
        await asyncio.gather(*(open_one() for _ in range(min(64, count - start))))
    print(json.dumps({"begun": len(lines)}), flush=True)
    over = loop.run_in_executor(None, sys.stdin.readline)
    turns = max(1, int(rate * _SWEEP_S))
    while not over.done():
        begun = loop.time()
        for line, following in list(itertools.islice(lines.items(), turns)):
            del lines[line]
            if line.transport is None:
                await open_one()
            else:
                line.send(following())
                lines[line] = following  # to the end of the queue
        await asyncio.sleep(max(0.0, _SWEEP_S - (loop.time() - begun)))


def main() -> None:
    """Do as told."""
    told = spec()
    plain = [one for one in told["headers"] if not one.startswith("Cookie:")]
    uvloop.run(harm(told["port"], kinds(plain)[told["kind"]], told))


if __name__ == "__main__":
    main()
