"""Upstreams that lie, behind a real gateway: every file of `corpus/answers`, whole and byte by byte.

A client may read what the file says and nothing else, the request behind it is answered with its own
answer, and a connection that carried a lie never carries another request.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

import pytest

from tests.proxy.raw_client import Client
from tests.system.gateway import running_gateway
from tests.wire.answers import CASES, AnswerCase, Liar
from tests.wire.recorder import bound

pytestmark = [pytest.mark.system, pytest.mark.slow]
ROUTES = '[[route]]\npath = "/"\nupstream = "portal"\npublic = true\nupgrades = ["websocket"]\n'
PUBLIC = 'public_url = "http://localhost:8080"\n'
WAYS = ("whole", "bytes")
AT_ONCE = 30
AFTER = b"GET /after HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"
PATIENCE_S = 10


class KeptReader:
    """A stream reader that keeps what was read."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.bytes = b""

    async def _keep(self, reading) -> bytes:
        try:
            data = await reading
        except asyncio.IncompleteReadError as error:
            self.bytes += error.partial
            raise
        self.bytes += data
        return data

    async def readuntil(self, end: bytes) -> bytes:
        return await self._keep(self._reader.readuntil(end))

    async def readexactly(self, size: int) -> bytes:
        return await self._keep(self._reader.readexactly(size))

    async def read(self, size: int = -1) -> bytes:
        return await self._keep(self._reader.read(size))


@dataclass
class Attempt:
    """One answer sent in one way, and what the client made of it."""

    case: AnswerCase
    way: str
    interim: list[int] = field(default_factory=list)
    status: int = 0
    body: bytes = b""
    bytes: bytes = b""
    cut: bool = False
    closed: bool = False
    after: bytes = b""
    trouble: str = ""

    async def run(self, port: int, liar: Liar) -> None:
        """Ask, read, and ask for something else on the same connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            kept = KeptReader(reader)
            client = Client(kept, writer)
            client.send(self.case.request(self.way))
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._read(client)
            self.bytes = kept.bytes
            if (fate := liar.fates.get(self.target)) is not None:
                fate.read.set()
                if not self.case.says["reused"]:
                    async with asyncio.timeout(PATIENCE_S):
                        await fate.closed.wait()
            if self.case.closes:
                self.closed = await client.rest() == b""
            else:
                self.after = (await client.ask(AFTER)).body
        except Exception as error:  # noqa: BLE001 - told by the test of this case
            self.trouble = repr(error)
        finally:
            writer.close()

    async def _read(self, client: Client) -> None:
        self.cut = True
        method = self.case.method.encode()
        answer = await client.answer(method=method)
        while answer.status < 200:
            self.interim.append(answer.status)
            answer = await client.answer(method=method)
        self.status, self.body, self.cut = answer.status, answer.body, False

    @property
    def answers_nobody(self) -> bool:
        """Whether bytes come behind the end of the answer."""
        name = self.case.path.stem
        return "surplus" in name or "two-answers" in name or self.case.says.get("then") == "plant"

    @property
    def target(self) -> str:
        return f"/answers/{self.way}/{self.case}"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[dict, Liar]:
    """Send everything, many at once."""
    liar = Liar(bound())
    attempts = [Attempt(case, way) for case in CASES for way in WAYS]

    async def send_all(port: int) -> None:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(attempt: Attempt) -> None:
            async with turn:
                await attempt.run(port, liar)

        async with liar.serving():
            await asyncio.gather(*[one(a) for a in attempts if not a.answers_nobody])
            # From here on no connection is used again, for an upstream that babbles is not trusted.
            for attempt in attempts:
                if attempt.answers_nobody:
                    await one(attempt)

    directory = tmp_path_factory.mktemp("answers")
    with running_gateway(directory, portal=liar.url, routes=ROUTES, extra=PUBLIC) as gateway:
        asyncio.run(send_all(gateway.port))
    return {(attempt.case, attempt.way): attempt for attempt in attempts}, liar


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_answer(run, case: AnswerCase) -> None:
    attempts, liar = run
    for way in WAYS:
        attempt = attempts[case, way]
        assert attempt.trouble == "", attempt
        judge_what_was_read(attempt)
        fate = liar.fates[attempt.target]
        assert not fate.again or case.says["reused"], way
        if case.path.stem != "nothing":  # which may be asked again when a connection was stale
            assert fate.came == 1, way


def judge_what_was_read(attempt: Attempt) -> None:
    case = attempt.case
    assert attempt.cut is not case.whole, attempt
    if not case.whole:
        told = attempt.bytes.partition(b"\r\n\r\n")[2]
        assert told.count(b"hello") <= case.body.count(b"hello"), attempt
    else:
        assert attempt.status == case.says["status"], attempt
        if case.says["status"] != 502:
            assert attempt.interim == case.says.get("interim", []), attempt
            assert attempt.body == case.body, attempt
    assert attempt.closed if case.closes else attempt.after == b"ok", attempt
    assert case.says.get("says", "").encode() in attempt.bytes
    if "absent" in case.says or case.says["status"] == 502:
        assert case.says.get("absent", "evil").encode() not in attempt.bytes


def test_some_connections_are_used_again(run) -> None:
    _, liar = run
    assert liar.faults == []
    assert sum(fate.again for fate in liar.fates.values()) > 20


def test_the_corpus_is_whole() -> None:
    assert len(CASES) > 130
    assert {case.path.stem for case in CASES} == {
        path.stem for path in CASES[0].path.parent.glob("*.toml")
    }
