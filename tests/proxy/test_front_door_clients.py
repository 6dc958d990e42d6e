"""Clients that misbehave: pipelines, halves of requests, slow readers, cut connections."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.proxy.client import ClientConnection
from gateway.settings.model import Limits
from tests.proxy.house import COOKIE, OK, House, Visit, answer_all, get, post

pytestmark = pytest.mark.asyncio
HOST = b"Host: localhost:8080\r\n"


async def numbered(visit: Visit) -> None:
    """Answer each request with its own target."""
    while head := await visit.head():
        target = head.split(b" ")[1]
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(target), target))


@pytest.mark.parametrize("cookie", [COOKIE, b""], ids=["to the upstream", "refused by us"])
async def test_100_pipelined_requests_are_answered_in_order(house: House, cookie: bytes) -> None:
    house.origin.script = numbered
    client = await house.client()
    client.send(b"".join(get(b"/%d" % n, cookie) for n in range(100)))
    for n in range(100):
        answer = await client.answer()
        if cookie:
            assert (answer.status, answer.body) == (200, b"/%d" % n)
        else:
            assert b'"logon": "/.gateway/logon?next=/%d"' % n in answer.body
    assert len(house.origin.heads()) == (100 if cookie else 0)


async def test_ours_and_theirs_in_one_pipeline(house: House) -> None:
    house.origin.script = numbered
    house.sessions.add(b"cold")
    house.sessions.cold.add(b"cold")
    client = await house.client()
    kinds = [
        (COOKIE, 200),
        (b"", 401),
        (b"Cookie: gateway=cold\r\n", 200),
        (b"Cookie: gateway=x\r\n", 401),
    ]
    client.send(b"".join(get(b"/", kind) for kind, _ in kinds) * 5)
    for _ in range(5):
        for _, status in kinds:
            assert (await client.answer()).status == status


async def test_a_head_byte_by_byte(house: House) -> None:
    client = await house.client()
    for byte in get():
        client.send(bytes([byte]))
        await asyncio.sleep(0)
    assert (await client.answer()).body == b"ok"


@pytest.mark.parametrize("cut", range(1, len(b"\r\n" + get()), 7))
async def test_a_head_in_two_pieces(house: House, cut: int) -> None:
    whole = b"\r\n" + get()
    client = await house.client()
    client.send(whole[:cut])
    await house.connections()
    await asyncio.sleep(0.002)
    assert (await client.ask(whole[cut:])).body == b"ok"


async def test_empty_lines_without_end_are_refused(house: House) -> None:
    client = await house.client()
    client.send(b"\r\n")
    await asyncio.sleep(0.002)
    assert (await client.ask(b"\r\n")).status == 400


REFUSED_EARLY = {
    b"GET / HTTP/1.1\n": 400,
    b"GET / HTTP/1.1\r\nA: b\nC": 400,
    b"GET / HTTP/1.1\r\nA: b\rC": 400,
    b"\nG": 400,
    b"GET /" + b"a" * 18_000: 414,
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n": 414,
    b"GET / HTTP/1.1\r\nA: " + b"a" * 66_000: 431,
    b"GET / HTTP/1.1\r\nA: " + b"a" * 66_000 + b"\r\n\r\n": 431,
    b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 128 + b"\r\n": 431,
    b"GET /" + b"a" * 16_384 + b" HTTP/1.1\r\n" + HOST + b"\r\n": 414,
}


@pytest.mark.parametrize("raw", REFUSED_EARLY, ids=lambda raw: repr(raw[:24]))
@pytest.mark.parametrize("piece", [0, 1000], ids=["whole", "pieces"])
async def test_refused_and_closed(house: House, raw: bytes, piece: int) -> None:
    client = await house.client()
    for at in range(0, len(raw), piece or len(raw)):
        client.send(raw[at : at + (piece or len(raw))])
        await asyncio.sleep(0)
    answer = await client.answer()
    assert answer.status == REFUSED_EARLY[raw]
    assert answer.field(b"connection") == b"close"
    assert await client.rest() == b""
    assert house.origin.visits == []


async def test_a_slow_head_is_408_and_silence_is_just_closed(house: House) -> None:
    slow, silent, again = [await house.client() for _ in range(3)]
    slow.send(get()[:20])
    assert (await again.ask(get())).status == 200
    await house.until(lambda: any(len(c._inbox) for c in house.door.clients))
    house.expire()
    assert (await slow.answer()).status == 408
    assert [await silent.rest(), await again.rest()] == [b"", b""]


async def test_the_next_head_has_its_own_time_and_a_drip_does_not_prolong_it(house: House) -> None:
    client = await house.client()
    assert (await client.ask(get())).status == 200
    (connection,) = house.door.clients
    assert connection.deadline == house.door.ticker.now + 75
    for piece in (b"\r\n", b"G", b"E"):
        client.send(piece)
        await asyncio.sleep(0.01)
        assert connection.deadline == house.door.ticker.now + 10
    house.door.ticker.now += 1
    client.send(b"T")
    await asyncio.sleep(0.01)
    assert connection.deadline == house.door.ticker.now + 9


@pytest.mark.parametrize("count", [1, 3, 50])
async def test_a_half_closed_client_gets_all_its_answers(house: House, count: int) -> None:
    house.origin.script = numbered
    client = await house.client()
    client.send(b"".join(get(b"/%d" % n) for n in range(count)))
    client.end()
    told = await client.rest()
    assert told.count(b"HTTP/1.1 200 OK") == count
    assert told.endswith(b"/%d" % (count - 1))


async def test_half_closed_with_a_body_while_we_still_connect(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        body = await visit.read(5)
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)

    house.origin.script = script
    client = await house.client()
    client.send(post(b"hello"))
    client.end()
    assert (await client.rest()).endswith(b"hello")


async def test_half_closed_while_the_session_is_read(house: House) -> None:
    house.sessions.cold.add(b"anna")
    house.sessions.gate = asyncio.Event()
    client = await house.client()
    client.send(get() + get())
    client.end()
    await asyncio.sleep(0.01)
    house.sessions.gate.set()
    assert (await client.rest()).count(b"\r\n\r\nok") == 2


@pytest.mark.parametrize(
    "part",
    [
        get()[:30],
        post(b"hello")[:-2],
        get(extra=COOKIE + b"Transfer-Encoding: chunked\r\n", method=b"POST") + b"5\r\nhel",
    ],
    ids=["head", "body", "chunk"],
)
async def test_half_a_request_and_then_the_end(house: House, part: bytes) -> None:
    """The upstream never sees the end of what never ended."""
    seen: list[bytes] = []

    async def script(visit: Visit) -> None:
        if await visit.head():
            seen.append(await visit.to_end())

    house.origin.script = script
    client = await house.client()
    client.send(part)
    client.end()
    assert await client.rest() == b""
    await house.until(lambda: not house.door.clients and not house.pool.connections)
    assert all(not data.endswith(b"0\r\n\r\n") for data in seen)


async def test_a_client_that_goes_away_midway_takes_its_upstream_connection_along(
    house: House,
) -> None:
    async def script(visit: Visit) -> None:
        if len(house.origin.visits) == 1:
            await visit.head()
            visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfor anna")
            await visit.to_end()
        else:
            await answer_all(visit)

    house.origin.script = script
    anna, bob = await house.client(), await house.client()
    anna.send(get())
    await anna.head()
    anna.reset()
    await house.until(lambda: not house.pool.connections)
    assert (await bob.ask(get())).body == b"ok"
    assert len(house.origin.visits) == 2


async def test_a_client_that_goes_away_midway_in_an_upload(house: House) -> None:
    async def script(visit: Visit) -> None:
        if len(house.origin.visits) == 1:
            await visit.head()
            await visit.to_end()
        else:
            await answer_all(visit)

    house.origin.script = script
    anna, bob = await house.client(), await house.client()
    anna.send(post(b"x" * 1000)[:-1])
    await house.until(lambda: len(house.origin.visits) == 1 and bool(house.origin.heads()))
    anna.reset()
    await house.until(lambda: not house.pool.connections)
    assert (await bob.ask(get())).body == b"ok"
    assert len(house.origin.visits) == 2


async def test_http_1_0(house: House) -> None:
    client = await house.client()
    client.send(b"GET / HTTP/1.0\r\n" + COOKIE + b"\r\n")
    told = await client.rest()
    assert told.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Connection: close\r\n" in told
    assert b"Host: localhost:8080\r\n" in house.origin.heads()[0]


async def test_too_many_connections_of_one_address(house: House) -> None:
    house.configure(limits=Limits(connections_per_address=2))
    first, _ = await house.client(), await house.client()
    await house.until(lambda: len(house.door.clients) == 2)
    third = await house.client()
    answer = await third.answer()
    assert (answer.status, answer.field(b"retry-after")) == (429, b"5")
    first.reset()
    await house.until(lambda: len(house.door.clients) <= 2)
    third.reset()
    await house.until(lambda: len(house.door.clients) == 1)
    assert (await (await house.client()).ask(get())).status == 200


@pytest.mark.parametrize(
    ("peers", "admitted"),
    [
        (["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"], [True, True, False]),
        (["2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:2::1"], [True, True, True]),
        (["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"], [True, True, False]),
        (["192.0.2.1", "192.0.2.2", "192.0.2.3"], [True, True, True]),
        (["", "fe80::1%eth0", ""], [True, True, True]),
    ],
)
async def test_who_has_one_ipv6_address_has_its_network(
    house: House, peers: list[str], admitted: list[bool]
) -> None:
    house.configure(limits=Limits(connections_per_address=2))
    clients = [ClientConnection(house.door, peer) for peer in peers]
    assert [house.door.admit(client) for client in clients] == admitted
    for client in clients:
        house.door.leave(client)
    assert [house.door.admit(client) for client in clients] == admitted
    for client in clients:
        house.door.leave(client)


async def test_a_trusted_proxy_brings_more_people_than_one_address_has(house: House) -> None:
    listen = replace(house.settings.listen, trusted_proxies=("192.0.2.1",))
    house.settings = replace(house.settings, listen=listen)
    house.configure(limits=Limits(connections_per_address=2))
    for peer, last in (("192.0.2.1", True), ("192.0.2.2", False)):
        clients = [ClientConnection(house.door, peer) for _ in range(3)]
        assert [house.door.admit(client) for client in clients] == [True, True, last]
        for client in clients:
            house.door.leave(client)


async def test_a_crash_while_a_session_is_read_ends_the_connection(house: House) -> None:
    house.sessions.cold.add(b"anna")
    house.sessions.crash = True
    client = await house.client()
    client.send(get())
    assert await client.rest() == b""
    assert house.origin.visits == []


async def test_a_dead_store_is_503_and_public_routes_go_on(house: House) -> None:
    house.sessions.cold.add(b"anna")
    house.sessions.down = True
    client = await house.client()
    answer = await client.ask(get())
    assert (answer.status, answer.field(b"set-cookie")) == (503, None)
    client = await house.client()
    assert (await client.ask(get(b"/static/a.css"))).status == 200
    assert b"X-Remote-User" not in house.origin.heads()[0]


async def test_draining_answers_what_is_under_way_and_says_so(house: House) -> None:
    release = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.head()
        await release.wait()
        visit.send(OK)

    house.origin.script = script
    busy, idle = await house.client(), await house.client()
    busy.send(get() + get())
    await house.until(lambda: bool(house.origin.heads()))
    draining = asyncio.ensure_future(house.door.drain(5))
    assert await idle.rest() == b""
    release.set()
    answer = await busy.answer()
    assert (answer.status, answer.field(b"connection")) == (200, b"close")
    assert await busy.rest() == b""
    busy.reset()
    await draining
    assert len(house.origin.heads()) == 1
