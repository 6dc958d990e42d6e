"""The stub's applications on a free port of the loopback, with a client that sends what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from yarl import URL

from upstream_stub import runner_of


@dataclasses.dataclass
class Served:
    """An application that is served, and a session that follows no redirect."""

    app: web.Application
    port: int
    session: aiohttp.ClientSession

    def url(self, target: str) -> URL:
        """The address of a target, which is sent as it is written."""
        return URL(f"http://127.0.0.1:{self.port}{target}", encoded=True)

    async def get(self, target: str, **fields: str) -> tuple[int, str]:
        """Return status and text."""
        async with self.session.get(self.url(target), headers=fields) as answer:
            return answer.status, await answer.text()

    async def json(self, target: str):
        async with self.session.get(self.url(target)) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, target: str, form=None, **options) -> tuple[int, str]:
        async with self.session.post(
            self.url(target), data=form, allow_redirects=False, **options
        ) as answer:
            return answer.status, await answer.text()

    async def send(self, data: bytes) -> bytes:
        """Send bytes on a connection of their own; return all that comes until it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        await writer.wait_closed()
        return answer


@contextlib.asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[Served]:
    runner = runner_of(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            yield Served(app, runner.addresses[0][1], session)
    finally:
        await runner.cleanup()


async def becomes(question, what: str) -> None:
    """Wait until `await question()` is true; fail after ten seconds."""
    async with asyncio.timeout(10):
        while not await question():
            await asyncio.sleep(0.01)
    assert what
