"""Every file of the corpus through a real gateway; the upstream's own record is the judge.

Each is sent whole, byte by byte, and behind a valid request in one write, from a client address of
its own, by which the record tells them apart. A refused one is followed by one request more, which
nobody may ever see; one that is understood by one that must be answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field

import pytest

from tests.proxy.raw_client import Client
from tests.system.gateway import running_gateway
from tests.wire.cases import CASES, Case, Reading, agree
from tests.wire.recorder import Recorder, bound

pytestmark = [pytest.mark.system, pytest.mark.slow]
_ROUTE = '[[route]]\npath = "/"\nupstream = "portal"\npublic = true\nupgrades = []\n'
ROUTES = _ROUTE + _ROUTE + 'host = "x.example.se"\n'
PUBLIC = 'public_url = "http://localhost:8080"\n'
WAYS = ("whole", "bytes", "behind")
LONGEST_DRIP = 1024
AT_ONCE = 100


def _get(target: str) -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: localhost:8080\r\n\r\n" % target.encode()


def _seen(target: str) -> Reading:
    return Reading("GET", target, "localhost:8080", b"")


@dataclass
class Attempt:
    """One case sent in one way, and what became of it."""

    case: Case
    way: str
    source: str
    statuses: list[int] = field(default_factory=list)
    continued: bool = False
    closed: bool = False
    trouble: str = ""

    @property
    def expected(self) -> list[Reading]:
        """What the upstream must have seen."""
        before = [_seen("/before")] if self.way == "behind" else []
        after = [] if self.case.closes else [_seen("/after")]
        return [*before, *self.case.readings, *after]

    async def run(self, port: int) -> None:
        """Send the case and read the answers."""
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(self.source, 0)
            )
            client = Client(reader, writer)
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(ConnectionError):  # what was answered is read all the same
                await self._send(client)
            await self._read(client)
            writer.close()
        except Exception as error:  # noqa: BLE001 - told by the test of this case
            self.trouble = repr(error)

    async def _send(self, client: Client) -> None:
        sent = self.case.bytes_sent
        if self.way == "bytes":
            begun = max(0, len(sent) - LONGEST_DRIP)  # of a long one the end drips
            client.send(sent[:begun])
            for at in range(begun, len(sent)):
                client.send(sent[at : at + 1])
                await asyncio.sleep(0)
            return
        before = _get("/before") if self.way == "behind" else b""
        client.send(before + sent + (b"" if self.case.is_valid else _get("/smuggled")))

    async def _read(self, client: Client) -> None:
        before = [200] if self.way == "behind" else []
        methods = [b"GET"] * len(before) + [one.method.encode() for one in self.case.readings]
        for number in range(len(before) + len(self.case.statuses)):
            method = methods[number] if number < len(methods) else b"GET"
            answer = await client.answer(method=method)
            while answer.status == 100:
                self.continued = True
                answer = await client.answer(method=method)
            self.statuses.append(answer.status)
        if self.case.closes:
            self.closed = await client.rest() == b""
        else:
            assert (await client.ask(_get("/after"))).status == 200


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[dict, Recorder]:
    """Send everything, many at once; return the attempts by case and way, and the record."""
    recorder = Recorder(bound())
    attempts = [
        Attempt(case, way, f"127.{10 + WAYS.index(way)}.{number // 250}.{number % 250 + 1}")
        for number, case in enumerate(CASES)
        for way in WAYS
    ]

    async def send_all(port: int) -> None:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(attempt: Attempt) -> None:
            async with turn:
                await attempt.run(port)

        async with recorder.serving():
            await asyncio.gather(*map(one, attempts))

    directory = tmp_path_factory.mktemp("corpus")
    with running_gateway(directory, portal=recorder.url, routes=ROUTES, extra=PUBLIC) as gateway:
        asyncio.run(send_all(gateway.port))
    return {(attempt.case, attempt.way): attempt for attempt in attempts}, recorder


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_reading(run, case: Case) -> None:
    attempts, recorder = run
    for way in WAYS:
        attempt = attempts[case, way]
        assert attempt.trouble == "", attempt
        seen = [one.reading for one in recorder.seen[attempt.source]]
        assert agree(seen, attempt.expected), (way, seen, attempt.expected)
        before = [200] if way == "behind" else []
        assert attempt.statuses == before + case.statuses, way
        assert attempt.continued == case.continues, way
        assert attempt.closed == case.closes, way


def test_the_upstream_saw_nothing_else(run) -> None:
    attempts, recorder = run
    assert recorder.faults == []
    assert set(recorder.seen) <= {attempt.source for attempt in attempts.values()}
    assert not any("/smuggled" in one.head[0] for all_ in recorder.seen.values() for one in all_)
