"""policies/sessions.py: idle and absolute lifetime."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.sessions import Life, expires_at, judge, store_lifetime, touch_interval

IDLE = 1800.0
ABSOLUTE = 36000.0
seconds = st.floats(0, 100_000, allow_nan=False)


@pytest.mark.parametrize(
    ("seen", "now", "life"),
    [
        pytest.param(0, 0, Life.LIVE, id="just opened"),
        pytest.param(0, 1799.999, Life.LIVE, id="last moment of idle"),
        pytest.param(0, 1800, Life.IDLE, id="idle is exclusive"),
        pytest.param(35999, 35999.5, Life.LIVE, id="used to the end"),
        pytest.param(35999, 36000, Life.EXPIRED, id="no use extends the absolute end"),
        pytest.param(0, 99999, Life.EXPIRED, id="both: the absolute end is named"),
        pytest.param(50, 40, Life.LIVE, id="a clock that went back"),
    ],
)
def test_judge(seen: float, now: float, life: Life) -> None:
    assert judge(0, seen, now, IDLE, ABSOLUTE) is life


@given(created=seconds, seen=seconds, now=seconds)
def test_expires_at_says_when_judge_changes_its_mind(
    created: float, seen: float, now: float
) -> None:
    end = expires_at(created, seen, IDLE, ABSOLUTE)
    assert (judge(created, seen, now, IDLE, ABSOLUTE) is Life.LIVE) == (now < end)


@given(created=seconds, seen=seconds, now=seconds, slack=seconds)
def test_the_store_never_keeps_beyond_the_absolute_end(
    created: float, seen: float, now: float, slack: float
) -> None:
    end = expires_at(created, seen, IDLE, ABSOLUTE)
    kept = store_lifetime(end, now, slack, created + ABSOLUTE)
    assert kept >= 0
    assert kept == 0 or now + kept <= created + ABSOLUTE + 1e-6
    assert kept == 0 or now + kept >= end - 1e-6


@pytest.mark.parametrize(("idle", "interval"), [(1800, 60), (60, 6), (10, 1), (86400, 60)])
def test_touch_interval(idle: float, interval: float) -> None:
    assert touch_interval(idle) == interval
