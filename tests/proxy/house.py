"""A front door in this process, a raw upstream that does as a test says, and raw clients."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from gateway.auth.assertion import Assertions
from gateway.auth.key_ring import new_ring
from gateway.auth.live import LiveSession
from gateway.auth.model import SessionRecord
from gateway.auth.ports import Unavailable
from gateway.auth.refusals import Records, Refusals
from gateway.auth.sealing import Sealer
from gateway.auth.sessions import Reading
from gateway.proxy.client import ClientConnection
from gateway.proxy.door import FrontDoor
from gateway.proxy.introduction import Introductions
from gateway.proxy.plan import Plan, compile_plan
from gateway.proxy.pool import Pool
from gateway.proxy.replies import Replies
from gateway.proxy.tally import Tally
from gateway.proxy.ticker import Ticker
from gateway.settings.model import Limits, UpstreamUrl
from gateway.settings.parse import read_settings
from gateway.settings.snapshot import compile_snapshot
from gateway.tasks import spawn
from tests.fakes import FakeClock, FakeEntropy, FakeRefusals, ListAudit
from tests.proxy.raw_client import PATIENCE_S, Client, reset

TOML = """\
public_url = "http://localhost:8080"
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9"]
identity = { X-Remote-User = "{user}", X-Remote-Groups = "{groups}" }
[[route]]
path = "/static/"
upstream = "portal"
public = true
[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]
[[route]]
path = "/"
upstream = "portal"
"""
COOKIE = b"Cookie: gateway=anna\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

INTRODUCTIONS = Introductions(Assertions(new_ring(0.0), FakeEntropy()))
REPLIES = Replies(
    lambda status, **_: b"<p>%d</p>" % status, lambda cookies, accept: "en", https=False
)

Script = Callable[["Visit"], Awaitable[None]]


class FakeSessions:
    """Sessions by token; those in `cold` must be asked for, `down` makes that fail."""

    def __init__(self) -> None:
        self.live: dict[bytes, LiveSession] = {}
        self.cold: set[bytes] = set()
        self.gate: asyncio.Event | None = None
        self.down = False
        self.crash = False
        self.uses = 0

    def add(
        self,
        token: bytes,
        *,
        groups: tuple[str, ...] = (),
        factors: tuple[str, ...] = ("pwd", "otp"),
        created: float = 0.0,
    ) -> LiveSession:
        record = SessionRecord(
            user=token.decode(),
            name="",
            email="",
            groups=groups,
            factors=factors,
            network="internet",
            created=created,
        )
        live = self.live[token] = LiveSession(token, f"session:{token.decode()}", record, 0.0)
        return live

    def warm(self, token: bytes) -> LiveSession | None:
        return None if token in self.cold else self.live.get(token)

    def reading(self, token: bytes) -> Reading | None:
        return spawn(self._read(token), "read session")

    async def _read(self, token: bytes) -> LiveSession | Unavailable | None:
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            return Unavailable("redis")
        if self.crash:
            raise ZeroDivisionError
        return self.live.get(token)

    def used(self, live: LiveSession) -> None:
        self.uses += 1


class Visit:
    """One connection to the upstream; `raw` is every byte that came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.raw = b""
        self.heads: list[bytes] = []

    async def head(self) -> bytes:
        """Read a request head; b"" when the gateway closed instead."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            self.raw += getattr(error, "partial", b"")
            return b""
        self.raw += head
        self.heads.append(head)
        return head

    async def read(self, size: int) -> bytes:
        data = await self.reader.readexactly(size)
        self.raw += data
        return data

    async def to_end(self) -> bytes:
        """Read until the gateway closes."""
        data = b""
        with contextlib.suppress(ConnectionError):
            while piece := await self.reader.read(65536):
                data += piece
                self.raw += piece
        return data

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        reset(self.writer)


async def answer_all(visit: Visit, answer: bytes = OK) -> None:
    """Answer every request that has no body in the same way."""
    while await visit.head():
        visit.send(answer)


def saying(*answers: bytes, close: bool = False) -> Script:
    """One answer a request, whatever it is."""

    async def script(visit: Visit) -> None:
        for answer in answers:
            if not await visit.head():
                return
            visit.send(answer)
        if close:
            visit.close()
        await visit.to_end()

    return script


@dataclass
class Origin:
    """The upstream: runs `script` for every connection; what crashed in one is told at the end."""

    script: Script = answer_all
    visits: list[Visit] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    server: asyncio.Server | None = None
    port: int = 0

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=2**20)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = Visit(reader, writer)
        self.visits.append(visit)
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self.script(visit)

    def heads(self) -> list[bytes]:
        return [head for visit in self.visits for head in visit.heads]

    async def close(self) -> None:
        assert self.server is not None
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for visit in self.visits:
            visit.writer.transport.abort()


class House:
    """Front door, upstream and clients; `limits` and upstream keys may be changed before use."""

    def __init__(self, directory: Path, toml: str = TOML) -> None:
        self.directory = directory
        self.toml = toml
        self.origin = Origin()
        self.sessions = FakeSessions()
        self.audit = ListAudit()
        self.clock = FakeClock()
        self.kept = FakeRefusals(self.clock)
        self.sealer = Sealer(b"0123456789abcdef", FakeEntropy())
        self.refusals = Refusals(self.kept, self.sealer, self.clock)
        self.anna = self.sessions.add(b"anna")
        self.crashes: list[dict[str, Any]] = []
        self.clients: list[Client] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.crashes.append(context))
        await self.origin.start()
        path = self.directory / "gateway.toml"
        path.write_text(self.toml)
        self.settings = read_settings(path, {})
        self.configure()
        self.server = await loop.create_server(lambda: ClientConnection(self.door), "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def configure(self, *, limits: Limits | None = None, **upstream: Any) -> None:
        """Make the door anew; `upstream` replaces keys of the one upstream."""
        urls = upstream.pop("urls", (UpstreamUrl("http", "127.0.0.1", self.origin.port),))
        portal = replace(self.settings.upstreams[0], urls=urls, **upstream)
        settings = replace(self.settings, upstreams=(portal,), limits=limits or Limits())
        ticker = Ticker(asyncio.get_running_loop())
        self.pools = {"portal": Pool(portal, ticker)}
        plan = compile_plan(compile_snapshot(settings), REPLIES, self.pools, INTRODUCTIONS, Tally())
        self.door = FrontDoor(
            plan,
            self.sessions,  # type: ignore[arg-type]
            ticker,
            Records(self.audit, self.refusals),
            self.clock,
            FakeEntropy(),
        )

    def edit(self, *changes: tuple[str, str], pools: dict[str, Pool] | None = None) -> Plan:
        """Put gateway.toml in force with some texts replaced; return its plan."""
        text = self.toml
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = self.directory / "gateway.toml"
        path.write_text(text)
        settings = read_settings(path, {})
        portal = replace(settings.upstreams[0], urls=self.pool.upstream.urls)
        settings = replace(settings, upstreams=(portal,))
        snapshot = compile_snapshot(settings)
        plan = compile_plan(
            snapshot, REPLIES, pools or self.pools, INTRODUCTIONS, self.door.plan.tally
        )
        self.door.adopt(plan)
        return plan

    @property
    def pool(self) -> Pool:
        return self.pools["portal"]

    async def client(self, **more: Any) -> Client:
        where = {} if "sock" in more else {"host": "127.0.0.1", "port": self.port}
        client = Client(*await asyncio.open_connection(**where, **more))
        self.clients.append(client)
        return client

    async def client_of(self, connected: socket.socket) -> Client:
        connected.setblocking(False)
        return await self.client(sock=connected)

    async def connections(self) -> list[ClientConnection]:
        """Return the front door's side of the clients, once there is one."""
        await self.until(lambda: bool(self.door.clients))
        return list(self.door.clients)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop run until `condition` holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.001)

    def expire(self) -> None:
        """Let every deadline pass that is set."""
        for client in [c for c in self.door.clients if c.deadline < math.inf]:
            client.on_deadline()
        for connection in [c for c in self.pool.connections if c.deadline < math.inf]:
            connection.on_deadline()

    def _is_empty(self) -> bool:
        for upstream in list(self.pool.connections):
            upstream.transport.abort()
        return not self.door.clients and not any(place.open for place in self.pool.addresses)

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for client in self.clients:
            client.writer.transport.abort()
        for connection in list(self.door.clients):
            connection.transport.abort()
        # What is being connected just now must be there before it can be closed.
        await self.until(self._is_empty)
        await asyncio.sleep(0.005)
        await self.origin.close()
        await asyncio.sleep(0.005)


def get(path: bytes = b"/", extra: bytes = COOKIE, method: bytes = b"GET") -> bytes:
    """Return a request head without body, by default anna's."""
    return method + b" " + path + b" HTTP/1.1\r\nHost: localhost:8080\r\n" + extra + b"\r\n"


def post(body: bytes, path: bytes = b"/", extra: bytes = COOKIE) -> bytes:
    """Return a whole POST, by default anna's."""
    return get(path, extra + b"Content-Length: %d\r\n" % len(body), b"POST") + body
