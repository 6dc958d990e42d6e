"""gateway/operate/metric_desk.py: any worker answers for all of them."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from gateway.counters import Counters
from gateway.operate import metric_desk
from gateway.operate.metric_board import Board
from gateway.operate.metric_desk import EDIT_S, SILENT_S, Desk, board_for, parents_desk

ALLOWED = ("requests", ("/", "allowed"))
OPEN = ("connections", ("client",))
WORKERS = ("workers", ())


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Worker:
    """A worker with its own counts."""

    def __init__(self, board: Board, place: int, time: Time) -> None:
        self.values = {ALLOWED: 0, OPEN: 0}
        self.digest, self.trouble = "d1", None
        self.desk = Desk(board, place, lambda: (self.digest, self.trouble, self.values), time)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def board() -> Board:
    return board_for(2)


@pytest.fixture
def workers(board: Board, time: Time) -> list[Worker]:
    return [Worker(board, place, time) for place in range(2)]


def test_each_answers_for_all(workers: list[Worker]) -> None:
    one, two = workers
    one.values, two.values = {ALLOWED: 3, OPEN: 1}, {ALLOWED: 4, OPEN: 2}
    two.desk.publish()
    assert one.desk.all_values() == {ALLOWED: 7, OPEN: 3, WORKERS: 2}
    one.values = {ALLOWED: 5, OPEN: 1}
    assert one.desk.all_values()[ALLOWED] == 9, "one's own numbers are those of now"


def test_counts_outlive_a_worker_and_levels_do_not(board, time, workers) -> None:
    one, two = workers
    one.values, two.values = {ALLOWED: 3, OPEN: 1}, {ALLOWED: 4, OPEN: 2}
    two.desk.publish()
    for turn in range(3):
        two = Worker(board, 1, time)
        two.values = {ALLOWED: 10, OPEN: 0}
        two.desk.publish()
        assert one.desk.all_values() == {ALLOWED: 17 + 10 * turn, OPEN: 1, WORKERS: 2}


def test_the_parent_counts_what_ends(board, workers) -> None:
    counters = Counters()
    parent = parents_desk(board, counters)
    counters.count("restarts", "worker 1")
    parent.publish()
    workers[1].desk.publish()
    assert workers[0].desk.all_values()[("restarts", ("worker 1",))] == 1
    assert workers[0].desk.all_values()[WORKERS] == 2


class TestAmiss:
    def test_well(self, workers) -> None:
        workers[1].desk.publish()
        assert workers[0].desk.amiss() is None

    def test_a_worker_that_never_came(self, workers) -> None:
        assert workers[0].desk.amiss() == "worker 1 is not up yet"

    def test_a_worker_that_hangs(self, workers, time) -> None:
        workers[1].desk.publish()
        time.now += SILENT_S
        assert workers[0].desk.amiss() is None
        time.now += 1
        assert workers[0].desk.amiss() == "worker 1 has been silent for 11 s"
        assert workers[0].desk.all_values()[WORKERS] == 1

    def test_a_worker_in_trouble(self, workers) -> None:
        workers[1].trouble = "the audit cannot be written"
        workers[1].desk.publish()
        assert workers[0].desk.amiss() == "worker 1: the audit cannot be written"

    def test_a_worker_with_another_configuration(self, workers, time) -> None:
        one, two = workers
        two.desk.publish()
        assert one.desk.amiss() is None
        one.digest = "d2"
        assert one.desk.amiss() is None, "an edit takes a moment"
        time.now += EDIT_S
        assert one.desk.amiss() == "worker 1 goes by another configuration"
        two.digest = "d2"
        two.desk.publish()
        assert one.desk.amiss() is None


def test_more_than_a_place_takes_is_logged_and_no_crash(workers, monkeypatch, caplog) -> None:
    def full(*_: object) -> None:
        raise ValueError("more metrics than a worker's place takes")

    monkeypatch.setattr(Board, "write", full)
    workers[0].desk.publish()
    assert "more metrics" in caplog.text


@pytest.mark.asyncio
async def test_it_is_put_up_again_and_again(workers, time, monkeypatch) -> None:
    monkeypatch.setattr(metric_desk, "EVERY_S", 0.0)
    one, two = workers
    running = asyncio.get_running_loop().create_task(two.desk.run())
    try:
        async with asyncio.timeout(5):
            while one.desk.all_values()[ALLOWED] == 0:
                two.values = {ALLOWED: 1}
                time.now += 0.5
                await asyncio.sleep(0)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert two.desk.lag_s >= 0
