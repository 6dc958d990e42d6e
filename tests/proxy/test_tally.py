"""gateway/proxy/tally.py: each answer in one class, and what the front door counts of a request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.counters import LATENCIES_S
from gateway.proxy.tally import Tally, UpstreamTally
from policies.routes import Route
from tests.proxy.house import COOKIE, House, get, saying


@given(st.floats(0, 1000), st.integers(100, 999))
def test_an_answer_is_in_the_one_class_that_holds_it(seconds: float, status: int) -> None:
    tally = UpstreamTally()
    tally.times[status].append(seconds)
    tally.settle()
    assert sum(tally.latencies) == 1
    assert tally.answers == {f"{status // 100}xx": 1}
    place = tally.latencies.index(1)
    assert place == len(LATENCIES_S) or seconds <= LATENCIES_S[place]
    assert place == 0 or seconds > LATENCIES_S[place - 1]
    assert tally.seconds == seconds


@given(st.lists(st.tuples(st.sampled_from([200, 204, 404]), st.floats(0, 100)), max_size=30))
def test_many_at_once_are_counted_as_one_by_one(answers: list[tuple[int, float]]) -> None:
    at_once, singly = UpstreamTally(), UpstreamTally()
    for status, seconds in answers:
        at_once.times[status].append(seconds)
        singly.times[status].append(seconds)
        singly.settle()
    at_once.settle()
    at_once.settle()
    assert at_once.latencies == singly.latencies
    assert at_once.answers == singly.answers
    assert at_once.seconds == pytest.approx(singly.seconds)


def test_an_edit_keeps_what_was_counted() -> None:
    tally = Tally()
    tally.expect([Route("/hr", "portal"), Route("/", "portal", host="x.example.se")])
    tally.routes["/hr"].allowed += 1
    tally.expect([Route("/hr", "other"), Route("/new", "portal")])
    assert tally.routes["/hr"].allowed == 1
    assert set(tally.routes) == {"/hr", "/new", "x.example.se/", "/.gateway/", ""}


def counted(house: House, label: str) -> dict[str, int]:
    route = house.door.plan.tally.routes[label]
    return {"allowed": route.allowed, **route.others}


@pytest.mark.asyncio
async def test_requests_by_route_and_outcome(house: House) -> None:
    client = await house.client()
    asked = [
        (b"/", COOKIE), (b"/news?x=1", COOKIE), (b"/news", b""), (b"/hr/pay", COOKIE),
        (b"/static/a", b""), (b"/%2e%2e/x", COOKIE),
    ]  # fmt: skip
    for target, cookie in asked:
        client.send(get(target, cookie))
        await client.answer()
    assert counted(house, "/") == {"allowed": 2, "no-session": 1}
    assert counted(house, "/hr/") == {"allowed": 0, "group-missing": 1}
    assert counted(house, "/static/") == {"allowed": 1}
    assert counted(house, "") == {"allowed": 0, "ambiguous-path": 1}
    assert set(house.door.plan.tally.routes) == {"/", "/hr/", "/static/", "/.gateway/", ""}
    assert house.door.plan.tally.refusals == {400: 1}


@pytest.mark.asyncio
async def test_what_is_no_request_is_counted_by_status(house: House) -> None:
    for bad in (b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n"):
        client = await house.client()
        client.send(bad)
        await client.answer()
    assert house.door.plan.tally.refusals == {400: 2}


@pytest.mark.asyncio
async def test_answers_of_an_upstream_by_status_and_time(house: House) -> None:
    short = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n"
    interim = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    house.origin.script = saying(interim + short % 200, short % 404, short % 503)
    client = await house.client()
    for status in (103, 404, 503):
        client.send(get())
        assert (await client.answer()).status == status
        if status == 103:
            assert (await client.answer()).status == 200
    tally = house.pool.tally
    tally.settle()
    assert tally.answers == {"2xx": 1, "4xx": 1, "5xx": 1}
    assert sum(tally.latencies) == 3
    assert 0 < tally.seconds < 60
    assert not tally.failures


@pytest.mark.asyncio
async def test_requests_without_an_answer(house: House) -> None:
    house.origin.script = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", close=True)
    client = await house.client()
    client.send(get())
    await house.until(lambda: house.pool.tally.failures == {502: 1})
    house.origin.script = saying(b"no http\r\n\r\n")
    client = await house.client()
    client.send(get())
    assert (await client.answer()).status == 502
    assert house.pool.tally.failures == {502: 2}
    assert house.door.plan.tally.refusals == {502: 1}
