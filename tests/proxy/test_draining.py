"""What becomes of requests that nobody answers when the gateway is told to stop."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.settings.model import UpstreamUrl
from tests.full import full_listener
from tests.proxy.house import House, Visit, get, post
from tests.proxy.raw_client import Client

pytestmark = pytest.mark.asyncio
SOON_S, LONG_S = 0.1, 5.0


async def asked(house: House, request: bytes) -> Client:
    """Send a request and return once the door has it."""
    client = await house.client()
    client.send(request)
    (one,) = await house.connections()
    await house.until(lambda: not one.is_idle)
    return client


async def refused(house: House, client: Client, grace_s: float = SOON_S) -> int:
    """Drain; return the status of the last answer, behind which the connection ends."""
    async with asyncio.timeout(LONG_S):
        await house.door.drain(grace_s)
    answer = await client.answer()
    assert answer.field(b"connection") == b"close"
    assert await client.rest() == b""
    return answer.status


async def test_a_connect_that_comes_through_is_answered(house: House) -> None:
    with full_listener() as full:
        house.configure(urls=(UpstreamUrl("http", *full.getsockname()),))
        client = await asked(house, get())
        draining = asyncio.ensure_future(house.door.drain(LONG_S))
        server = await asyncio.start_server(house.origin._accepted, sock=full.dup())
        answer = await client.answer()
        assert (answer.status, answer.field(b"connection")) == (200, b"close")
        client.writer.close()
        await draining
        server.close()


async def test_a_connect_that_ends_meanwhile_is_504(house: House) -> None:
    with full_listener() as full:
        house.configure(
            urls=(UpstreamUrl("http", *full.getsockname()),),
            connect_timeout=timedelta(seconds=SOON_S),
        )
        client = await asked(house, get())
        draining = asyncio.ensure_future(house.door.drain(LONG_S))
        assert (await client.answer()).status == 504
        client.writer.close()
        await draining


async def test_a_connect_that_takes_longer_than_the_time_to_drain_is_503(house: House) -> None:
    with full_listener() as full:
        house.configure(urls=(UpstreamUrl("http", *full.getsockname()),))
        client = await asked(house, post(b"hello"))
        assert await refused(house, client) == 503


async def test_an_upstream_that_thinks_too_long_is_503(house: House) -> None:
    async def silent(visit: Visit) -> None:
        await visit.head()
        await visit.to_end()

    house.origin.script = silent
    client = await asked(house, get())
    await house.until(lambda: bool(house.origin.heads()))
    assert await refused(house, client) == 503


async def test_whoever_waits_in_turn_is_503(house: House) -> None:
    async def silent(visit: Visit) -> None:
        await visit.head()
        await visit.to_end()

    house.origin.script = silent
    house.configure(connections=1)
    first = await asked(house, get())
    await house.until(lambda: bool(house.origin.heads()))
    second = await house.client()
    second.send(get())
    await house.until(lambda: all(not one.is_idle for one in house.door.clients))
    assert await refused(house, first) == 503
    assert (await second.answer()).status == 503
    assert len(house.origin.heads()) == 1


async def test_a_session_that_is_still_read_is_503(house: House) -> None:
    house.sessions.cold.add(b"anna")
    house.sessions.gate = asyncio.Event()
    client = await asked(house, get())
    assert await refused(house, client) == 503
    house.sessions.gate.set()  # the reply that comes too late changes nothing
    await asyncio.sleep(0)
    assert house.origin.heads() == []


async def test_an_answer_that_has_begun_is_cut_and_shows_it(house: House) -> None:
    async def half(visit: Visit) -> None:
        await visit.head()
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await visit.to_end()

    house.origin.script = half
    client = await asked(house, get())
    await client.reader.readuntil(b"half")
    await house.door.drain(SOON_S)
    assert await client.reader.read() == b""  # 4 bytes of 100
