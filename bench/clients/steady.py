"""Requests at a steady rate, whatever becomes of them, until a line comes in; prints a `Load`.

Each connection sends on its own clock, so that an answer that is late delays no other connection.
A request is timed from when it was due, not from when it could be sent.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import time

import uvloop

from bench.clients import head, spec, trusting
from bench.figures import Load, percentile


async def measure(
    port: int, request: bytes, *, connections: int, rate: float, tls: bool = False
) -> Load:
    """Send until told to stop. Raises OSError, and ValueError for a refusal."""
    loop = asyncio.get_running_loop()
    told = loop.run_in_executor(None, sys.stdin.readline)
    times: list[float] = []
    context = trusting() if tls else None
    # Open before the first is due: to connect is no part of what is timed.
    ends = [
        await asyncio.open_connection("127.0.0.1", port, ssl=context) for _ in range(connections)
    ]
    begun = time.perf_counter()

    async def send(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        due = begun + number / rate
        while not told.done():
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(request)
            await _answer(reader)
            times.append(time.perf_counter() - due)
            due += connections / rate
        writer.close()

    print(json.dumps({"open": connections}), flush=True)
    await asyncio.gather(*(send(number, *end) for number, end in enumerate(ends)))
    return Load(
        len(times), time.perf_counter() - begun,
        percentile(times, 0.5) * 1e6, percentile(times, 0.99) * 1e6,
    )  # fmt: skip


async def _answer(reader: asyncio.StreamReader) -> None:
    front = await reader.readuntil(b"\r\n\r\n")
    if not front.startswith(b"HTTP/1.1 200"):
        raise ValueError(f"refused: {front[:80]!r}")
    fields = dict(
        line.lower().split(b": ", 1) for line in front.split(b"\r\n")[1:] if b": " in line
    )
    await reader.readexactly(int(fields[b"content-length"]))


if __name__ == "__main__":
    words = spec()
    asked = head("GET", "/", words["headers"])
    found = uvloop.run(
        measure(
            words["port"],
            asked,
            connections=words["connections"],
            rate=words["rate"],
            tls=words.get("tls", False),
        )
    )
    print(json.dumps(dataclasses.asdict(found)), flush=True)
