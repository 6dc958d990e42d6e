"""Figures of one run: processor time of a group of processes, and what wrk says.

Pure but for reading /proc. Processor time survives a noisy machine better than a rate does.
"""

from __future__ import annotations

import os
import re
import statistics
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}
_LATENCY = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", re.MULTILINE)
_REQUESTS = re.compile(r"^\s+(\d+) requests in ([\d.]+)(ms|s|m)", re.MULTILINE)
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_SOCKET = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")


@dataclass(frozen=True)
class Load:
    """What wrk reports. Latencies in microseconds, time in seconds."""

    requests: int
    seconds: float
    p50_us: float
    p99_us: float
    bad: int


@dataclass(frozen=True)
class Round:
    """One round of one peer."""

    load: Load
    processor_s: float

    @property
    def us_per_request(self) -> float:
        """Processor time of the peer's processes a request, in microseconds."""
        return self.processor_s / self.load.requests * 1e6


def parse_wrk(text: str) -> Load:
    """Return what `wrk --latency` printed. Raises ValueError for anything else."""
    found = _REQUESTS.search(text)
    if found is None:
        raise ValueError(f"not an output of wrk: {text[:200]!r}")
    latency = {percent: float(v) * _UNITS[unit] for percent, v, unit in _LATENCY.findall(text)}
    bad = _BAD.search(text)
    errors = _SOCKET.search(text)
    return Load(
        requests=int(found[1]),
        seconds=float(found[2]) * _UNITS[found[3]] / 1e6,
        p50_us=latency.get("50", 0.0),
        p99_us=latency.get("99", 0.0),
        bad=(int(bad[1]) if bad else 0) + (sum(map(int, errors.groups())) if errors else 0),
    )


def parse_stat(text: str) -> tuple[int, int]:
    """Return (parent, user and system ticks) of a line of /proc/PID/stat."""
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), int(fields[11]) + int(fields[12])


def processor_time(root: int) -> float:
    """Return the seconds that a process and its living descendants have used so far."""
    stats: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stats[int(entry.name)] = parse_stat((entry / "stat").read_text())
            except OSError:  # it has just ended
                continue
    wanted = {root}
    grown = True
    while grown:
        more = {pid for pid, (parent, _) in stats.items() if parent in wanted} - wanted
        wanted |= more
        grown = bool(more)
    ticks = sum(stats[pid][1] for pid in wanted if pid in stats)
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Summary:
    """Medians over the rounds of one peer, and the spread of its processor time."""

    name: str
    us_per_request: float
    spread_us: tuple[float, float]
    rate: float
    p50_us: float
    p99_us: float


def summarise(name: str, rounds: list[Round]) -> Summary:
    """Return the medians of a peer's rounds. Raises ValueError when an answer was not 2xx."""
    if bad := sum(one.load.bad for one in rounds):
        raise ValueError(f"{name}: {bad} answers were not 2xx or broke off")
    costs = [one.us_per_request for one in rounds]
    return Summary(
        name=name,
        us_per_request=statistics.median(costs),
        spread_us=(min(costs), max(costs)),
        rate=statistics.median(one.load.requests / one.load.seconds for one in rounds),
        p50_us=statistics.median(one.load.p50_us for one in rounds),
        p99_us=statistics.median(one.load.p99_us for one in rounds),
    )


def ratios(ours: list[Round], theirs: list[Round]) -> list[float]:
    """Return the ratio of processor time a request, round by round: noise hits both alike."""
    pairs = zip(ours, theirs, strict=True)
    return [mine.us_per_request / other.us_per_request for mine, other in pairs]
