"""Requests to our own pages: a form is read whole before a connection to the pages is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from gateway.proxy.plan import FORMS_POOL
from gateway.proxy.pool import Pool
from tests.proxy.house import House, Visit, get, post
from tests.proxy.test_front_door_bodies import echo

pytestmark = pytest.mark.asyncio
LOGON = b"/.gateway/logon"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
MOST = 16 * 1024


@pytest_asyncio.fixture
async def house(house: House) -> AsyncIterator[House]:
    """A house whose pages are its upstream, on one connection at the most."""
    house.origin.script = echo
    pages = Pool(replace(house.pool.upstream, name="", connections=1), house.door.ticker)
    house.pools[""] = house.pools[FORMS_POOL] = pages
    yield house
    pages.close()
    for connection in list(pages.connections):
        connection.transport.abort()


@pytest.mark.parametrize(
    "begun",
    [
        get(LOGON, b"Content-Length: 10\r\n", b"POST") + b"half ",
        get(LOGON, CHUNKED, b"POST") + b"5\r\nhalf \r\n",
        get(LOGON, CHUNKED, b"POST") + b"5;a=b\r\nha",
        get(LOGON, b"Content-Length: 10\r\nExpect: 100-continue\r\n", b"POST"),
    ],
)
async def test_a_slow_form_keeps_nobody_from_the_pages(house: House, begun: bytes) -> None:
    slow = [await house.client() for _ in range(3)]
    for client in slow:
        client.send(begun)
    await house.until(lambda: len(house.door.clients) == len(slow))
    quick = await house.client()
    assert (await quick.ask(post(b"quick", LOGON, b""))).body == b"quick"
    assert len(house.origin.heads()) == 1


async def test_a_form_in_pieces_arrives_whole(house: House) -> None:
    client = await house.client()
    client.send(get(LOGON, b"Content-Length: 10\r\n", b"POST"))
    for piece in (b"one ", b"two", b" 3!" + post(b"next", LOGON, b"")):
        client.send(piece)
        await client.writer.drain()
    assert (await client.answer()).body == b"one two 3!"
    assert (await client.answer()).body == b"next"


async def test_chunks_are_gathered_too(house: House) -> None:
    client = await house.client()
    head = get(LOGON, CHUNKED, b"POST")
    tail = b"0\r\nX-Gateway-Client: 10.0.0.5\r\n\r\n"
    assert (
        await client.ask(head + b"1\r\na\r\n2\r\nbc\r\n" + tail)
    ).body == b"3\r\nabc\r\n0\r\n\r\n"
    assert (await client.ask(head + tail)).body == b"0\r\n\r\n"
    assert b"10.0.0.5" not in house.origin.visits[0].raw


async def test_a_form_that_is_granted_100_continue(house: House) -> None:
    client = await house.client()
    client.send(get(LOGON, b"Content-Length: 5\r\nExpect: 100-continue\r\n", b"POST"))
    assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (await client.ask(b"hello")).body == b"hello"


@pytest.mark.parametrize("size", [MOST - 1, MOST, MOST + 1, 10 * MOST])
async def test_longer_than_any_form(house: House, size: int) -> None:
    body = bytes(65 + at % 26 for at in range(size))
    client = await house.client()
    assert (await client.ask(post(body, LOGON, b""))).body == body
    chunks = b"%x\r\n%b\r\n" % (size, body)
    answer = await client.ask(get(LOGON, CHUNKED, b"POST") + chunks + b"0\r\n\r\n")
    assert len(answer.body) > size


async def test_what_is_too_long_is_begun_before_it_ends(house: House) -> None:
    async def listen(visit: Visit) -> None:
        await visit.head()
        await visit.to_end()

    house.origin.script = listen
    client = await house.client()
    client.send(get(LOGON, b"Content-Length: 99999\r\n", b"POST") + bytes(MOST + 1))
    await house.until(lambda: len(house.origin.heads()) == 1)


async def test_a_form_that_stops_is_408(house: House) -> None:
    client = await house.client()
    client.send(get(LOGON, b"Content-Length: 10\r\n", b"POST") + b"half")
    connection = (await house.connections())[0]
    await house.until(lambda: not connection.is_idle)
    house.expire()
    assert (await client.answer()).status == 408
    assert house.origin.heads() == []


async def test_bad_chunks_reach_no_page(house: House) -> None:
    client = await house.client()
    answer = await client.ask(get(LOGON, CHUNKED, b"POST") + b"1\r\na\r\nzz\r\n")
    assert answer.status == 400
    assert house.origin.heads() == []


async def test_half_a_form_and_then_the_end(house: House) -> None:
    client = await house.client()
    client.send(get(LOGON, b"Content-Length: 10\r\n", b"POST") + b"half")
    client.end()
    assert await client.rest() == b""
    assert house.origin.heads() == []
