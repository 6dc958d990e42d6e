"""Upgrades: the tunnel opens after the upstream's 101 and not before, for allowed origins only."""

from __future__ import annotations

import asyncio

import pytest

from tests.proxy.house import COOKIE, OK, House, Visit, get, post

pytestmark = pytest.mark.asyncio
ORIGIN = b"Origin: http://localhost:8080\r\n"
ASKS = b"Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n"
SOCKET = COOKIE + ORIGIN + ASKS
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


async def tunnel(visit: Visit) -> None:
    """Switch and echo."""
    await visit.head()
    visit.send(SWITCHED)
    while data := await visit.reader.read(65536):
        visit.raw += data
        visit.send(data)


async def test_bytes_pass_both_ways_after_101(house: House) -> None:
    house.origin.script = tunnel
    client = await house.client()
    client.send(get(extra=SOCKET))
    head = await client.head()
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"Connection: Upgrade\r\nUpgrade: websocket\r\n" in head
    sent = house.origin.heads()[0]
    assert sent.count(b"Connection: Upgrade\r\nUpgrade: websocket\r\n") == 1
    assert b"X-Remote-User: anna\r\n" in sent
    for piece in (b"\x81\x05hello", b"GET / HTTP/1.1\r\n\r\n", bytes(100_000)):
        client.send(piece)
        assert await client.reader.readexactly(len(piece)) == piece
    client.end()
    assert await client.rest() == b""
    await house.until(lambda: not house.pool.connections)


async def test_no_byte_reaches_the_upstream_before_101(house: House) -> None:
    switch = asyncio.Event()
    early: list[bytes] = []

    async def script(visit: Visit) -> None:
        await visit.head()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                early.append(await visit.reader.read(1))
        await switch.wait()
        visit.send(SWITCHED)
        assert await visit.reader.readexactly(70_000) == b"e" * 70_000
        visit.send(b"done")

    house.origin.script = script
    client = await house.client()
    client.send(get(extra=SOCKET) + b"e" * 70_000)
    await asyncio.sleep(0.1)
    switch.set()
    await client.head()
    assert await client.reader.readexactly(4) == b"done"
    assert early == []


NOT_SWITCHED = {
    "200": OK,
    "426": b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nUpgrade: x\r\n\r\nok",
    "401": b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nok",
}


@pytest.mark.parametrize("answer", NOT_SWITCHED.values(), ids=NOT_SWITCHED.keys())
async def test_a_refused_upgrade_leaves_both_connections_in_step(
    house: House, answer: bytes
) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(answer)
        await visit.head()
        visit.send(OK)

    house.origin.script = script
    client = await house.client()
    client.send(get(extra=SOCKET) + get(b"/next"))
    assert (await client.answer()).body == b"ok"
    assert (await client.answer()).body == b"ok"
    heads = house.origin.heads()
    assert heads[1].startswith(b"GET /next ")
    assert house.origin.visits[0].raw == b"".join(heads)


async def test_frames_after_a_refused_upgrade_are_no_request(house: House) -> None:
    house.origin.script = tunnel_refused
    client = await house.client()
    client.send(get(extra=SOCKET) + b"\x81\x85\0\0\0\0hello")
    assert (await client.answer()).status == 426
    assert (await client.answer()).status == 400
    assert await client.rest() == b""
    assert len(house.origin.heads()) == 1


async def tunnel_refused(visit: Visit) -> None:
    await visit.head()
    visit.send(NOT_SWITCHED["426"])
    await visit.to_end()


BAD_SWITCHES = {
    "without Upgrade": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "without Connection": b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n",
    "to another protocol": SWITCHED.replace(b"websocket", b"h2c"),
    "to two protocols": SWITCHED.replace(b"websocket", b"websocket, h2c"),
}


@pytest.mark.parametrize("answer", BAD_SWITCHES.values(), ids=BAD_SWITCHES.keys())
async def test_a_101_that_is_not_ours_is_502(house: House, answer: bytes) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(answer + b"smuggled")
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    assert (await client.ask(get(extra=SOCKET))).status == 502
    assert b"smuggled" not in await client.rest()
    await house.until(lambda: not house.pool.connections)


OTHER_ORIGINS = {
    "another": b"Origin: https://evil.example\r\n",
    "null": b"Origin: null\r\n",
    "none": b"",
    "longer": b"Origin: http://localhost:8080.evil.example\r\n",
    "a sibling": b"Origin: http://x.localhost:8080\r\n",
    "another scheme": b"Origin: https://localhost:8080\r\n",
    "another port": b"Origin: http://localhost:8081\r\n",
    "a path": b"Origin: http://localhost:8080/\r\n",
    "two": b"Origin: https://evil.example\r\n" + ORIGIN,
    "two, ours first": ORIGIN + b"Origin: https://evil.example\r\n",
}


@pytest.mark.parametrize("origin", OTHER_ORIGINS.values(), ids=OTHER_ORIGINS.keys())
@pytest.mark.parametrize("path", [b"/", b"/static/ws"])
async def test_other_origins_are_refused_before_any_connection(
    house: House, origin: bytes, path: bytes
) -> None:
    client = await house.client()
    answer = await client.ask(get(path, COOKIE + origin + ASKS))
    assert answer.status in {400, 403}
    assert house.origin.visits == []


async def test_nobody_logged_on_is_401(house: House) -> None:
    client = await house.client()
    assert (await client.ask(get(extra=ORIGIN + ASKS))).status == 401
    assert house.origin.visits == []


IGNORED = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    "a protocol no route names": b"Connection: Upgrade\r\nUpgrade: foo\r\n",
    "two protocols": b"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
    "without Connection": b"Upgrade: websocket\r\n",
    "without Upgrade": b"Connection: Upgrade\r\n",
}


@pytest.mark.parametrize("asks", IGNORED.values(), ids=IGNORED.keys())
async def test_other_upgrades_are_ignored(house: House, asks: bytes) -> None:
    client = await house.client()
    client.send(get(extra=COOKIE + asks) + get(b"/2") + get(b"/3"))
    for _ in range(3):  # no pipelined request is lost behind an upgrade (aiohttp 3.14.5 loses one)
        assert (await client.answer()).body == b"ok"
    first, second, third = house.origin.heads()
    assert b"pgrade" not in first
    assert b"HTTP2-Settings" not in first
    assert (second[:7], third[:7]) == (b"GET /2 ", b"GET /3 ")


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
    ids=["length", "chunked"],
)
@pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"foo"])
async def test_an_upgrade_with_a_body_is_400(house: House, body: bytes, protocol: bytes) -> None:
    asks = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n"
    client = await house.client()
    client.send(get(extra=COOKIE + ORIGIN + asks, method=b"POST")[:-2] + body + get(b"/admin"))
    assert (await client.answer()).status == 400
    assert await client.rest() == b""
    assert house.origin.visits == []


async def test_an_ended_session_closes_its_tunnel(house: House) -> None:
    house.origin.script = tunnel
    client = await house.client()
    client.send(get(extra=SOCKET))
    await client.head()
    house.anna.end()
    assert await client.rest() == b""
    await house.until(lambda: not house.pool.connections)


@pytest.mark.parametrize(
    "answer", [SWITCHED, b"HTTP/1.1 200 OK\r\n\r\nstream"], ids=["tunnel", "stream"]
)
async def test_a_session_that_ended_while_the_upstream_thought_opens_nothing(
    house: House, answer: bytes
) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        house.anna.end()
        visit.send(answer)
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    client.send(get(extra=SOCKET))
    await house.until(lambda: bool(house.origin.heads()))
    refused = await client.answer()  # as if the session had ended before: the line stays good
    assert refused.status == 401
    assert b"stream" not in refused.body
    await house.until(lambda: not house.pool.connections)


async def test_a_download_ends_with_its_session(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    client.send(get())
    await client.head()
    house.anna.end()
    assert await client.rest() in {b"begun", b""}


async def test_an_upload_ends_with_its_session(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    client.send(get(extra=COOKIE + b"Transfer-Encoding: chunked\r\n", method=b"POST"))
    client.send(b"5\r\nbegun\r\n")
    await house.until(lambda: bool(house.origin.visits) and b"begun" in house.origin.visits[0].raw)
    house.anna.end()
    assert await client.rest() == b""
    await house.until(lambda: not house.pool.connections)


async def test_what_waits_for_a_connection_when_its_session_ends_is_not_sent(house: House) -> None:
    async def script(visit: Visit) -> None:
        while await visit.head():
            await going.wait()
            visit.send(OK)

    going = asyncio.Event()
    house.origin.script = script
    house.configure(connections=1)
    first, second = await house.client(), await house.client()
    first.send(get(b"/static/a", b""))
    await house.until(lambda: len(house.origin.heads()) == 1)
    second.send(get(b"/late"))
    await house.until(lambda: len(house.pool._waiting) == 1)
    house.anna.end()
    going.set()
    assert (await first.answer()).body == b"ok"
    assert (await second.answer()).status == 401
    assert (await (await house.client()).ask(get(b"/static/b", b""))).body == b"ok"
    assert [head.split(b" ")[1] for head in house.origin.heads()] == [b"/static/a", b"/static/b"]


async def test_a_tunnel_holds_what_is_not_read(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(SWITCHED)
        await asyncio.sleep(60)

    house.origin.script = script
    client = await house.client()
    client.send(get(extra=SOCKET))
    await client.head()
    client.send(bytes(32 * 1024 * 1024))
    (connection,) = house.pool.connections
    most = 0
    for _ in range(200):
        most = max(most, connection.transport.get_write_buffer_size())
        await asyncio.sleep(0.001)
    assert most <= 128 * 1024 + 256 * 1024


async def test_a_post_upgrade_without_a_body_is_judged_like_any(house: House) -> None:
    client = await house.client()
    answer = await client.ask(post(b"", extra=COOKIE + ORIGIN + ASKS))
    assert answer.status == 200
