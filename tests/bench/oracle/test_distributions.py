"""The arithmetic of the oracle; the U test itself is scipy's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.oracle.distributions import Comparison, holm


def test_holm_steps_down():
    """The example of Holm's paper in numbers: the smallest times 4, then 3, never falling."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=30))
def test_a_corrected_value_is_never_smaller_and_the_order_stays(values: list[float]) -> None:
    corrected = holm(values)
    assert all(given <= after <= 1 for given, after in zip(values, corrected, strict=True))
    ranks = sorted(range(len(values)), key=values.__getitem__)
    assert [corrected[index] for index in ranks] == sorted(corrected)


@pytest.mark.parametrize(
    ("auc", "p", "told"),
    [
        (0.64, 1e-6, True),
        (0.36, 1e-6, True),
        (0.54, 1e-6, False),  # there, and of no use
        (0.64, 0.02, False),  # may be chance
        (0.50, 1.0, False),
    ],
)
def test_a_difference_counts_when_it_is_there_and_can_be_used(auc, p, told):
    one = Comparison("reset", "a", "b", (1.0, 1.0), auc, p, p)
    assert one.told_apart is told
