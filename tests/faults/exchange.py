"""One kept HTTP/1.1 connection of a visitor, strict about where an answer ends.

It repeats nothing and tidies nothing up: what a gateway did to a request is what is told.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

ANSWER_S = 20.0
HOST = "127.0.0.1"
_PIECES = 8


class NoAnswer(Exception):
    """The connection ended, or nothing came, before an answer was whole; visibly so."""


@dataclass(frozen=True)
class Answer:
    status: int
    fields: dict[str, str]
    cookies: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Line:
    """A connection from `source` to a port of `reach`, made anew when the last one ended."""

    def __init__(
        self, port: int, source: str, host: str, among: set[Line], *, reach: str = HOST
    ) -> None:
        """`among` holds those that are open, so that somebody can close them all."""
        self._reach = reach
        self._port, self._source, self._host = port, source, host
        self._among = among
        self._streams = None

    async def ask(self, method: str, path: str, fields=(), body: bytes = b"", pause_s: float = 0):
        """Send a request, its body in eight pieces with pauses; return the answer, or raise NoAnswer."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._ask(method, path, fields, body, pause_s)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from error

    def close(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            self._among.discard(self)
            streams[1].transport.abort()

    async def _ask(self, method, path, fields, body, pause_s) -> Answer:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # the other end said so in time: as a browser does
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self._reach, self._port, local_addr=(self._source, 0)
            )
            self._among.add(self)
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in fields]
        lines += [f"Content-Length: {len(body)}"] if body or method == "POST" else []
        writer.write("\r\n".join([*lines, "", ""]).encode())
        step = max(1, -(-len(body) // _PIECES))
        for at in range(0, len(body), step):
            writer.write(body[at : at + step])
            await writer.drain()
            await asyncio.sleep(pause_s)
        return await self._read(reader, method)

    async def _read(self, reader, method) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        pairs = [
            (name.lower(), value.strip()) for name, _, value in (x.partition(":") for x in lines)
        ]
        fields = dict(pairs)
        status = int(first.split()[1])
        if status in {204, 304} or method == "HEAD":
            body = b""
        elif "chunked" in fields.get("transfer-encoding", ""):
            body = await _chunks(reader)
        elif "content-length" in fields:
            body = await reader.readexactly(int(fields["content-length"]))
        else:
            body = await reader.read()
        ends = "transfer-encoding" not in fields and "content-length" not in fields
        if ends or fields.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, fields, _cookies(pairs), body)


def _cookies(pairs) -> dict[str, str]:
    """Return what is set; an empty value is a cookie that is taken away."""
    found = {}
    for name, value in pairs:
        if name == "set-cookie":
            cookie, _, rest = value.partition(";")
            key, _, content = cookie.partition("=")
            found[key] = "" if "max-age=0" in rest.lower() else content
    return found


async def _chunks(reader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        if await reader.readexactly(2) != b"\r\n":
            raise ValueError("a chunk that does not end")
    with contextlib.suppress(asyncio.IncompleteReadError):
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
    return body
