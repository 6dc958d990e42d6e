"""gateway/counters.py: plain numbers by name and labels."""

from __future__ import annotations

from gateway.counters import LATENCIES_S, Counters


def test_counts_add_up_and_levels_stand() -> None:
    counters = Counters()
    counters.count("a", "x")
    counters.count("a", "x", by=2)
    counters.count("a", "y", by=0)
    counters.put("b", value=7)
    counters.put("b", value=3)
    assert counters.values == {("a", ("x",)): 3, ("a", ("y",)): 0, ("b", ()): 3}


def test_classes_grow() -> None:
    assert list(LATENCIES_S) == sorted(set(LATENCIES_S))
