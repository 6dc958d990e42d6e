"""Readers and writers that are slower than the other side: what is held here stays small."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.proxy.house import COOKIE, OK, House, Visit, answer_all, get, post

pytestmark = pytest.mark.asyncio


async def numbered(visit: Visit) -> None:
    """Answer each request with its own target."""
    while head := await visit.head():
        target = head.split(b" ")[1]
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(target), target))


@pytest.mark.parametrize("cookie", [COOKIE, b""], ids=["to the upstream", "refused by us"])
async def test_a_flood_of_pipelined_requests_waits_outside(house: House, cookie: bytes) -> None:
    """50 000 requests at once, no answer read: what is held here stays small."""
    house.origin.script = numbered
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", house.port))
    client = await house.client_of(sock)
    request = get(b"/" + b"a" * 400, cookie)
    flood = request * 50_000
    client.send(flood)
    (connection,) = await house.connections()
    most_in = most_out = 0
    async with asyncio.timeout(20):
        quiet = 0
        while quiet < 50:  # until nothing moves any more
            before = most_in, most_out
            most_in = max(most_in, len(connection._inbox))
            most_out = max(most_out, connection.transport.get_write_buffer_size())
            await asyncio.sleep(0.002)
            quiet = quiet + 1 if before == (most_in, most_out) else 0
    assert most_in <= 64 * 1024 + 256 * 1024  # the mark, and one read of the loop above it
    assert most_out <= 128 * 1024 + 4096
    assert client.writer.transport.get_write_buffer_size() > len(flood) // 2  # the rest is outside
    for _ in range(1000):  # and it goes on when the answers are read
        assert (await client.answer()).status == (200 if cookie else 401)


async def test_a_slow_reader_holds_the_upstream(house: House) -> None:
    size = 32 * 1024 * 1024

    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 65536):
            visit.send(b"x" * 65536)
            await visit.writer.drain()

    house.origin.script = script
    client = await house.client(limit=65536)
    client.send(get())
    await client.head()
    (connection,) = house.door.clients
    most = 0
    for _ in range(200):
        most = max(most, connection.transport.get_write_buffer_size())
        await asyncio.sleep(0.001)
    assert 0 < most <= 128 * 1024 + 512 * 1024
    async with asyncio.timeout(20):
        got = 0
        while got < size:
            got += len(await client.reader.read(2**20))
    assert got == size


async def test_a_slow_upstream_holds_the_client(house: House) -> None:
    size = 16 * 1024 * 1024
    slow = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.head()
        await slow.wait()
        assert await visit.read(size) == b"y" * size
        visit.send(OK)

    house.origin.script = script
    client = await house.client()
    client.send(post(b"y" * size))
    await house.until(lambda: bool(house.pool.connections))
    (connection,) = house.pool.connections
    most = 0
    for _ in range(100):
        most = max(most, connection.transport.get_write_buffer_size())
        await asyncio.sleep(0.001)
    assert most <= 128 * 1024 + 512 * 1024
    slow.set()
    assert (await client.answer()).body == b"ok"


async def test_a_slow_reader_gets_the_end_of_a_last_answer(house: House) -> None:
    """Two seconds of lingering must not cut off what is still on its way."""
    size = 8 * 1024 * 1024
    house.origin.script = lambda visit: answer_all(
        visit, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    )
    client = await house.client(limit=65536)
    client.send(get(extra=COOKIE + b"Connection: close\r\n"))
    await client.head()
    (connection,) = house.door.clients
    got = 0
    async with asyncio.timeout(20):
        while got < size:
            if "linger" in repr(connection):
                house.expire()  # each time the client has taken something: it may go on
            piece = await client.reader.read(2**18)
            assert piece, f"cut off after {got} bytes"
            got += len(piece)


async def test_a_client_that_reads_nothing_of_a_last_answer_is_cut_off(house: House) -> None:
    size = 8 * 1024 * 1024
    house.origin.script = lambda visit: answer_all(
        visit, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    )
    client = await house.client(limit=1024)
    client.send(get(extra=COOKIE + b"Connection: close\r\n"))
    await client.head()
    await asyncio.sleep(0.1)
    for _ in range(3):
        house.expire()
        await asyncio.sleep(0.01)
    await house.until(lambda: not house.door.clients)
