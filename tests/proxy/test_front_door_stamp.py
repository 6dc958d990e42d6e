"""X-Portvakt-Config: which configuration judged a request, for those who may ask."""

from __future__ import annotations

import pytest

from tests.proxy.house import COOKIE, OK, House, Visit, get
from tests.proxy.test_front_door_upgrades import SOCKET, tunnel

pytestmark = pytest.mark.asyncio

FIELD = b"x-portvakt-config"
ASKED = b"X-Portvakt-Config: ?\r\n"
URL = 'public_url = "http://localhost:8080"\n'
NEAR = (
    URL,
    URL
    + 'networks = { corporate = [], near = ["127.0.0.1/32"] }\ndebug = { networks = ["near"] }\n',
)
FAR = (NEAR[0], NEAR[1].replace("127.0.0.1", "192.0.2.1"))


async def answering(visit: Visit) -> None:
    while await visit.head():
        visit.send(OK)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (get(extra=COOKIE + ASKED), 200),
        (get(extra=ASKED), 401),
        (get(b"/hr/", COOKIE + ASKED), 403),
        (get(b"/a/..%2fb", COOKIE + ASKED), 400),
        (get(extra=ASKED + b"Content-Length: 99999999999999\r\n"), 413),
    ],
)
async def test_every_answer_tells(house: House, asked: bytes, status: int) -> None:
    house.origin.script = answering
    plan = house.edit(NEAR)
    answer = await (await house.client()).ask(asked)
    assert answer.status == status
    assert answer.all(FIELD) == [plan.snapshot.digest.encode()]


async def test_a_socket_tells_when_it_opens(house: House) -> None:
    house.origin.script = tunnel
    plan = house.edit(NEAR)
    client = await house.client()
    client.send(get(extra=SOCKET + ASKED))
    head = await client.head()
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nX-Portvakt-Config: %b\r\n" % plan.snapshot.digest.encode() in head


async def test_each_answer_tells_its_own(house: House) -> None:
    house.origin.script = answering
    client = await house.client()
    for comment in ("# one\n", "# two\n"):
        plan = house.edit((NEAR[0], NEAR[1] + comment))
        answer = await client.ask(get(extra=COOKIE + ASKED))
        assert answer.field(FIELD) == plan.snapshot.digest.encode()
        assert (await client.ask(get())).field(FIELD) is None, "asked once, told once"


@pytest.mark.parametrize("change", [(), (FAR,)], ids=["nobody may", "others may"])
async def test_whoever_may_not_ask_is_told_nothing(house: House, change) -> None:
    house.origin.script = answering
    house.edit(*change)
    client = await house.client()
    for asked in (get(extra=COOKIE + ASKED), get(extra=ASKED), get(b"/hr/", COOKIE + ASKED)):
        assert (await client.ask(asked)).field(FIELD) is None
