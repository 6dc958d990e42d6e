"""Bodies of requests: lengths and chunks, early answers, Expect, and what hides inside one."""

from __future__ import annotations

import pytest

from gateway.settings.model import Limits
from tests.proxy.house import COOKIE, OK, House, Visit, answer_all, get, post

pytestmark = pytest.mark.asyncio
CHUNKED = COOKIE + b"Transfer-Encoding: chunked\r\n"
PAGE = b"Accept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
HIDDEN = get(b"/admin")


async def echo(visit: Visit) -> None:
    """Answer with the body."""
    while head := await visit.head():
        if b"Transfer-Encoding: chunked" in head:
            data = b""
            while not data.endswith(b"0\r\n\r\n"):
                data += await visit.read(1)
        else:
            length = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
            data = await visit.read(int(length or 0))
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data)


async def test_lengths_are_written_anew_and_bodies_pass(house: House) -> None:
    house.origin.script = echo
    client = await house.client()
    assert (await client.ask(post(b"hello"))).body == b"hello"
    assert (await client.ask(post(b""))).body == b""
    assert (await client.ask(get(method=b"POST"))).body == b""
    heads = house.origin.heads()
    assert [head.count(b"Content-Length: ") for head in heads] == [1, 1, 1]


async def test_chunks_are_written_anew(house: House) -> None:
    house.origin.script = echo
    client = await house.client()
    body = b'3;a=b;c="d;e"\r\nabc\r\n0002\r\nde\r\n0;last\r\nX-Remote-User: root\r\nHost: e\r\n\r\n'
    answer = await client.ask(get(extra=CHUNKED, method=b"POST") + body)
    assert answer.body == b"5\r\nabcde\r\n0\r\n\r\n"
    assert b"root" not in house.origin.visits[0].raw


async def test_trailers_change_nothing_upstream(house: House) -> None:
    house.origin.script = echo
    client = await house.client()
    head = get(extra=CHUNKED + b"Trailer: X-Remote-User\r\n", method=b"POST")
    evil = b"X-Remote-User: root\r\nCookie: gateway=x\r\nX-Forwarded-For: 10.0.0.5\r\nX_Remote_User: r\r\n"
    plain = await client.ask(head + b"1\r\na\r\n0\r\n\r\n")
    with_trailers = await client.ask(head + b"1\r\na\r\n0\r\n" + evil + b"\r\n")
    assert plain.body == with_trailers.body
    first, second = [head.split(b"X-Request-Id")[0] for head in house.origin.heads()]
    assert first == second
    assert first.count(b"X-Remote-User: anna\r\n") == 1


async def test_a_hundred_thousand_tiny_chunks_are_one(house: House) -> None:
    house.origin.script = echo
    client = await house.client()
    answer = await client.ask(
        get(extra=CHUNKED, method=b"POST") + b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n"
    )
    assert answer.body.count(b"a") >= 100_000
    assert len(answer.body) < 150_000  # six times as much came


BAD_BODIES = {
    b"zz\r\n": 400,
    b"5\r\nhelloX": 400,
    b"5\nhello": 400,
    b"-1\r\n": 400,
    b"0x5\r\nhello": 400,
    b"5 \r\nhello\r\n": 400,
    b"1" * 16 + b"\r\n": 400,
    b"1;" + b"a" * 1100 + b"\r\n": 400,
    b"0\r\nno colon\r\n\r\n": 400,
    b"0\r\n" + b"A: b\r\n" * 65 + b"\r\n": 431,
    b"0\r\nA: " + b"b" * 900 + b"\r\n" + b"A: b\r\n\r\n": 200,
}


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:20]))
async def test_a_bad_body_never_ends_upstream(house: House, body: bytes) -> None:
    ends: list[bytes] = []

    async def script(visit: Visit) -> None:
        await visit.head()
        if BAD_BODIES[body] == 200:
            visit.send(OK)
        ends.append(await visit.to_end())

    house.origin.script = script
    client = await house.client()
    answer = await client.ask(get(extra=CHUNKED, method=b"POST") + body)
    assert answer.status == BAD_BODIES[body]
    if answer.status != 200:
        assert await client.rest() == b""
        await house.until(lambda: len(ends) == 1)
        assert not ends[0].endswith(b"0\r\n\r\n")


@pytest.mark.parametrize(
    "extra", [CHUNKED, COOKIE + b"Content-Length: 100\r\n"], ids=["chunked", "length"]
)
async def test_too_long_bodies(house: House, extra: bytes) -> None:
    house.configure(limits=Limits(body=10))

    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    answer = await client.ask(get(extra=extra, method=b"POST") + b"b\r\nhello world\r\n0\r\n\r\n")
    assert (answer.status, answer.field(b"connection")) == (413, b"close")
    await house.until(lambda: not house.pool.connections)


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("done", [False, True], ids=["body to come", "body sent"])
async def test_an_answer_before_the_body_ended(house: House, *, chunked: bool, done: bool) -> None:
    """Neither connection is used again (CL.0, 0.CL): bob never meets the rest of anna's body."""

    async def script(visit: Visit) -> None:
        if len(house.origin.visits) == 1:
            await visit.head()
            await visit.read(4)  # some of it
            visit.send(OK)
            await visit.to_end()
        else:
            await answer_all(visit)

    house.origin.script = script
    anna, bob = await house.client(), await house.client()
    extra = CHUNKED if chunked else COOKIE + b"Content-Length: 100\r\n"
    anna.send(get(extra=extra, method=b"POST") + (b"4\r\nsome\r\n" if chunked else b"some"))
    answer = await anna.answer()
    assert (answer.body, answer.field(b"connection")) == (b"ok", b"close")
    if done:
        anna.send(HIDDEN * 3)
    assert (await bob.ask(get())).body == b"ok"
    assert [len(visit.heads) for visit in house.origin.visits] == [1, 1]
    assert b"/admin" not in b"".join(visit.raw for visit in house.origin.visits)
    assert await anna.rest() == b""


async def test_a_bad_chunk_after_the_answer_began_does_not_spoil_it(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    client.send(get(extra=CHUNKED, method=b"POST"))
    await client.head()
    client.send(b"zz\r\n")
    assert await client.rest() in {b"begun", b""}


async def test_a_slow_body_after_the_answer_began_does_not_spoil_it(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    client.send(get(extra=CHUNKED, method=b"POST"))
    await client.head()
    house.expire()
    assert await client.rest() in {b"begun", b""}


async def test_a_slow_body_is_408(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    client.send(post(b"hello")[:-1])
    await house.until(lambda: bool(house.origin.heads()))
    for connection in house.door.clients:
        connection.on_deadline()
    assert (await client.answer()).status == 408
    assert await client.rest() == b""
    await house.until(lambda: not house.pool.connections)


OUR_OWN = {
    "302": (b"/", PAGE, 302),
    "401": (b"/", b"", 401),
    "403": (b"/hr/", COOKIE, 403),
    "400": (b"/x%2f..%2fhr", COOKIE, 400),
    "413": (b"/", COOKIE, 413),
}


@pytest.mark.parametrize(("path", "extra", "status"), OUR_OWN.values(), ids=OUR_OWN.keys())
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_body_that_we_refuse_is_never_read_as_a_request(
    house: House, path: bytes, extra: bytes, status: int, *, chunked: bool
) -> None:
    if status == 413:
        house.configure(limits=Limits(body=1))
    if chunked:
        raw = get(path, extra + b"Transfer-Encoding: chunked\r\n", b"POST") + b"0\r\n\r\n" + HIDDEN
    else:
        raw = post(HIDDEN, path, extra)
    client = await house.client()
    answer = await client.ask(raw)
    if status == 413 and chunked:  # the length is not known before the body: an empty one passes
        return
    assert (answer.status, answer.field(b"connection")) == (status, b"close")
    assert await client.rest() == b""
    assert house.origin.visits == []


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"DELETE", b"OPTIONS"])
async def test_a_body_where_none_is_usual_is_the_last_on_both_connections(
    house: House, method: bytes
) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        await visit.to_end()

    house.origin.script = script
    client = await house.client()
    raw = get(b"/", COOKIE + b"Content-Length: %d\r\n" % len(HIDDEN), method) + HIDDEN
    answer = await client.ask(raw, method=method)
    assert (answer.status, answer.field(b"connection")) == (204, b"close")
    assert await client.rest() == b""
    assert len(house.origin.heads()) == 1
    await house.until(lambda: not house.pool.connections)


EXPECTS = COOKIE + b"Expect: 100-continue\r\n"


async def test_continue_is_granted_once_somebody_takes_the_body(house: House) -> None:
    house.origin.script = echo
    client = await house.client()
    client.send(get(extra=EXPECTS + b"Content-Length: 5\r\n", method=b"POST"))
    assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (await client.ask(b"hello")).body == b"hello"
    assert b"Expect" not in house.origin.heads()[0]
    assert (await client.ask(get())).status == 200


async def test_a_client_that_does_not_wait_for_continue(house: House) -> None:
    house.origin.script = echo
    client = await house.client()
    client.send(
        get(extra=EXPECTS + b"Content-Length: 5\r\n", method=b"POST") + b"hello" + get(b"/2")
    )
    assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (await client.answer()).body == b"hello"
    assert (await client.answer()).body == b""
    assert len(house.origin.heads()) == 2


REFUSED_CONTINUE = {
    "302": (b"/", PAGE, 302),
    "401": (b"/", b"", 401),
    "403": (b"/hr/", COOKIE, 403),
    "417": (b"/", COOKIE + b"Expect: 200-ok\r\n", 417),
    "413": (b"/", COOKIE + b"Content-Length: 99999999999999999\r\n", 413),
}


@pytest.mark.parametrize(
    ("path", "extra", "status"), REFUSED_CONTINUE.values(), ids=REFUSED_CONTINUE.keys()
)
async def test_continue_is_refused_with_the_answer(
    house: House, path: bytes, extra: bytes, status: int
) -> None:
    if b"Expect" not in extra:
        extra += b"Expect: 100-continue\r\n"
    if b"Length" not in extra:
        extra += b"Content-Length: 5\r\n"
    client = await house.client()
    answer = await client.ask(get(path, extra, b"POST"))
    assert (answer.status, answer.field(b"connection")) == (status, b"close")
    assert await client.rest() == b""
    assert house.origin.visits == []


async def test_continue_is_not_granted_without_a_body_or_in_1_0(house: House) -> None:
    house.origin.script = echo
    client = await house.client()
    assert (await client.ask(get(extra=EXPECTS))).status == 200
    client.send(b"POST / HTTP/1.0\r\n" + EXPECTS + b"Content-Length: 5\r\n\r\nhello")
    assert (await client.rest()).startswith(b"HTTP/1.1 200 ")


async def test_lingering_is_bounded(house: House) -> None:
    client = await house.client()
    answer = await client.ask(get(extra=b"Content-Length: 100000000\r\n", method=b"POST"))
    assert answer.status == 401
    (connection,) = house.door.clients
    client.send(b"x" * 6_400_000)
    await client.rest()
    await house.until(lambda: not house.door.clients)
    assert connection._lingered <= 1024 * 1024 + 256 * 1024
