"""What is under way when an edit comes: allowed, it notices nothing; else it ends, in its time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.proxy.plan import FORMS_POOL
from gateway.proxy.pool import Pool
from gateway.proxy.review import AGAIN_S, TO_END_S, Review
from tests.proxy.house import OK, House, Visit, get
from tests.proxy.raw_client import Client
from tests.proxy.test_front_door_upgrades import SOCKET, tunnel

pytestmark = pytest.mark.asyncio

STAFF = ('path = "/"\nupstream = "portal"\n', 'path = "/"\nupstream = "portal"\ngroups = ["x"]\n')
GONE = ('[[route]]\npath = "/"\nupstream = "portal"\n', "")
NOWHERE = ('path = "/"\nupstream', 'path = "/elsewhere"\nupstream')
NO_SOCKETS = (
    'path = "/"\nupstream = "portal"\n',
    'path = "/"\nupstream = "portal"\nupgrades = []\n',
)
NO_ORIGIN = ('path = "/"\nupstream = "portal"\n', 'path = "/"\nupstream = "portal"\norigins = []\n')
CODES = ("corporate = [", "elsewhere = [")
SHORTER = ('path = "/hr/"', 'path = "/hr/x/"')
FORBIDDING = {"group": STAFF, "no route": GONE, "path": NOWHERE}
TUNNELS = FORBIDDING | {"upgrades": NO_SOCKETS, "origins": NO_ORIGIN}


async def endless(visit: Visit) -> None:
    """Answer without end, until somebody closes."""
    await visit.head()
    visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
    await visit.to_end()


async def socket(house: House) -> Client:
    house.origin.script = tunnel
    client = await house.client()
    client.send(get(extra=SOCKET))
    assert (await client.head()).startswith(b"HTTP/1.1 101 ")
    return client


async def echoes(client: Client) -> bool:
    client.send(b"\x81\x01x")
    async with asyncio.timeout(5):
        return await client.reader.readexactly(3) == b"\x81\x01x"


async def closed(client: Client) -> bool:
    async with asyncio.timeout(5):
        try:
            while await client.reader.read(4096):
                pass
        except ConnectionError:
            return True
    return True


@pytest.mark.parametrize("change", TUNNELS.values(), ids=TUNNELS)
async def test_a_tunnel_that_is_not_allowed_is_closed_at_once(house: House, change) -> None:
    client = await socket(house)
    house.edit(change)
    await Review(house.door).run()
    assert await closed(client)
    await house.until(lambda: not house.door.clients)


async def test_a_tunnel_that_is_allowed_goes_on_and_lets_go_of_the_old_plan(house: House) -> None:
    client = await socket(house)
    review = Review(house.door)
    plan = house.edit(SHORTER)
    await review.run()
    assert await echoes(client)
    assert [one.plan for one in house.door.clients] == [plan]
    house.edit(STAFF)
    await review.run()
    assert await closed(client)


@pytest.mark.parametrize("key", ['hours = "Mon-Sun 00:00-20:00 UTC"', 'absolute = "1h"'])
async def test_a_tunnel_ends_when_its_time_is_over(house: House, key: str) -> None:
    house.clock.time = datetime(2026, 11, 22, 19, 30, tzinfo=UTC).timestamp()
    house.anna.record = replace(house.anna.record, created=house.clock.now() - 1800)
    house.edit(('path = "/"\nupstream', f'path = "/"\n{key}\nupstream'))
    client = await socket(house)
    review = Review(house.door)
    for minutes in (0, 29):
        house.clock.forward(minutes=minutes)
        house.door.ticker.now += minutes * 60
        await review.run()
        assert await echoes(client)
    house.clock.forward(minutes=1)
    house.door.ticker.now += AGAIN_S
    await review.run()
    assert await closed(client)


async def test_a_tunnel_into_a_place_that_asks_for_a_code_by_now(house: House) -> None:
    house.anna.record = house.anna.record.__class__(
        **{**_fields(house.anna.record), "factors": ("pwd",)}
    )
    house.edit(('path = "/"\n', 'path = "/"\nsecond_factor = "never"\n'))
    client = await socket(house)
    review = Review(house.door)
    await review.run()
    assert await echoes(client)
    house.edit(('path = "/"\n', 'path = "/"\nsecond_factor = "always"\n'))
    await review.run()
    assert await closed(client)


def _fields(record) -> dict:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


@pytest.mark.parametrize("change", FORBIDDING.values(), ids=FORBIDDING)
async def test_a_stream_that_is_not_allowed_has_a_moment(house: House, change) -> None:
    house.origin.script = endless
    client = await house.client()
    client.send(get())
    await client.head()
    review = Review(house.door)
    house.edit(change)
    await review.run()
    assert await client.reader.readexactly(6) == b"1\r\nx\r\n"
    house.door.ticker.now += TO_END_S - 0.1
    await review.run()
    assert len(house.door.clients) == 1
    house.door.ticker.now += 0.2
    await review.run()
    assert await closed(client)


async def test_a_request_that_ends_in_time_has_its_answer(house: House) -> None:
    """It was allowed when it was made; the next one on the connection is judged anew."""
    go_on = asyncio.Event()

    async def slow(visit: Visit) -> None:
        while await visit.head():
            await go_on.wait()
            visit.send(OK)

    house.origin.script = slow
    client = await house.client()
    client.send(get())
    await house.until(lambda: bool(house.origin.heads()))
    review = Review(house.door)
    house.edit(STAFF)
    await review.run()
    go_on.set()
    assert (await client.answer()).status == 200
    house.door.ticker.now += TO_END_S + 1
    await review.run()
    assert (await client.ask(get())).status == 403
    await review.run()
    assert (await client.ask(get(b"/static/x", b""))).status == 200


async def test_an_edit_that_is_taken_back_in_time_closes_nothing(house: House) -> None:
    house.origin.script = endless
    client = await house.client()
    client.send(get())
    await client.head()
    review = Review(house.door)
    house.edit(STAFF)
    await review.run()
    house.edit()
    await review.run()
    house.door.ticker.now += TO_END_S + 1
    await review.run()
    assert len(house.door.clients) == 1


async def test_one_that_was_still_being_decided_is_judged_when_it_is(house: House) -> None:
    """Its session is read while the edit comes: it must not slip through between the two."""
    house.origin.script = tunnel
    house.sessions.cold.add(b"anna")
    house.sessions.gate = asyncio.Event()
    client = await house.client()
    client.send(get(extra=SOCKET))
    await house.connections()
    await asyncio.sleep(0.01)
    review = Review(house.door)
    house.edit(STAFF)
    await review.run()
    house.sessions.gate.set()
    assert (await client.head()).startswith(b"HTTP/1.1 101 ")
    await review.run()
    assert await closed(client)


async def test_one_that_switches_in_its_last_moment(house: House) -> None:
    switch = asyncio.Event()

    async def late(visit: Visit) -> None:
        await visit.head()
        await switch.wait()
        visit.send(b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        await visit.to_end()

    house.origin.script = late
    client = await house.client()
    client.send(get(extra=SOCKET))
    await house.until(lambda: bool(house.origin.heads()))
    review = Review(house.door)
    house.edit(STAFF)
    await review.run()
    switch.set()
    await client.head()
    await review.run()
    assert await closed(client)


async def test_a_public_place_that_is_none_any_more(house: House) -> None:
    house.origin.script = endless
    client = await house.client()
    client.send(get(b"/static/film", b""))
    await client.head()
    review = Review(house.door)
    house.edit(("public = true\n", ""))
    await review.run()
    house.door.ticker.now += TO_END_S + 1
    await review.run()
    assert await closed(client)


async def test_whoever_is_turned_out_is_written_down(house: House) -> None:
    await socket(house)
    house.edit(STAFF)
    await Review(house.door).run()
    (event,) = house.audit.events
    assert (event.event, event.user, event.reason) == ("access.denied", "anna", "group-missing")


async def test_our_own_pages_are_left_alone(house: House) -> None:
    house.pools[""] = house.pools[FORMS_POOL] = Pool(_named(house, ""), house.door.ticker)
    house.origin.script = endless
    client = await house.client()
    client.send(get(b"/.gateway/help", b""))
    await client.head()
    review = Review(house.door)
    house.edit(GONE)
    await review.run()
    house.door.ticker.now += TO_END_S + 1
    await review.run()
    assert len(house.door.clients) == 1
    for connection in list(house.pools[""].connections):
        connection.transport.abort()


async def test_idle_connections_let_go_of_the_old_plan(house: House) -> None:
    client = await house.client()
    house.origin.script = _answering
    assert (await client.ask(get())).status == 200
    plan = house.edit(SHORTER)
    await Review(house.door).run()
    assert [one.plan for one in house.door.clients] == [plan]
    assert (await client.ask(get())).status == 200


async def test_an_upstream_that_changed_is_left_when_its_requests_have_ended(house: House) -> None:
    """The old pool serves who it was promised to, keeps nothing, and takes no further request."""
    go_on = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.head()
        if len(house.origin.visits) == 2:
            await go_on.wait()
        visit.send(OK)
        await visit.to_end()

    house.origin.script = script
    idle, busy = await house.client(), await house.client()
    assert (await idle.ask(get())).status == 200
    old = house.pool
    assert len(old.addresses[0].idle) == 1
    taken = old.addresses[0].idle.pop()  # so that the second request has a connection of its own
    busy.send(get())
    await house.until(lambda: len(house.origin.heads()) == 2)
    old.addresses[0].idle.append(taken)
    new = Pool(old.upstream, house.door.ticker)
    house.edit(pools={"portal": new})
    await house.until(lambda: not old.addresses[0].idle)
    go_on.set()
    assert (await busy.answer()).status == 200
    await house.until(lambda: not old.connections)
    assert (await busy.ask(get())).status == 200
    assert len(new.connections) == 1
    house.pools["portal"] = new


async def _answering(visit: Visit) -> None:
    while await visit.head():
        visit.send(OK)


def _named(house: House, name: str):
    return replace(house.pool.upstream, name=name)
