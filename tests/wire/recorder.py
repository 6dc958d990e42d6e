"""An upstream that writes down every byte and reads it as strictly as a server can.

It understands what the gateway writes and nothing else: one Content-Length of plain digits or the
word "chunked", sizes without extensions, no trailers. Whatever is not that is a fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tests.wire.cases import Reading

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_FRAMING = {"contentlength", "transferencoding"}


@dataclass
class Seen:
    """One request as it came; `complete` once its body ended."""

    head: list[str]
    body: bytes = b""
    complete: bool = False

    def values(self, name: str) -> list[str]:
        """Return the values of a field, whatever its spelling."""
        found = (line.partition(": ") for line in self.head[1:])
        return [value for key, _, value in found if re.sub("[^a-z]", "", key.lower()) == name]

    @property
    def target(self) -> str:
        return self.head[0].split(" ")[1]

    @property
    def reading(self) -> Reading:
        method, target, _ = self.head[0].split(" ")
        (host,) = self.values("host")
        return Reading(method, target, host, self.body, self.complete)


@dataclass
class Recorder:
    """`seen` are requests by the client address that the gateway told; `faults` should be empty."""

    socket: socket.socket
    seen: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)
    connections: int = 0
    tasks: set[asyncio.Task] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve; at the end close every connection."""
        server = await asyncio.start_server(self.serve, sock=self.socket)
        try:
            yield
        finally:
            server.close()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer 200 to each request of one connection."""
        self.connections += 1
        self.tasks.add(asyncio.current_task())
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                while (seen := await self.head(reader)) is not None:
                    await self.body(reader, seen)
                    await self.answer(seen, writer)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run must hear of it
            self.faults.append(repr(error))
        finally:
            writer.close()

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        """Say that all is well."""
        del seen
        writer.write(OK)

    async def head(self, reader: asyncio.StreamReader) -> Seen | None:
        """Read one head, None at the end of the connection."""
        try:
            raw = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                self.faults.append(f"half a head: {error.partial!r}")
            return None
        lines = raw[:-4].decode("latin-1").split("\r\n")
        seen = Seen(lines)
        if not re.fullmatch(r"[A-Z]+ /[!-~]* HTTP/1\.1", lines[0]):
            self.faults.append(f"start line {lines[0]!r}")
        for line in lines[1:]:
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\x00-\x08\x0a-\x1f\x7f]*", line):
                self.faults.append(f"field line {line!r}")
        self.seen["".join(seen.values("xforwardedfor"))].append(seen)
        return seen

    async def body(self, reader: asyncio.StreamReader, seen: Seen) -> None:
        """Read the body of one request; raises ConnectionError when it never ends."""
        framing = [(name, value) for name in _FRAMING for value in seen.values(name)]
        if len(framing) > 1:
            self.faults.append(f"framed twice: {framing}")
        try:
            for name, value in framing:
                if name == "contentlength":
                    assert value.isdecimal(), value
                    seen.body = await reader.readexactly(int(value))
                else:
                    assert value == "chunked", value
                    await self._chunks(reader, seen)
        except asyncio.IncompleteReadError as error:
            seen.body += error.partial
            raise ConnectionError from None
        seen.complete = True

    async def _chunks(self, reader: asyncio.StreamReader, seen: Seen) -> None:
        while True:
            line = await reader.readuntil(b"\r\n")
            assert re.fullmatch(rb"[0-9a-f]{1,15}\r\n", line), line
            size = int(line, 16)
            piece = await reader.readexactly(size + 2)
            assert piece.endswith(b"\r\n"), piece
            if size == 0:
                return
            seen.body += piece[:-2]


def bound() -> socket.socket:
    """Return a listening socket on a port of its own."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(1024)
    return listening
