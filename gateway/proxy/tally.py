"""What the front door counts: plain numbers, added to in passing and read once a second.

The hot path pays one look-up, two additions and a bisection a request, about half a microsecond:
a counter of a metrics library with several processes costs ten times that. Names and labels are
given where these are read (`gateway/worker_metrics.py`); a route is counted under its host and path
in gateway.toml, so nobody's request makes up a new label.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import Final

from gateway.counters import LATENCIES_S

_STATUS_CLASSES: Final = 10


class RouteTally:
    """Requests of one route: `others` by the reason why they were not let through."""

    __slots__ = ("allowed", "others", "reported")

    def __init__(self) -> None:
        self.allowed = 0
        self.others: Counter[str] = Counter()
        self.reported: Counter[str] = Counter()


class UpstreamTally:
    """Answers of one upstream: by status class, and by the time until their head had come."""

    __slots__ = ("answers", "failures", "latencies", "seconds")

    def __init__(self) -> None:
        self.answers = [0] * _STATUS_CLASSES
        self.latencies = [0] * (len(LATENCIES_S) + 1)
        self.seconds = 0.0
        self.failures: Counter[int] = Counter()

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer whose head came `seconds` after the request's had left."""
        self.answers[status // 100 % _STATUS_CLASSES] += 1
        self.latencies[bisect_left(LATENCIES_S, seconds)] += 1
        self.seconds += seconds

    def failed(self, status: int) -> None:
        """Count a request that had no answer and was told `status` (502, 503, 504)."""
        self.failures[status] += 1


class Tally:
    """All counts of one worker's front door; they outlive every edit of gateway.toml.

    Routes are by their label, requests without one by "", upstreams by name, `refusals` by status.
    """

    __slots__ = ("refusals", "routes", "upstreams")

    def __init__(self) -> None:
        self.routes: defaultdict[str, RouteTally] = defaultdict(RouteTally)
        self.upstreams: defaultdict[str, UpstreamTally] = defaultdict(UpstreamTally)
        self.refusals: Counter[int] = Counter()
