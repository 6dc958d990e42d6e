"""What the front door counts: plain numbers, added to in passing and put in order once a second.

The hot path pays a look-up, an addition and an append a request, less than half a microsecond: a
counter of a metrics library with several processes costs twenty times that. Names and labels are
given where these are read (`gateway/worker_metrics.py`); a route is counted under its host and path
in gateway.toml, so nobody's request makes up a new label.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from gateway.counters import LATENCIES_S
from policies.routes import PAGES, Route

NOWHERE: Final = ""
"""The label of requests that no route was found for."""


class RouteTally:
    """Requests of one route: `others` by the reason why they were not let through."""

    __slots__ = ("allowed", "others", "reported")

    def __init__(self) -> None:
        self.allowed = 0
        self.others: Counter[str] = Counter()
        self.reported: Counter[str] = Counter()


class UpstreamTally:
    """Answers of one upstream: by status class, and by the time until their head had come.

    `times` takes the seconds of each answer under its status, until `settle` counts them.
    """

    __slots__ = ("answers", "failures", "latencies", "seconds", "times")

    def __init__(self) -> None:
        self.times: defaultdict[int, list[float]] = defaultdict(list)
        self.answers: Counter[str] = Counter()
        self.latencies = [0] * (len(LATENCIES_S) + 1)
        self.seconds = 0.0
        self.failures: Counter[int] = Counter()

    def settle(self) -> None:
        """Count the answers that have come since the last time."""
        for status, times in self.times.items():
            times.sort()  # with the bisections of its classes half the price of one each
            self.answers[f"{status // 100}xx"] += len(times)
            self.seconds += sum(times)
            below = 0
            for place, end in enumerate(LATENCIES_S):
                up_to = bisect_right(times, end)
                self.latencies[place] += up_to - below
                below = up_to
            self.latencies[-1] += len(times) - below
        self.times.clear()

    def failed(self, status: int) -> None:
        """Count a request that had no answer and was told `status` (502, 503, 504)."""
        self.failures[status] += 1


class Tally:
    """All counts of one worker's front door; they outlive every edit of gateway.toml.

    Routes are by their label, requests without one by "", upstreams by name, `refusals` by status.
    """

    __slots__ = ("refusals", "routes", "upstreams")

    def __init__(self) -> None:
        self.routes: dict[str, RouteTally] = {}
        self.expect((PAGES,))
        self.routes[NOWHERE] = RouteTally()
        self.upstreams: defaultdict[str, UpstreamTally] = defaultdict(UpstreamTally)
        self.refusals: Counter[int] = Counter()

    def expect(self, routes: Iterable[Route]) -> None:
        """Have a tally ready for each of these routes, the one they have if they have one."""
        for route in routes:
            self.routes.setdefault(route.label, RouteTally())
