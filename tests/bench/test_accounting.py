"""Whose processor time counts, and how it is read."""

from __future__ import annotations

import os
import subprocess
import sys

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
    # A process of its own: what ends meanwhile below this one would be missed.
    burn = "import time\ninput()\nend = time.process_time() + 0.004\n"
    burn += "while time.process_time() < end: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with Meter((child.pid,)) as meter:
            child.stdin.write(b"\n")
            child.stdin.flush()
            child.stdout.readline()
        child.communicate(b"\n")
    assert meter.seconds >= 0.002


def test_memory_is_read_and_shared_pages_are_shared_out():
    pids = list(family((os.getpid(),)))
    assert 1000 < proportional_kib(pids) <= resident_kib(pids)
    assert resident_kib([2**22 + 1]) == 0
