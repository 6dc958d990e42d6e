"""policies/bounces.py: when a loop is one, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.bounces import MOST, WINDOW_S, Cause, Signs, Trail, diagnose, evident

NOW = 1_800_000_000.0
PLAIN = Signs(https=False, asked="one.example.se")
SECURE = replace(PLAIN, https=True)


def walked(*ages: float, target: str = "/hr/") -> Trail:
    trail = Trail()
    for age in sorted(ages, reverse=True):
        trail = trail.sent(target, NOW - age)
    return trail


@pytest.mark.parametrize(
    ("trail", "target", "stops"),
    [
        (Trail(), "/hr/", False),
        (walked(0), "/hr/", False),
        (walked(6, 3), "/hr/", False),
        (walked(9, 6, 3), "/hr/", True),
        (walked(9, 6, 3), "/elsewhere", False),
        (walked(21, 6, 3), "/hr/", False),
        (walked(20, 6, 3), "/hr/", True),
        (walked(40, 20, 6, 3, 0), "/hr/", True),
        (walked(6, 3).sent("/other", NOW), "/hr/", False),
        (walked(-3600, -3599, -3598), "/hr/", True),
    ],
    ids=["new", "one", "two", "three", "elsewhere", "too long ago", "just", "many", "turned away",
         "a clock that ran back"],
)  # fmt: skip
def test_three_bounces_within_the_window_are_a_loop(trail, target, stops) -> None:
    assert trail.is_loop(target, NOW) is stops


@given(st.lists(st.floats(0, 100), max_size=12))
def test_a_loop_is_three_within_the_window_and_the_trail_is_bounded(ages) -> None:
    trail = walked(*ages)
    recent = [age for age in ages if int(NOW) - int(NOW - age) <= WINDOW_S]
    assert trail.is_loop("/hr/", NOW) is (len(recent) >= MOST)
    assert len(trail.times) <= MOST
    assert not trail.ran_back(NOW)


@pytest.mark.parametrize(
    ("signs", "cause"),
    [
        (PLAIN, Cause.COOKIES),
        (replace(PLAIN, sessions=1), Cause.SESSION),
        (replace(PLAIN, sessions=2), Cause.TWO_COOKIES),
        (replace(PLAIN, sessions=2, is_live=True), Cause.TWO_COOKIES),
        (replace(PLAIN, sessions=1, is_live=True), Cause.PASSAGE),
        (replace(PLAIN, sessions=1, clock_ran_back=True), Cause.CLOCK),
        (replace(SECURE, scheme="http", host="one.example.se"), Cause.HTTP),
        (replace(SECURE, scheme="http", host="evil.example"), Cause.COOKIES),
        (replace(SECURE, scheme="https", host="one.example.se"), Cause.COOKIES),
        (replace(PLAIN, scheme="http", host="www.example.se", is_own_page=True), Cause.HOST),
        (replace(PLAIN, scheme="http", host="www.example.se"), Cause.COOKIES),
        (replace(PLAIN, is_own_page=True), Cause.COOKIES),
        (replace(PLAIN, in_foreign_frame=True, sessions=2), Cause.FRAME),
    ],
)
def test_the_most_certain_cause_is_named(signs: Signs, cause: Cause) -> None:
    assert diagnose(signs) is cause
    certain = cause in {Cause.HTTP, Cause.HOST, Cause.FRAME}
    assert evident(signs) is (cause if certain else None)


def test_a_clock_that_ran_back_is_seen() -> None:
    assert walked(-3).ran_back(NOW)
    assert not walked(-2).ran_back(NOW)  # as far as two clocks may differ
    assert not walked(-1, 4).ran_back(NOW)
