"""A client that sends any bytes and reads answers strictly."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass

from gateway.wire.chunked import ChunkedBody

PATIENCE_S = 10


@dataclass
class Answer:
    """One answer as a client reads it."""

    status: int
    head: bytes
    body: bytes

    def field(self, name: bytes) -> bytes | None:
        found = self.all(name)
        return found[0] if found else None

    def all(self, name: bytes) -> list[bytes]:
        lines = self.head.split(b"\r\n")[1:]
        pairs = [line.partition(b":") for line in lines if line]
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]


class Client:
    """A raw client connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def ask(self, data: bytes, *, method: bytes = b"GET") -> Answer:
        self.send(data)
        return await self.answer(method=method)

    async def head(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self, *, method: bytes = b"GET") -> Answer:
        """Read one final answer and its body."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            answer = Answer(status, head, b"")
            if method == b"HEAD" or status in {204, 304} or status < 200:
                return answer
            length = answer.field(b"content-length")
            if answer.field(b"transfer-encoding") is not None:
                answer.body = await self._chunked()
            elif length is not None:
                answer.body = await self.reader.readexactly(int(length))
            else:
                answer.body = await self.reader.read()
            return answer

    async def _chunked(self) -> bytes:
        body = ChunkedBody()
        data = b""
        while not body.done:
            piece = await self.reader.read(1)
            if not piece:
                raise asyncio.IncompleteReadError(data, None)
            data += b"".join(body.feed(piece))
        return data

    async def rest(self) -> bytes:
        """Read until the gateway closes."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionError):
                return await self.reader.read()
            return b""

    def end(self) -> None:
        """Send no more (half close)."""
        self.writer.write_eof()

    def reset(self) -> None:
        """Be gone, with a reset."""
        reset(self.writer)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other end is told of a reset, not of an end."""
    connected = writer.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
