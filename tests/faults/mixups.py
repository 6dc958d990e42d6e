"""Whether anybody is ever given an answer that was made for somebody else.

Users with sessions of their own ask an upstream that behaves as badly as their requests tell it to,
and break off, pipeline, half-close and upgrade; the workers know few of their sessions and read
the others from Redis, whose replies are late, planted and cut; workers are killed, sessions ended
and opened anew. Each answer that is whole names a user and a nonce.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random  # noqa: TID251 - seeded: cases, not secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.tasks import spawn
from tests.conftest import start_redis
from tests.faults.exchange import HOST, NoAnswer
from tests.faults.hostile import SURPLUS, hostile_upstream
from tests.faults.meddling import Meddling, meddling_relay
from tests.faults.tally import Tally
from tests.faults.visitors import Person, Site, hidden
from tests.proxy.raw_client import Client
from tests.system.gateway import INSIDE, RunningGateway, running_gateway
from tests.system.processes import kill, workers_of

MIXED, LIMIT = "mix-up", "late surplus"
TRICKS = ("well",) * 8 + ("late", "early", "ntlm", "challenge", "reset", "half", "close", "later")
DOUBLE = ("twice", "idle", "well")
MANNERS = ("plain",) * 8 + (
    "pipeline", "pipeline", "abort body", "abort answer", "half-close", "upgrade", "gone",
)  # fmt: skip
_ANSWER_S = 10.0
_ROUTES = """
[[route]]
path = "/double"
upstream = "double"
[[route]]
path = "/"
upstream = "portal"
upgrades = ["websocket"]
"""
_TABLES = """
[redis]
url = "{redis}"
[lockout]
user_and_address = "10000/1h"
address = "10000/1h"
user = "10000/1h"
[[upstream]]
name = "double"
url = ["http://127.0.0.1:{double}"]
timeout = {{ connect = "2s", first_byte = "2s", idle = "2s" }}
"""
_UPGRADE = (
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)  # fmt: skip


@dataclass
class Run:
    """What was asked and seen. `told` are the mix-ups, in words."""

    gateway: RunningGateway
    site: Site
    wanted: int
    relay: Meddling
    dice: random.Random
    answers: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.answers >= self.wanted

    def judge(self, user: str, nonce: str, status: int, body: bytes) -> None:
        """Judge one whole answer; the gateway's own are counted by status."""
        try:
            told = json.loads(body) if status in {101, 200, 401} else None
        except ValueError:
            told = None
        if not isinstance(told, dict) or "nonce" not in told:
            self.counts[f"gateway's {status}"] += 1
            if status == 200:
                self._mixed(f"{user}: 200 {body[:200]!r}")
            return
        self.answers += 1
        if (told["user"], told["sub"], told["nonce"]) == (user, user, nonce):
            self.counts["right"] += 1
        elif told.get(SURPLUS):
            self.counts[LIMIT] += 1
        else:
            self._mixed(f"{user} {nonce}: {body[:200]!r}")

    def _mixed(self, why: str) -> None:
        self.counts[MIXED] += 1
        self.told.append(why)


class Asker:
    """One user's browser: a connection after the other, each used for some requests."""

    def __init__(self, run: Run, person: Person, turn: asyncio.Lock) -> None:
        self.run, self.person, self.dice, self.turn = run, person, run.dice, turn
        self.asked = 0
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    async def live(self) -> None:
        while not self.run.is_over:
            with contextlib.suppress(OSError, EOFError, TimeoutError, NoAnswer):
                async with self.turn:  # the other one of this user logs on by the same line
                    await self._renew()
                await self._connection()

    async def _renew(self) -> None:
        """Log on where there is no session; now and then end the one there is."""
        names = self.person.cookies
        if names and self.dice.random() < 0.005:
            page = await self.person.ask("GET", "/.gateway/logout")
            await self.person.post("/.gateway/logout", hidden(page.text))
            self.run.counts["sessions ended"] += 1
            names.clear()
        while not names and not self.run.is_over:
            if (await self.person.password()).status != 303:
                names.clear()

    async def _connection(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(
            HOST, self.run.site.port, local_addr=(INSIDE, 0)
        )
        try:
            async with asyncio.timeout(_ANSWER_S):
                for _ in range(self.dice.randrange(1, 12)):
                    manner = self.dice.choice(MANNERS)
                    self.run.counts[manner] += 1
                    if not await self._use(manner):
                        return
        finally:
            self.writer.transport.abort()

    async def _use(self, manner: str) -> bool:
        """Send in one manner and read; whether the connection can be used again."""
        if manner == "pipeline":
            return await self._ask(self.dice.randrange(2, 5))
        if manner == "half-close":
            nonce, data = self._request()
            self.writer.write(data)
            self.writer.write_eof()
            await self._read([nonce])
            return False
        if manner == "upgrade":
            return await self._upgrade()
        if manner in {"abort body", "abort answer", "gone"}:
            _, data = self._request()
            self.writer.write(data[:-1] if manner == "abort body" else data)
            if manner == "abort answer":
                await self.reader.readexactly(self.dice.randrange(1, 300))
            elif manner == "abort body":
                await asyncio.sleep(0.005 * self.dice.random())
            return False
        return await self._ask(1)

    async def _ask(self, number: int) -> bool:
        requests = [self._request() for _ in range(number)]
        self.writer.write(b"".join(data for _, data in requests))
        return await self._read([nonce for nonce, _ in requests])

    async def _read(self, nonces: list[str]) -> bool:
        client = Client(self.reader, self.writer)
        for nonce in nonces:
            answer = await client.answer(method=b"GET")
            self.run.judge(self.person.name, nonce, answer.status, answer.body)
            if answer.status == 302:
                self.person.cookies.clear()
        return True

    def _request(self, *, upgrade: bool = False) -> tuple[str, bytes]:
        """Return a nonce and a request that carries it and a trick for the upstream."""
        self.asked += 1
        nonce = f"{self.person.name}-{id(self):x}-{self.asked}"
        place = "/double" if self.dice.random() < 0.1 and not upgrade else "/plain"
        trick = self.dice.choice(DOUBLE if place == "/double" else TRICKS)
        trick = "silence" if self.dice.random() < 0.01 else trick
        # An upgrade may be refused, and its connection used on.
        trick = "upgrade" if upgrade and self.dice.random() < 0.7 else trick
        self.run.counts["trick " + trick] += 1
        body = b"" if upgrade or self.dice.random() < 0.7 else b"b" * self.dice.choice((9, 9000))
        cookie = "; ".join(f"{name}={value}" for name, value in self.person.cookies.items())
        lines = [
            f"{'POST' if body else 'GET'} {place}?trick={trick}&nonce={nonce} HTTP/1.1",
            f"Host: {self.run.site.host}", f"Cookie: {cookie}", f"Origin: {self.run.site.origin}",
            *([f"Content-Length: {len(body)}"] if body else ["Accept: text/html"]),
            *(_UPGRADE if upgrade else ()),
            *(["Authorization: NTLM TlRMTVNTUAAB"] if trick == "ntlm" else []), "", "",
        ]  # fmt: skip
        return nonce, "\r\n".join(lines).encode() + body

    async def _upgrade(self) -> bool:
        nonce, data = self._request(upgrade=True)
        self.writer.write(data)
        if b"trick=upgrade" not in data:
            return await self._read([nonce])
        answer = await self.reader.readuntil(b"\r\n\r\n")
        if answer.startswith(b"HTTP/1.1 101"):
            first = await self.reader.readexactly(4)
            text = await self.reader.readexactly(int.from_bytes(first[2:]))
            self.run.judge(self.person.name, nonce, 101, text)
        return False


async def _asked(run: Run, names: list[str], every_s: float) -> None:
    people = [Person(run.site, name, INSIDE) for name in names]
    for person in people:
        assert (await person.password()).status == 303, person.name
    run.relay.on = True
    killing = spawn(_kill_workers(run, every_s), "killing")
    try:
        turns = [(person, asyncio.Lock()) for person in people]
        await asyncio.gather(*[Asker(run, *both).live() for both in turns for _ in range(2)])
    finally:
        killing.cancel()
        for line in list(run.site.lines):
            line.close()


async def _kill_workers(run: Run, every_s: float) -> None:
    """Kill a worker now and then: the one that takes its place knows no session."""
    while True:
        await asyncio.sleep(every_s)
        if workers := workers_of(run.gateway.process.pid):
            run.counts["workers killed"] += 1
            kill(run.dice.choice(workers))


@contextlib.contextmanager
def _place(directory: Path) -> Iterator[tuple[RunningGateway, Meddling]]:
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp")))
        redis = start_redis(place)
        stack.callback(lambda: (redis.process.kill(), redis.process.wait()))
        relay = stack.enter_context(meddling_relay(str(redis.socket)))
        portal, double = (stack.enter_context(hostile_upstream()) for _ in range(2))
        user = redis.url.removeprefix("unix://").partition("@")[0]
        tables = _TABLES.format(redis=f"redis://{user}@127.0.0.1:{relay.port}", double=double)
        yield stack.enter_context(running_gateway(
            directory, portal=f"http://127.0.0.1:{portal}", tables=tables, routes=_ROUTES,
            listen="workers = 2", module="tests.faults.forgetful",
            upstream='timeout = { connect = "2s", first_byte = "2s", idle = "2s" }',
        )), relay  # fmt: skip


def mixups(directory: Path, answers: int, users: int, every_s: float, seed: int = 1) -> Run:
    """Take so many answers of the upstream, and say what they were."""
    names = [f"user{number}" for number in range(users)]
    with _place(directory) as (gateway, relay):
        gateway.add_users(*(f"{name},{name.title()},,staff" for name in names))
        site = Site(gateway.port, f"localhost:{gateway.port}", 0, Tally())
        run = Run(gateway, site, answers, relay, random.Random(seed))
        begun = time.monotonic()
        asyncio.run(_asked(run, names, every_s))
        run.counts["seconds"] = int(time.monotonic() - begun)
        run.counts.update({f"redis {kind}": number for kind, number in relay.counts.items()})
        return run
