"""The arithmetic of the bench; timings themselves are never asserted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Load, Round, percentile, ratios, summarise


def round_of(cost_us: float, kib: float = 0.0) -> Round:
    return Round(Load(1000, 2.0, 100.0, 200.0), cost_us / 1000, kib)


def test_medians_and_ratios_are_by_round():
    ours = [round_of(40, 1024), round_of(60, 4096), round_of(50, 2048)]
    theirs = [round_of(20), round_of(20), round_of(25)]
    assert ratios(ours, theirs) == pytest.approx([2.0, 3.0, 2.0])
    summary = summarise("ours", ours)
    assert summary.us_per_request == pytest.approx(50)
    assert summary.spread_us == pytest.approx((40, 60))
    assert (summary.rate, summary.resident_mib) == (500, 2)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_enough_do_not_exceed(values, share):
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    assert sum(value < found for value in values) < share * len(values) + 1e-6
