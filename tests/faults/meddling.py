"""A relay to Redis that holds replies back, plants replies that others got, and cuts mid-reply."""

from __future__ import annotations

import asyncio
import contextlib
import random  # noqa: TID251 - seeded: cases, not secrets
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.hostile import serving

_HELD_S = 0.3
_AFTER_PLANT_S = 0.5
_READ = re.compile(rb"HMGET\r\n\$\d+\r\n\S*:session:")


@dataclass
class Meddling:
    """How often it meddled, by kind, and how many sessions were read through it.

    It passes everything on while not `on`.
    """

    port: int = 0
    on: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    last: bytes = b"$-1\r\n"
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    async def reply(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        """Pass one piece of replies on, or not quite."""
        roll = self.dice.random() if self.on else 1.0
        if roll < 0.02:
            self.counts["cut mid-reply"] += 1
            writer.write(data[: len(data) // 2])
            await writer.drain()
            raise ConnectionResetError
        if roll < 0.03:
            self.counts["held back"] += 1
            await asyncio.sleep(_HELD_S)
        elif roll < 0.10:
            self.counts["planted"] += 1
            data = self.last + data if roll < 0.08 else data + self.last
            # One reply too many never goes away by itself: the connection ends a little later.
            asyncio.get_running_loop().call_later(_AFTER_PLANT_S, writer.transport.abort)
        if data.startswith((b"*", b"$")):
            self.last = data
        writer.write(data)
        await writer.drain()


@contextlib.contextmanager
def meddling_relay(socket: str) -> Iterator[Meddling]:
    """Run a relay to a unix socket."""
    relay = Meddling()

    async def serve(reader, writer) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(socket)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_ask(relay, reader, far_writer))
                group.create_task(_reply(relay, far_reader, writer))
        except* OSError:
            pass
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    with serving(serve) as relay.port:
        yield relay


async def _ask(relay: Meddling, reader, writer) -> None:
    while data := await reader.read(65536):
        if relay.on:
            relay.counts["sessions read"] += len(_READ.findall(data))
        writer.write(data)
        await writer.drain()
    raise ConnectionResetError


async def _reply(relay: Meddling, reader, writer) -> None:
    while data := await reader.read(65536):
        await relay.reply(data, writer)
    raise ConnectionResetError
