"""What a group of processes has used: processor time to the microsecond, and resident memory.

Linux only. /proc/PID/stat counts in ticks of 10 ms, schedstat in nanoseconds but without threads
that have ended: the larger of the two is nearer to the truth, and never above it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_RSS = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)
_NOT_OURS = frozenset({"redis-server"})
"""A store is a neighbour of the proxy, also where the proxy has started it."""


@dataclass(frozen=True)
class Stat:
    """A line of /proc/PID/stat: the name of the program, its parent, its processor time."""

    name: str
    parent: int
    ticks: int


def parse_stat(text: str) -> Stat:
    """Read a line of /proc/PID/stat; the name may hold anything."""
    front, _, rest = text.rpartition(")")
    fields = rest.split()
    return Stat(front.partition("(")[2], int(fields[1]), int(fields[11]) + int(fields[12]))


def family(roots: Iterable[int]) -> dict[int, Stat]:
    """Return the living processes that descend from `roots`, these included, without stores."""
    stats: dict[int, Stat] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has just ended
                stats[int(entry.name)] = parse_stat((entry / "stat").read_text())
    return descendants(roots, stats)


def descendants(roots: Iterable[int], stats: dict[int, Stat]) -> dict[int, Stat]:
    """Return those of `stats` that descend from `roots`, these included, without stores."""
    wanted = set(roots)
    grown = True
    while grown:
        more = {pid for pid, one in stats.items() if one.parent in wanted} - wanted
        wanted |= more
        grown = bool(more)
    return {pid: stats[pid] for pid in wanted if pid in stats and stats[pid].name not in _NOT_OURS}


def processor_time(roots: Iterable[int]) -> float:
    """Return the seconds that processes and their living descendants have used so far."""
    tick = 1 / os.sysconf("SC_CLK_TCK")
    return sum(max(one.ticks * tick, scheduled(pid)) for pid, one in family(roots).items())


def scheduled(pid: int) -> float:
    """Return the seconds that the living threads of one process have used so far."""
    total = 0
    with contextlib.suppress(OSError):
        for thread in (_PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError):
                total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def resident_kib(pids: Iterable[int]) -> float:
    """Return the resident memory of processes; pages that they share count for each of them."""
    return _summed(pids, "status", _RSS)


def proportional_kib(pids: Iterable[int]) -> float:
    """Return the memory of processes where shared pages are shared out among their users."""
    return _summed(pids, "smaps_rollup", _PSS)


def _summed(pids: Iterable[int], file: str, wanted: re.Pattern[str]) -> float:
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            found = wanted.search((_PROC / str(pid) / file).read_text())
            total += int(found[1]) if found else 0
    return float(total)


class Meter:
    """Processor time of processes within a `with` block; `seconds` afterwards."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = tuple(roots)
        self.seconds = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        self._before = processor_time(self._roots)
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.seconds = processor_time(self._roots) - self._before
