"""An upstream that does what the request's `trick` says: answers late, early, twice, never, resets.

Each answer names the user and the assertion's `sub` it was given, and the nonce it was asked for. A
connection on which somebody sent or was asked for NTLM answers everything as that user from then on.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from gateway.tasks import spawn

LATE_S = 0.05
SURPLUS = "surplus"
_ENDS = {"reset", "half", "close"}


@dataclass
class Request:
    """One request head, and whose it is."""

    target: str
    fields: dict[str, str]

    @property
    def words(self) -> dict[str, str]:
        return {name: value[0] for name, value in parse_qs(urlsplit(self.target).query).items()}

    @property
    def sub(self) -> str:
        claims = self.fields.get("x-gateway-assertion", "..").split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"] if claims else ""


@dataclass
class Connection:
    """One connection; `owner` is who logged it on, as (user, sub)."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    owner: tuple[str, str] | None = None
    heads: int = 0
    tasks: set[asyncio.Task] = field(default_factory=set)

    async def serve(self) -> None:
        while True:
            request = await self._request()
            self.heads += 1
            if not await self._answer(request, request.words.get("trick", "well")):
                return

    async def _request(self) -> Request:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return Request(first.split()[1], {name.lower(): v.strip() for name, _, v in pairs})

    async def _body(self, request: Request) -> None:
        await self.reader.readexactly(int(request.fields.get("content-length", "0")))

    async def _answer(self, request: Request, trick: str) -> bool:
        """Answer one request; whether the connection goes on."""
        if trick == "early":
            self.writer.write(self._text(request))
        await self._body(request)
        if trick == "early":
            return True
        if trick in {"ntlm", "challenge"} and self.owner is None:
            self.owner = (request.fields.get("x-remote-user", ""), request.sub)
        if trick == "upgrade":
            await self._tunnel(request)
            return False
        if trick == "silence":
            await asyncio.sleep(LATE_S * 4)
            return False
        if trick in {"late", "later"}:
            await asyncio.sleep(LATE_S * (1 if trick == "late" else 6))
        text = self._text(request, "401 Unauthorized" if trick == "challenge" else "200 OK")
        self._send(request, trick, text)
        return trick not in _ENDS

    def _send(self, request: Request, trick: str, text: bytes) -> None:
        if trick == "reset":
            self.writer.transport.abort()
        elif trick == "half":
            self.writer.write(text[: len(text) - 20])
        else:
            self.writer.write(text * 2 if trick == "twice" else text)
        if trick == "idle":
            again = self._text(request, also={SURPLUS: True})
            task = spawn(self._say_again(self.heads, again), "surplus")
            self.tasks.add(task)

    async def _say_again(self, heads: int, text: bytes) -> None:
        """Say it once more, but only while no other request has come here."""
        await asyncio.sleep(LATE_S)
        if heads == self.heads and not self.writer.is_closing():
            self.writer.write(text)

    async def _tunnel(self, request: Request) -> None:
        self.writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"  # RFC 6455, 1.3
        )
        text = self._told(request, {}).encode()
        self.writer.write(b"\x81\x7e" + len(text).to_bytes(2) + text)
        await self.reader.read(1)

    def _told(self, request: Request, also: dict) -> str:
        user, sub = self.owner or (request.fields.get("x-remote-user", ""), request.sub)
        told = {"user": user, "sub": sub, "nonce": request.words.get("nonce")} | also
        return json.dumps(told | {"fill": "x" * 300})

    def _text(self, request: Request, status: str = "200 OK", also: dict | None = None) -> bytes:
        body = self._told(request, also or {})
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/json"]
        lines += ["WWW-Authenticate: NTLM"] if status.startswith("401") else []
        return ("\r\n".join([*lines, "", ""]) + body).encode()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = Connection(reader, writer)
    try:
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            await connection.serve()
    finally:
        for task in connection.tasks:
            task.cancel()
        writer.close()


@contextlib.contextmanager
def serving(serve) -> Iterator[int]:
    """Serve each connection with `serve(reader, writer)` in a thread of its own; yield the port."""
    loop, ready, ports = asyncio.new_event_loop(), threading.Event(), []
    stop = asyncio.Event()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    ready.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@contextlib.contextmanager
def hostile_upstream() -> Iterator[int]:
    """Run one; yield its port."""
    with serving(_serve) as port:
        yield port
