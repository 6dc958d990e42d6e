"""Figures of rounds, and what becomes of them: medians, spreads, ratios. Pure.

Work is counted in requests, messages or MiB, whatever a part measures.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Load:
    """What a client reports: work done in so many seconds; latencies in microseconds."""

    requests: float
    seconds: float
    p50_us: float
    p99_us: float
    bad: int = 0


@dataclass(frozen=True)
class Round:
    """One round of one peer. `resident_kib` is what its processes held at the end (PSS)."""

    load: Load
    processor_s: float
    resident_kib: float = 0.0

    @property
    def us_per_request(self) -> float:
        """Processor time of the peer's processes a request, in microseconds."""
        return self.processor_s / self.load.requests * 1e6


@dataclass(frozen=True)
class Summary:
    """Medians over the rounds of one peer, and the spread of its processor time."""

    name: str
    us_per_request: float
    spread_us: tuple[float, float]
    rate: float
    p50_us: float
    p99_us: float
    resident_mib: float = 0.0
    more: dict[str, float] = field(default_factory=dict)


def summarise(name: str, rounds: Sequence[Round]) -> Summary:
    """Return the medians of a peer's rounds."""
    costs = [one.us_per_request for one in rounds]
    return Summary(
        name=name,
        us_per_request=statistics.median(costs),
        spread_us=(min(costs), max(costs)),
        rate=statistics.median(one.load.requests / one.load.seconds for one in rounds),
        p50_us=statistics.median(one.load.p50_us for one in rounds),
        p99_us=statistics.median(one.load.p99_us for one in rounds),
        resident_mib=statistics.median(one.resident_kib for one in rounds) / 1024,
    )


def ratios(ours: Sequence[Round], theirs: Sequence[Round]) -> list[float]:
    """Return the ratio of processor time a request, round by round: noise hits both alike."""
    pairs = zip(ours, theirs, strict=True)
    return [mine.us_per_request / other.us_per_request for mine, other in pairs]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
