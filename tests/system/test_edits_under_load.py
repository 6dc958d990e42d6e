"""A hundred edits while people work: two workers, two hundred WebSockets, requests all the time.

Each edit can be told from the others by what it makes of three requests, and each answer says
which edit it was judged by (X-Portvakt-Config). So an answer that mixes two edits shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.system.gateway import INSIDE, RunningGateway, free_port, running_gateway
from tests.system.visitor import insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("edits")]

EDITS = 100
KEPT, REMOVED = 180, 20
VISITORS = 10
TRIES = 100
IN_FORCE_S = 2.0
CLOSED_S = 5.0
PATIENCE_S = 10.0


def is_wrong(number: int) -> bool:
    return number % 10 == 5


def is_without_b(number: int) -> bool:
    return number % 10 == 9


def tables(number: int, portal: str) -> str:
    """Return the part of gateway.toml that edits change; /edit-N/ is closed in edit N only."""
    b = '[[route]]\npath = "/b/"\nupstream = "portal"\n' if not is_without_b(number) else ""
    wrong = "nonsense = true\n" if is_wrong(number) else ""
    return (
        f'[[upstream]]\nname = "portal"\nurl = ["{portal}"]\n'
        f'identity = {{ X-Edit = "{number}", X-Remote-User = "{{user}}" }}\n'
        f'[[route]]\npath = "/a/"\nupstream = "portal"\n{b}'
        f'[[route]]\npath = "/edit-{number}/"\nupstream = "portal"\ngroups = ["nobody"]\n{wrong}'
    )


def expected(path: str, number: int) -> int:
    """Return the status of a request that was judged by an edit."""
    if path.startswith("/edit-"):
        return 403 if path == f"/edit-{number}/" else 404
    return 404 if path == "/b/" and is_without_b(number) else 200


class Upstream:
    """Says what it was told, echoes on upgraded connections, streams under /a/stream."""

    def __init__(self) -> None:
        self.port = free_port()
        self.writers: set[asyncio.StreamWriter] = set()

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._accepted, "127.0.0.1", self.port)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        ends = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with contextlib.suppress(*ends):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"\r\nUpgrade: " in head:
                    writer.write(
                        b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
                    )
                    while data := await reader.read(4096):
                        writer.write(data)
                    break
                if head.startswith(b"GET /a/stream "):
                    await self._stream(writer)
                    break
                if head.startswith(b"GET /a/slow "):
                    await asyncio.sleep(0.7)
                told = dict(re.findall(r"\r\n(X-[\w-]+): ([^\r]*)", head.decode()))
                body = json.dumps(told).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"1\r\n.\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)


@dataclass
class Scene:
    """The gateway, its edits, and what visitors have seen of them."""

    gateway: RunningGateway
    cookie: str
    portal: str
    base: str
    numbers: dict[str, int] = field(default_factory=dict)  # digest -> edit
    newest: dict[str, int] = field(default_factory=dict)  # worker -> the edit it judged by last
    answers: Counter = field(default_factory=Counter)
    took_s: list[float] = field(default_factory=list)
    now: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def save(self, number: int) -> None:
        """Write an edit; every other one by putting another file in its place."""
        text = self.base + tables(number, self.portal)
        self.numbers[hashlib.sha256(text.encode()).hexdigest()[:12]] = number
        self.now = number
        place = self.gateway.config
        if number % 2:
            place.write_text(text)
        else:
            fresh = place.with_suffix(".new")
            fresh.write_text(text)
            fresh.replace(place)

    def head(self, path: str, *lines: str) -> bytes:
        first = (f"GET {path} HTTP/1.1", f"Host: localhost:{self.gateway.port}")
        fields = (f"Cookie: gateway={self.cookie}", "X-Portvakt-Config: ?", *lines, "", "")
        return "\r\n".join((*first, *fields)).encode()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self.gateway.port
        found = await asyncio.open_connection("127.0.0.1", port, local_addr=(INSIDE, 0))
        self.writers.add(found[1])
        return found


async def read(reader: asyncio.StreamReader) -> tuple[int, str, bytes]:
    """Return status, the digest that the answer tells, and the body."""
    async with asyncio.timeout(PATIENCE_S):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"\r\nContent-Length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
    digest = re.search(r"\r\nX-Portvakt-Config: (\w+)", head)
    assert digest, head
    return int(head[9:12]), digest[1], body


class Visitor:
    """One kept connection to one worker (which its request ids tell)."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.worker = ""

    async def come(self) -> str:
        self.reader, self.writer = await self.scene.connect()
        await self.ask("/a/")
        return self.worker

    async def ask(self, path: str) -> None:
        """Ask for one thing, and judge the answer."""
        scene = self.scene
        # Answers of one worker to several visitors may be read in another order than they were
        # given: what was known when this was asked is what it may not fall behind.
        newest = dict(scene.newest)
        self.writer.write(scene.head(path))
        status, digest, body = await read(self.reader)
        edit = scene.numbers[digest]
        assert not is_wrong(edit), "a file with an error is in force"
        assert status == expected(path, edit), (path, status, edit)
        if status == 200:
            told = json.loads(body)
            assert told["X-Edit"] == str(edit), "judged by one edit and forwarded by another"
            self.worker = told["X-Request-Id"].partition("-")[0]
        if path != "/a/slow":
            assert edit >= newest.get(self.worker, 0), "an older edit came back"
            scene.newest[self.worker] = max(edit, scene.newest.get(self.worker, 0))
        scene.answers[status] += 1

    async def work(self, number: int) -> None:
        """Ask for one thing after the other."""
        for turn in itertools.count(number):
            near = self.scene.now + turn // 3 % 3 - 1
            paths = ("/a/", "/b/", f"/edit-{near}/", "/a/slow")
            await self.ask(paths[turn % (4 if number < 2 else 3)])
            await asyncio.sleep(0.03)


async def visitors(scene: Scene) -> list[Visitor]:
    """Return visitors of both workers."""
    found: list[Visitor] = []
    for _ in range(TRIES):
        found.append(Visitor(scene))
        await found[-1].come()
        counted = Counter(visitor.worker for visitor in found)
        if len(found) >= VISITORS and len(counted) == 2:
            return found
    raise AssertionError("one worker takes every connection")


class Socket:
    """One WebSocket, as far as the gateway is concerned: bytes after a 101."""

    def __init__(self, scene: Scene, path: str) -> None:
        self.scene, self.path = scene, path
        self.closed = asyncio.Event()

    async def open(self) -> None:
        self.reader, self.writer = await self.scene.connect()
        origin = f"Origin: {self.scene.gateway.origin}"
        self.writer.write(
            self.scene.head(self.path, origin, "Connection: Upgrade", "Upgrade: websocket")
        )
        status, _, _ = await read(self.reader)
        assert status == 101

    async def live(self) -> None:
        """Echo until the other side closes."""
        try:
            for number in itertools.count():
                word = b"%08d" % number
                self.writer.write(word)
                async with asyncio.timeout(PATIENCE_S):
                    assert await self.reader.readexactly(8) == word
                await asyncio.sleep(1.0)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed.set()
        finally:
            self.writer.close()


async def follow(scene: Scene) -> None:
    """Read a stream that never ends and that no edit forbids."""
    reader, writer = await scene.connect()
    writer.write(scene.head("/a/stream"))
    await reader.readuntil(b"\r\n\r\n")
    while True:
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.read(4096), "the stream was cut off"


async def until(condition, seconds: float, what: str) -> float:
    """Wait until a condition holds; return how long that took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, what
        await asyncio.sleep(0.005)
    return time.monotonic() - begun


async def in_force(scene: Scene, number: int) -> None:
    """Wait until both workers judge by an edit."""

    def everywhere() -> bool:
        return len(scene.newest) == 2 and set(scene.newest.values()) == {number}

    took_s = await until(everywhere, IN_FORCE_S, f"edit {number}: {scene.newest}")
    scene.took_s.append(took_s)


async def edit(scene: Scene, removed: list[Socket], tasks: asyncio.TaskGroup) -> None:
    """Make all the edits, each when the one before is in force."""
    log, refused = scene.gateway.log, 0
    for number in range(1, EDITS + 1):
        scene.save(number)
        if is_wrong(number):
            refused += 1
            wanted = refused
            await until(
                lambda wanted=wanted: log.read_text().count("is refused") == wanted,
                IN_FORCE_S,
                f"edit {number} is refused",
            )
            continue
        await in_force(scene, number)
        if is_without_b(number):
            for socket in removed:
                async with asyncio.timeout(CLOSED_S):
                    await socket.closed.wait()
        elif is_without_b(number - 1):
            removed[:] = [Socket(scene, "/b/") for _ in removed]
            await asyncio.gather(*(socket.open() for socket in removed))
            for socket in removed:
                tasks.create_task(socket.live())


async def play(scene: Scene, upstream: Upstream) -> None:
    server = await upstream.serve()
    kept = [Socket(scene, "/a/socket") for _ in range(KEPT)]
    removed = [Socket(scene, "/b/") for _ in range(REMOVED)]
    try:
        for start in range(0, KEPT + REMOVED, 20):
            await asyncio.gather(*(one.open() for one in (kept + removed)[start : start + 20]))
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(socket.live()) for socket in kept + removed]
            at_work = enumerate(await visitors(scene))
            background += [tasks.create_task(one.work(number)) for number, one in at_work]
            background.append(tasks.create_task(follow(scene)))
            await edit(scene, removed, tasks)
            assert not any(socket.closed.is_set() for socket in kept + removed)
            for task in background:
                task.cancel()
            for socket in removed:
                socket.writer.close()
    finally:
        server.close()
        for writer in scene.writers | upstream.writers:
            writer.transport.abort()
        await asyncio.sleep(0.1)


def test_a_hundred_edits_under_load(tmp_path):
    upstream = Upstream()
    portal = f"http://127.0.0.1:{upstream.port}"
    debug = '[debug]\nnetworks = ["corporate"]\n'
    with running_gateway(
        tmp_path, portal=portal, listen="workers = 2", tables=debug, start=False
    ) as gateway:
        base = gateway.config.read_text().partition("[[upstream]]")[0]
        scene = Scene(gateway, "", portal, base)
        scene.save(0)
        gateway.start()
        gateway.add_user("anna")
        scene.cookie = insider(gateway, "anna").cookies["gateway"]
        asyncio.run(play(scene, upstream))
        assert set(scene.answers) == {200, 403, 404}
        assert min(scene.answers.values()) > EDITS
        events = Counter(line["event"] for line in gateway.audit())
        assert events["config.rejected"] == sum(map(is_wrong, range(1, EDITS + 1))) == 10
        assert events["config.applied"] == EDITS - 10
        last = sorted(scene.took_s)
        print(f"in force after {last[len(last) // 2]:.2f} s, p99 {last[-2]:.2f} s", scene.answers)
