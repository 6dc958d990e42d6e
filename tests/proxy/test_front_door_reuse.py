"""Which upstream connections are used again, and which requests are sent again."""

from __future__ import annotations

import pytest

from tests.proxy.house import COOKIE, OK, House, Visit, answer_all, get, post, saying

H = b"HTTP/1.1 200 OK\r\n"
pytestmark = pytest.mark.asyncio


LAST_USE = {
    "a long body": H + b"Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
    "two answers": OK + OK,
    "a body after 204": b"HTTP/1.1 204 No Content\r\n\r\nbody",
    "a body after 304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nbody",
    "bytes after chunked": H + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore",
    "close": H + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "NTLM": b"HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n",
    "Negotiate, second line": (
        b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: Negotiate\r\n"
        b"Content-Length: 0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("answer", LAST_USE.values(), ids=LAST_USE.keys())
async def test_a_connection_that_is_not_clean_is_not_used_again(
    house: House, answer: bytes
) -> None:
    house.origin.script = saying(answer, OK)
    client = await house.client()
    first = await client.ask(get())
    assert first.body in {b"ok", b""}
    second = await client.ask(get())
    assert (second.status, second.body) == (first.status, first.body)  # again the first answer
    assert [len(visit.heads) for visit in house.origin.visits] == [1, 1]


@pytest.mark.parametrize("scheme", [b"NTLM TlRM", b"Negotiate YII", b"negotiate YII"])
async def test_a_log_on_of_a_connection_is_the_last_request_on_it(
    house: House, scheme: bytes
) -> None:
    client = await house.client()
    assert (
        await client.ask(get(extra=COOKIE + b"Authorization: " + scheme + b"\r\n"))
    ).status == 200
    assert (await client.ask(get())).status == 200
    assert [len(visit.heads) for visit in house.origin.visits] == [1, 1]


async def test_a_clean_connection_is_used_again_by_another_client(house: House) -> None:
    for _ in range(3):
        assert (await (await house.client()).ask(get())).body == b"ok"
    assert [len(visit.heads) for visit in house.origin.visits] == [3]
    assert repr(house.pool) == f"<pool portal: 127.0.0.1:{house.origin.port}: 0 busy, 1 idle>"


async def test_bytes_while_idle_are_nobodys(house: House) -> None:
    client = await house.client()
    assert (await client.ask(get())).body == b"ok"
    house.origin.visits[0].send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    await house.until(lambda: not house.pool.connections)
    assert (await client.ask(get())).body == b"ok"
    assert len(house.origin.visits) == 2


async def test_an_upstream_that_babbles_has_each_connection_used_once(house: House) -> None:
    """What it sends to nobody a moment later would be the answer to whoever asks next."""
    client = await house.client()
    assert (await client.ask(get())).body == b"ok"
    house.origin.visits[0].send(b"evil")
    await house.until(lambda: not house.pool.connections)
    for _ in range(3):
        assert (await client.ask(get())).body == b"ok"
    assert [len(visit.heads) for visit in house.origin.visits] == [1, 1, 1, 1]
    house.pool.addresses[0].babbles_until = 0.0  # ten minutes later
    for _ in range(3):
        assert (await client.ask(get())).body == b"ok"
    assert [len(visit.heads) for visit in house.origin.visits] == [1, 1, 1, 1, 3]


async def test_a_server_that_says_408_to_an_idle_connection_goes_on_being_trusted(
    house: House,
) -> None:
    client = await house.client()
    assert (await client.ask(get())).body == b"ok"
    house.origin.visits[0].send(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")
    await house.until(lambda: not house.pool.connections)
    for _ in range(2):
        assert (await client.ask(get())).body == b"ok"
    assert [len(visit.heads) for visit in house.origin.visits] == [1, 2]


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"DELETE"])
async def test_a_stale_connection_is_tried_once_more(house: House, method: bytes) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(OK)
        if len(house.origin.visits) == 1:
            await visit.head()
            visit.close()
        else:
            await answer_all(visit)

    house.origin.script = script
    client = await house.client()
    assert (await client.ask(get())).status == 200
    assert (await client.ask(get(method=method))).status == 200
    assert [len(visit.heads) for visit in house.origin.visits] == [2, 1]


@pytest.mark.parametrize("request_", [post(b"x"), post(b""), get(method=b"PATCH")], ids=repr)
async def test_what_may_not_be_repeated_is_not(house: House, request_: bytes) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(OK)
        await visit.head()
        visit.close()

    house.origin.script = script
    client = await house.client()
    assert (await client.ask(get())).status == 200
    assert (await client.ask(request_)).status == 502
    assert len(house.origin.heads()) == 2


async def test_stale_twice_is_502(house: House) -> None:
    async def script(visit: Visit) -> None:
        if len(house.origin.visits) == 1:
            await visit.head()
            visit.send(OK)
        await visit.head()
        visit.close()

    house.origin.script = script
    client = await house.client()
    assert (await client.ask(get())).status == 200
    assert (await client.ask(get())).status == 502
    assert len(house.origin.heads()) == 3


async def test_the_second_try_takes_a_fresh_connection(house: House) -> None:
    """After a restart of the upstream all idle connections are stale, not only the first."""

    async def script(visit: Visit) -> None:
        while await visit.head():
            if len(house.origin.visits) <= 3 and len(visit.heads) == 2:
                visit.close()
                return
            await house.until(lambda: len(house.origin.visits) >= 3)
            visit.send(OK)

    house.origin.script = script
    clients = [await house.client() for _ in range(3)]
    for client in clients:
        client.send(get())
    for client in clients:
        assert (await client.answer()).status == 200
    assert (await clients[0].ask(get())).status == 200
    assert len(house.origin.visits) == 4
