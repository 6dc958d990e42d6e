"""Whose processor time counts, and how it is read."""

from __future__ import annotations

import os
import time

from bench.accounting import (
    Meter,
    Stat,
    descendants,
    family,
    parse_stat,
    proportional_kib,
    resident_kib,
)


def test_a_stat_line_with_a_hostile_name_is_read():
    fields = ["S", "7", *["0"] * 9, "120", "30", *["0"] * 30]
    assert parse_stat("12 (a) b) " + " ".join(fields)) == Stat("a) b", 7, 150)


def test_a_family_is_all_that_descends_but_a_store():
    stats = {
        1: Stat("init", 0, 1),
        5: Stat("portvakt", 1, 1),
        6: Stat("worker", 5, 1),
        7: Stat("redis-server", 5, 1),
        8: Stat("deeper", 6, 1),
        9: Stat("nginx", 1, 1),
    }
    assert set(descendants((5,), stats)) == {5, 6, 8}
    assert set(descendants((6, 9), stats)) == {6, 8, 9}
    assert descendants((4,), stats) == {}


def test_a_meter_sees_less_than_a_tick():
    with Meter((os.getpid(),)) as meter:
        end = time.thread_time() + 0.003
        while time.thread_time() < end:
            pass
    assert meter.seconds >= 0.002


def test_memory_is_read_and_shared_pages_are_shared_out():
    pids = list(family((os.getpid(),)))
    assert 1000 < proportional_kib(pids) <= resident_kib(pids)
    assert resident_kib([2**22 + 1]) == 0
