"""gateway/proxy/pool.py: addresses that are down, connections that are full, requests in turn."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta

import pytest

from gateway.proxy import pool as pool_module
from gateway.settings.model import UpstreamUrl
from tests.full import full_listener
from tests.proxy.house import OK, House, Visit, answer_all, get

pytestmark = pytest.mark.asyncio


def dead_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def urls(*ports: int) -> tuple[UpstreamUrl, ...]:
    return tuple(UpstreamUrl("http", "127.0.0.1", port) for port in ports)


async def test_refused_is_502_and_tried_anew_each_time(house: House) -> None:
    dead = dead_port()
    house.configure(urls=urls(dead))
    for _ in range(2):
        client = await house.client()
        assert (await client.ask(get())).status == 502
    assert repr(house.pool) == f"<pool portal: 127.0.0.1:{dead}: 0 busy, 0 idle>"


async def test_a_dead_address_is_passed_over(house: House) -> None:
    dead = dead_port()
    house.configure(urls=urls(dead, house.origin.port))
    for _ in range(4):
        client = await house.client()
        assert (await client.ask(get())).status == 200
    first, second = house.pool.addresses
    assert (first.open, len(second.idle)) == (0, 1)
    assert first.pause_s == 1.0
    assert first.down_until > asyncio.get_running_loop().time()


async def test_the_pause_of_a_dead_address_doubles_to_its_limit_and_ends_with_a_success(
    house: House,
) -> None:
    house.configure(urls=urls(dead_port(), house.origin.port))
    dead = house.pool.addresses[0]
    pauses = []
    for _ in range(7):
        dead.down_until = 0.0
        house.pool.addresses[1].down_until = 0.0
        for connection in list(house.pool.connections):
            connection.transport.abort()
        await house.until(lambda: not house.pool.connections)
        assert (await (await house.client()).ask(get())).status == 200
        pauses.append(dead.pause_s)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    dead.url = house.pool.addresses[1].url
    dead.down_until = 0.0
    for connection in list(house.pool.connections):
        connection.transport.abort()
    await house.until(lambda: not house.pool.connections)
    assert (await (await house.client()).ask(get())).status == 200
    assert dead.pause_s == 0.0


async def test_all_dead_is_502_and_the_one_that_rests_least_is_tried(house: House) -> None:
    house.configure(urls=urls(dead_port(), dead_port()))
    for _ in range(3):
        client = await house.client()
        assert (await client.ask(get())).status == 502
    assert all(address.open == 0 for address in house.pool.addresses)


async def test_no_answer_to_a_connect_is_504(house: House) -> None:
    with full_listener() as full:
        port = full.getsockname()[1]
        house.configure(urls=urls(port), connect_timeout=timedelta(seconds=0.05))
        client = await house.client()
        assert (await client.ask(get())).status == 504


async def test_the_least_busy_address_is_chosen(house: House) -> None:
    release = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.head()
        await release.wait()
        visit.send(OK)

    house.origin.script = script
    house.configure(urls=urls(house.origin.port, house.origin.port))
    clients = [await house.client() for _ in range(4)]
    for client in clients:
        client.send(get())
    await house.until(lambda: len(house.origin.heads()) == 4)
    assert [address.busy for address in house.pool.addresses] == [2, 2]
    release.set()
    for client in clients:
        assert (await client.answer()).status == 200


async def test_more_requests_than_connections_wait_in_their_order(house: House) -> None:
    gates = [asyncio.Event() for _ in range(5)]

    async def script(visit: Visit) -> None:
        while head := await visit.head():
            await gates[int(head.split(b" ")[1][1:])].wait()
            visit.send(OK)

    house.origin.script = script
    house.configure(connections=1)
    clients = [await house.client() for _ in range(5)]
    for n, client in enumerate(clients):
        client.send(get(b"/%d" % n))
        await house.until(lambda n=n: bool(house.origin.heads()) and len(house.pool._waiting) == n)
    clients[2].reset()  # one that does not wait any longer takes nobody's turn
    await house.until(lambda: len(house.door.clients) == 4)
    for gate in gates:
        gate.set()
    for n in (0, 1, 3, 4):
        assert (await clients[n].answer()).body == b"ok"
    assert [head.split(b" ")[1] for head in house.origin.heads()] == [b"/0", b"/1", b"/3", b"/4"]
    assert len(house.origin.visits) == 1


async def test_waiting_ends_with_503(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.to_end()

    house.origin.script = script
    house.configure(connections=1, connect_timeout=timedelta(seconds=0.05))
    busy, waiting = await house.client(), await house.client()
    busy.send(get())
    await house.until(lambda: bool(house.origin.heads()))
    answer = await waiting.ask(get())
    assert (answer.status, answer.field(b"retry-after")) == (503, b"5")
    assert not house.pool._waiting


async def test_the_queue_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.to_end()

    monkeypatch.setattr(pool_module, "_MAX_WAITING", 1)
    house.origin.script = script
    house.configure(connections=1)
    clients = [await house.client() for _ in range(3)]
    for n, client in enumerate(clients[:2]):
        client.send(get())
        await house.until(lambda n=n: bool(house.origin.heads()) and len(house.pool._waiting) == n)
    assert (await clients[2].ask(get())).status == 503


async def test_a_closed_connection_makes_room_for_the_next_in_turn(house: House) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        visit.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")

    house.origin.script = script
    house.configure(connections=1)
    clients = [await house.client() for _ in range(3)]
    for client in clients:
        client.send(get())
    for client in clients:
        assert (await client.answer()).status == 200
    assert len(house.origin.visits) == 3


async def test_a_failed_connect_makes_room_for_the_next_in_turn(house: House) -> None:
    house.configure(urls=urls(dead_port()), connections=1)
    clients = [await house.client() for _ in range(3)]
    for client in clients:
        client.send(get())
    for client in clients:
        assert (await client.answer()).status == 502


async def test_idle_connections_are_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_MAX_IDLE", 2)
    release = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.head()
        await release.wait()
        visit.send(OK)
        await answer_all(visit)

    house.origin.script = script
    clients = [await house.client() for _ in range(5)]
    for client in clients:
        client.send(get())
    await house.until(lambda: len(house.origin.heads()) == 5)
    release.set()
    for client in clients:
        assert (await client.answer()).status == 200
    (address,) = house.pool.addresses
    await house.until(lambda: address.open == 2)
    assert (address.busy, len(address.idle)) == (0, 2)
    for client in clients:  # none of the closed ones is handed out
        assert (await client.ask(get(method=b"POST"))).status == 200
    assert (address.busy, address.open) == (0, 2)


async def test_bytes_before_a_request_are_no_answer(house: House) -> None:
    async def script(visit: Visit) -> None:
        visit.send(OK)
        await visit.head()

    house.origin.script = script
    client = await house.client()
    answer = await client.ask(get())
    assert answer.status in {200, 502}  # told apart only by who comes first
    await house.until(lambda: house.pool.addresses[0].busy == 0)


async def test_a_client_that_left_while_we_connected_leaves_an_idle_connection(
    house: House,
) -> None:
    client = await house.client()
    client.send(get())
    await asyncio.sleep(0)
    client.reset()
    await house.until(lambda: not house.door.clients and house.pool.addresses[0].busy == 0)
    assert (await (await house.client()).ask(get())).status == 200
