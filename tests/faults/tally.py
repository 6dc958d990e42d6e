"""What the visitors saw: one verdict a request, summed up in one row a fault."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

RIGHT, HONEST, CUT, GOODBYE = "right", "honest 5xx", "cut", "goodbye"
WRONG, FORCED, REVOKED = "wrong", "forced log-on", "revoked but served"
BAD = (WRONG, FORCED, REVOKED)
VERDICTS = (RIGHT, HONEST, CUT, GOODBYE, *BAD)
"""`cut`: the connection ended before the answer did, and it showed; `goodbye`: a WebSocket was
closed with 1001."""


@dataclass
class Row:
    """One line of the table. Counts of requests; `recovery_s` None when it was not measured."""

    fault: str
    seconds: float
    counts: dict[str, int]
    recovery_s: float | None
    told: list[str] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return sum(self.counts.values())

    def as_json(self) -> dict:
        return asdict(self) | {"sent": self.sent}


class Tally:
    """Verdicts as they come, from one thread; read from another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._told: list[str] = []
        self._last: dict[str, float] = {}  # kind -> when its last judged request began
        self._forced: dict[str, float] = {}  # kind -> when it last asked and was sent to the logon
        self._kinds: list[str] = []
        self._last_bad = 0.0
        self._slowest_s = 0.0
        self._dim: set[int] = set()  # tenths of a second in which an honest 5xx came
        self._rights: dict[str, float] = {}  # kind -> when the last right answer's request began

    def expect(self, kinds: list[str]) -> None:
        """Say which kinds of visitors there are."""
        self._kinds = kinds

    def note(self, kind: str, verdict: str, begun: float, why: str = "") -> None:
        """Take one verdict on a request that began at `begun` (monotonic)."""
        with self._lock:
            self._counts[verdict] += 1
            self._slowest_s = max(self._slowest_s, time.monotonic() - begun)
            if verdict == RIGHT:
                self._rights[kind] = begun
            elif verdict != GOODBYE:
                self._last_bad = time.monotonic()
            if verdict == HONEST:
                self._dim.add(int(time.monotonic() * 10))
            if verdict == FORCED:
                self._forced[kind] = begun
            if verdict in BAD:
                self._told.append(f"{kind}: {verdict}: {why}"[:400])
            self._last[kind] = begun

    def counts(self) -> Counter[str]:
        with self._lock:
            return Counter(self._counts)

    def told(self) -> list[str]:
        with self._lock:
            return list(self._told)

    def is_served(self, since: float) -> bool:
        """Whether every kind of visitor has had a right answer to what it asked after `since`."""
        with self._lock:
            return all(self._rights.get(kind, 0.0) > since for kind in self._kinds)

    def has_asked(self, since: float, kinds: tuple[str, ...]) -> bool:
        """Whether each of these kinds has had a verdict on what it asked after `since`."""
        with self._lock:
            return all(self._last.get(kind, 0.0) > since for kind in kinds)

    def are_forced(self, since: float, kinds: tuple[str, ...]) -> bool:
        """Whether each of these kinds was sent to the logon by what it asked after `since`."""
        with self._lock:
            return all(self._forced.get(kind, 0.0) > since for kind in kinds)

    def dim_s(self) -> float:
        """Return for how many seconds so far, counted in tenths, honest 5xx came."""
        with self._lock:
            return len(self._dim) / 10

    def take_slowest(self) -> float:
        """Return how many seconds the slowest visit took since this was asked last."""
        with self._lock:
            slowest, self._slowest_s = self._slowest_s, 0.0
            return slowest

    def recovered_after(self, lifted: float) -> float:
        """Return the seconds from `lifted` to the last answer that was not right."""
        with self._lock:
            return max(0.0, self._last_bad - lifted)


def table(rows: list[Row]) -> str:
    """Return the rows as text, in Markdown."""
    names = ["fault", "held", "sent", "right", "honest 5xx", "cut", "1001", "wrong", "forced",
             "revoked", "recovery"]  # fmt: skip
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for row in rows:
        cells = [row.fault, f"{row.seconds:.0f} s", row.sent]
        cells += [row.counts.get(verdict, 0) for verdict in VERDICTS]
        cells.append("–" if row.recovery_s is None else f"{row.recovery_s:.1f} s")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"
