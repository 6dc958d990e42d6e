"""Counts of what happens seldom: a name, labels and a number.

Neutral ground between those who count (an edit of gateway.toml, the audit, the supervisor) and
those who show (`gateway/operate`); what the names mean stands in `metric_families.py` there. For
what happens with every request there is `gateway/proxy/tally.py`. Imports nothing of the house.
"""

from __future__ import annotations

from typing import Final

Key = tuple[str, tuple[str, ...]]
"""The name of a metric, and the values of its labels in their order."""

LATENCIES_S: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip
"""Upper ends of the classes of a histogram, in seconds; the last class, above them, has none."""

Number = float | list[float]
"""A count or a level; a list for a histogram: the count of each class, then the sum."""


class Counters:
    """Plain numbers by name and labels. Label values must be few: never what a client sent."""

    def __init__(self) -> None:
        self.values: Final[dict[Key, Number]] = {}

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a count."""
        key = (name, labels)
        before = self.values.get(key, 0)
        self.values[key] = (before if isinstance(before, int | float) else 0) + by

    def put(self, name: str, *labels: str, value: float) -> None:
        """Set a level."""
        self.values[(name, labels)] = value
