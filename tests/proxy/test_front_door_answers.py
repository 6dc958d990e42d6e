"""Upstreams that misbehave: what the client gets, and whether the connection is used again."""

from __future__ import annotations

import asyncio

import pytest

from tests.proxy.house import COOKIE, OK, House, Visit, get, saying

H = b"HTTP/1.1 200 OK\r\n"
pytestmark = pytest.mark.asyncio


CANNOT_BE_TRUSTED = {
    "NUL in a value": H + b"A: b\0c\r\nContent-Length: 0\r\n\r\n",
    "bare LF between fields": H + b"A: b\nC: d\r\nContent-Length: 0\r\n\r\n",
    "bare LF everywhere": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "bare CR in a value": H + b"A: b\rC: d\r\n\r\n",
    "CR in the reason": b"HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n",
    "folded field": H + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "blank before the colon": H + b"Content-Length : 0\r\n\r\n",
    "length and coding": H + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": H + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": H + b"Content-Length: 2, 2\r\n\r\nab",
    "a negative length": H + b"Content-Length: -1\r\n\r\n",
    "an unknown coding": H + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": H + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": H + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
    "chunked in 1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "status 099": b"HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
    "status 1000": b"HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n",
    "status 600": b"HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n",
    "another protocol": b"ICY 200 OK\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\n\r\n",
    "no head at all": b"hello\r\n\r\n",
    "1 MiB of head": H + b"A: " + b"b" * 2**20 + b"\r\n\r\n",
    "1 MiB of head without an end": H + b"A: " + b"b" * 2**20,
    "600 fields": H + b"A: b\r\n" * 600 + b"\r\n",
    "100 interim answers": b"HTTP/1.1 102 Processing\r\n\r\n" * 100 + OK,
    "101 unasked": b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
}


@pytest.mark.parametrize("answer", CANNOT_BE_TRUSTED.values(), ids=CANNOT_BE_TRUSTED.keys())
async def test_an_answer_that_cannot_be_trusted_is_502(house: House, answer: bytes) -> None:
    house.origin.script = saying(answer)
    client = await house.client()
    told = await client.ask(get(extra=COOKIE))
    while told.status < 200:  # interim answers before the fault went through
        told = await client.answer()
    assert told.status == 502
    assert await client.rest() == b""
    assert (
        len(house.origin.heads()) == 1
    )  # asked once: garbage is an answer, not a stale connection
    await house.until(lambda: not house.pool.connections)


async def test_an_answer_that_cannot_be_trusted_on_a_reused_connection_is_not_asked_for_again(
    house: House,
) -> None:
    house.origin.script = saying(OK, b"garbage\r\n\r\n")
    client = await house.client()
    assert (await client.ask(get())).status == 200
    assert (await client.ask(get())).status == 502
    assert len(house.origin.heads()) == 2


async def test_closed_before_an_answer(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.close()

    house.origin.script = script
    client = await house.client()
    assert (await client.ask(get())).status == 502
    assert len(house.origin.visits) == 1  # a fresh connection is not stale


async def test_no_answer_in_time_is_504_and_not_asked_again(house: House) -> None:
    house.origin.script = saying(OK, b"", b"")
    client = await house.client()
    assert (await client.ask(get())).status == 200
    client.send(get())
    await house.until(lambda: len(house.origin.heads()) == 2)
    house.expire()
    assert (await client.answer()).status == 504
    assert len(house.origin.heads()) == 2


async def test_an_answer_that_stops_midway_is_cut_off(house: House) -> None:
    house.origin.script = saying(H + b"Content-Length: 5\r\n\r\nab")
    client = await house.client()
    client.send(get())
    assert b"200" in await client.head()
    assert await client.reader.readexactly(2) == b"ab"
    house.expire()
    assert await client.rest() == b""


@pytest.mark.parametrize(
    "short",
    [b"Content-Length: 5\r\n\r\nab", b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ids=["length", "chunked"],
)
async def test_a_short_body_looks_short(house: House, short: bytes) -> None:
    house.origin.script = saying(H + short, close=True)
    client = await house.client()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await client.ask(get())


async def test_a_bad_chunk_midway_is_cut_off(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(H + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        await asyncio.sleep(0.05)  # so that the first chunk is told apart
        visit.send(b"zz\r\n")
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await client.ask(get())


async def test_interim_answers(house: House) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nSet-Cookie: gateway=evil\r\n\r\n"
    house.origin.script = saying(b"HTTP/1.1 100 Continue\r\n\r\n" + early + OK)
    client = await house.client()
    client.send(get())
    hints = await client.head()
    assert hints.startswith(b"HTTP/1.1 103 ")
    assert b"Link: </a.css>" in hints
    assert b"evil" not in hints
    assert (await client.answer()).body == b"ok"  # 100 was not passed on: nobody had asked
    assert house.pool.addresses[0].idle


async def test_http_1_0_knows_no_interim_answers(house: House) -> None:
    house.origin.script = saying(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK)
    client = await house.client()
    client.send(b"GET / HTTP/1.0\r\n" + COOKIE + b"\r\n")
    assert (await client.rest()).startswith(b"HTTP/1.1 200 ")


HEADS = {
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n": b"5",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n": None,
    b"HTTP/1.1 200 OK\r\n\r\n": None,
}


@pytest.mark.parametrize("head", HEADS)
async def test_head_has_no_body(house: House, head: bytes) -> None:
    async def script(visit: Visit) -> None:
        await saying(head if len(house.origin.visits) == 1 else OK, OK)(visit)

    house.origin.script = script
    client = await house.client()
    told = await client.ask(get(method=b"HEAD"), method=b"HEAD")
    assert told.field(b"content-length") == HEADS[head]
    assert told.field(b"transfer-encoding") is None
    assert (await client.ask(get())).body == b"ok"
    # The body that was announced may come late: nobody else is given that connection.
    announced = head.partition(b"\r\n")[2] != b"\r\n"
    assert len(house.origin.visits) == (2 if announced else 1)


async def test_204_states_no_length(house: House) -> None:
    house.origin.script = saying(b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", OK)
    client = await house.client()
    told = await client.ask(get())
    assert (told.status, told.field(b"content-length")) == (204, None)
    assert (await client.ask(get())).body == b"ok"


async def test_until_close(house: House) -> None:
    house.origin.script = saying(H + b"\r\nall of it", close=True)
    client = await house.client()
    told = await client.ask(get())
    assert (told.field(b"transfer-encoding"), told.body) == (b"chunked", b"all of it")
    assert (await client.ask(get())).body == b"all of it"  # the client's connection lives on
    client.send(b"GET / HTTP/1.0\r\n" + COOKIE + b"\r\n")
    old = await client.rest()
    assert b"Transfer-Encoding" not in old
    assert old.endswith(b"\r\n\r\nall of it")


async def test_a_reset_is_no_end_of_a_body(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(H + b"\r\nhalf")
        await got.wait()
        visit.reset()

    got = asyncio.Event()
    house.origin.script = script
    client = await house.client()
    client.send(get())
    await client.head()
    assert await client.reader.readexactly(9) == b"4\r\nhalf\r\n"
    got.set()
    assert b"0\r\n\r\n" not in await client.rest()


TRAILED = (
    H + b"Transfer-Encoding: chunked\r\nTrailer: A\r\n\r\n2;x=y\r\nok\r\n0\r\n"
    b"X-Checksum: 1\r\nSet-Cookie: gateway=evil\r\nContent-Length: 9\r\n\r\n"
)


async def test_trailers_cross_when_they_are_asked_for(house: House) -> None:
    house.origin.script = saying(TRAILED, TRAILED, OK)
    client = await house.client()
    client.send(get(extra=COOKIE + b"TE: trailers\r\nConnection: TE\r\n"))
    await client.head()
    assert await client.reader.readuntil(b"\r\n\r\n") == b"2\r\nok\r\n0\r\nX-Checksum: 1\r\n\r\n"
    client.send(get())
    await client.head()
    assert await client.reader.readuntil(b"0\r\n\r\n") == b"2\r\nok\r\n0\r\n\r\n"
    assert (await client.ask(get())).body == b"ok"
    assert len(house.origin.visits) == 1


async def test_no_upstream_sets_our_cookies(house: House) -> None:
    evil = [b"gateway=evil", b"=gateway=evil", b"GateWay=evil; Path=/", b" gateway-form=evil"]
    lines = b"".join(
        b"Set-Cookie: " + value + b"\r\n" for value in [*evil, b"own=1", b"gateway2=2"]
    )
    house.origin.script = saying(H + lines + b"Content-Length: 0\r\n\r\n")
    told = await (await house.client()).ask(get())
    assert told.all(b"set-cookie") == [b"own=1", b"gateway2=2"]


async def test_hop_by_hop_fields_of_an_answer_end_here(house: House) -> None:
    lines = (
        b"Connection: X-A\r\nConnection: x-b, keep-alive\r\nKeep-Alive: timeout=5\r\nX-A: 1\r\n"
        b"X-B: 2\r\nX-C: 3\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nContent-Length: 2\r\n"
    )
    house.origin.script = saying(H + lines + b"\r\nok")
    told = await (await house.client()).ask(get())
    assert told.head == b"HTTP/1.1 200 OK\r\nX-C: 3\r\nContent-Length: 2\r\n\r\n"


async def test_a_body_is_not_decoded(house: House) -> None:
    bomb = b"\x1f\x8b" + b"\0" * 100
    house.origin.script = saying(
        H + b"Content-Encoding: gzip\r\nContent-Length: 102\r\n\r\n" + bomb
    )
    told = await (await house.client()).ask(get())
    assert told.body == bomb
    assert told.field(b"content-encoding") == b"gzip"
