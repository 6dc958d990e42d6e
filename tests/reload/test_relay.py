"""The parent's part: everybody gets the newest, whoever comes later too."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from gateway.reload import handover
from gateway.reload.look import Running
from gateway.reload.relay import Relay
from tests.settings.samples import SMALL, read


@pytest.fixture
def first(tmp_path) -> Running:
    return Running.started(read(tmp_path, SMALL), 0.0)


@pytest.fixture
def relay(first):
    made = Relay(first, 2)
    yield made
    made.close()


def numbered(first: Running, number: int) -> Running:
    return Running(first.settings, replace(first.status, number=number))


def keep(relay: Relay, running: Running) -> None:
    """Tell the parent as the keeper does."""
    descriptor = handover.write(running)
    assert handover.send(relay.keeper_end, descriptor)
    os.close(descriptor)


def heard(end) -> int | None:
    """Return the number of the newest configuration that a worker was told of."""
    descriptor = handover.newest(end)
    if descriptor is None:
        return None
    number = handover.status_of(handover.content(descriptor)).number
    os.close(descriptor)
    return number


def newest(relay: Relay) -> int:
    return handover.status_of(handover.content(relay.newest)).number


def test_a_worker_that_starts_reads_what_is_in_force(first, relay):
    assert newest(relay) == 0
    relay.pass_on()
    assert [heard(end) for end in relay.worker_ends] == [None, None]


def test_everybody_is_told(first, relay):
    keep(relay, numbered(first, 1))
    keep(relay, numbered(first, 2))
    relay.pass_on()
    assert [heard(end) for end in relay.worker_ends] == [2, 2]
    assert newest(relay) == 2
    relay.pass_on()
    assert [heard(end) for end in relay.worker_ends] == [None, None], "once"


def test_who_is_too_busy_is_told_later_and_holds_nobody_up(first, relay):
    busy, free = relay.worker_ends
    for number in range(1, 1000):
        keep(relay, numbered(first, number))
        relay.pass_on()
        assert heard(free) == number
    heard(busy)
    relay.pass_on()
    assert heard(busy) == 999
    assert newest(relay) == 999
