"""`python -m bench.clients.echo PORT`: an upstream that reads bodies and echoes WebSocket frames.

A request with a Content-Length is answered 200 once its body has been read to the end; a request
to upgrade is answered 101, and every frame then comes back unmasked. For the bench only.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import sys
from typing import cast

import uvloop

from bench.clients.frames import cut, frame

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_KEY = re.compile(rb"(?i)\r\nsec-websocket-key: *([^\r]+)")
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BUFFER = 256 * 1024


class Echo(asyncio.BufferedProtocol):
    """One connection: heads, then what the head said. Bodies are read into one buffer."""

    _buffer = memoryview(bytearray(_BUFFER))
    """Nothing of a body is kept, so all connections share it."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        self._frames = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """See asyncio."""
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """See asyncio."""
        if nbytes < self._left:
            self._left -= nbytes
        elif self._left:
            rest = bytes(self._buffer[self._left : nbytes])
            self._left = 0
            self._answer()
            self._read(rest)
        else:
            self._read(bytes(self._buffer[:nbytes]))

    def _read(self, data: bytes) -> None:
        data = self._rest + data
        while data and not self._left:
            if self._frames:
                payloads, data = cut(data)
                self._transport.write(b"".join(map(frame, payloads)))
                break
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                data = head
                break
            data = self._begin(head, data)
        self._rest = data

    def _begin(self, head: bytes, data: bytes) -> bytes:
        """Take note of what a head says; return what remains to be read."""
        if key := _KEY.search(head):
            accept = base64.b64encode(hashlib.sha1(key[1] + _GUID).digest())
            self._frames = True
            self._transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            return data
        length = int(found[1]) if (found := _LENGTH.search(head)) else 0
        if len(data) < length:
            self._left = length - len(data)
            return b""
        self._answer()
        return data[length:]

    def _answer(self) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")


async def serve(port: int) -> None:
    """Serve until cancelled."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
