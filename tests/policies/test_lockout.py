"""policies/lockout.py: failures in a window, locks of growing length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.lockout import Rule, State, fail, keep_s, locked_until, take_back

RULE = Rule(count=5, period_s=300, locks_s=(60, 300, 900))


def after(*times: float, rule: Rule = RULE) -> State:
    state = State()
    for at in times:
        if locked_until([state], at) is None:
            state = fail(rule, state, at)
    return state


def until(*times: float) -> float | None:
    return locked_until([after(*times)], times[-1])


def test_four_failures_are_forgiven_the_fifth_locks() -> None:
    assert until(1000, 1001, 1002, 1003) is None
    assert until(1000, 1001, 1002, 1003, 1004) == 1064


def test_who_has_failed_nowhere_is_not_locked() -> None:
    assert locked_until([], 0.5) is None
    assert locked_until([State(), State((0.0,), 0.0)], 0.5) is None


def test_the_window_slides() -> None:
    assert until(1000, 1001, 1002, 1003, 1301) is None
    assert until(1000, 1100, 1200, 1250, 1299) == 1359


def test_locks_grow_and_the_last_length_stays() -> None:
    full = after(1000, 1000, 1000, 1000, 1000)
    assert full.locked_until == 1060
    second = fail(RULE, full, 1060)
    assert second.locked_until == 1360
    third = fail(RULE, State((*[1360.0] * 5,), 1360, 1060, 2), 1360)
    assert third.locked_until == 1360 + 900
    fourth = fail(RULE, State((*[2260.0] * 5,), 2260, 1360, 3), 2260)
    assert fourth.locked_until == 2260 + 900


def test_after_a_long_quiet_time_locks_are_short_again() -> None:
    state = after(1000, 1000, 1000, 1000, 1000)
    later = state.locked_until + RULE.forget_s
    again = State(state.failures, state.locked_until, state.filled_at, state.level)
    for step in range(5):
        again = fail(RULE, again, later + step)
    assert again.locked_until == later + 4 + 60


def test_a_right_try_that_filled_the_window_unlocks() -> None:
    state = after(1000, 1001, 1002, 1003, 1004)
    assert take_back(RULE, state, 1004) == State((1000, 1001, 1002, 1003), 0.0, 0.0, 0)


def test_a_right_try_after_a_lock_does_not_lock_again() -> None:
    state = after(1000, 1000, 1000, 1000, 1000, 1060)
    assert locked_until([state], 1061) == 1360
    assert locked_until([take_back(RULE, state, 1060)], 1061) is None


def test_a_right_try_does_not_undo_the_lock_of_others() -> None:
    six = State((1000, 1001, 1002, 1003, 1004, 1005), 1365, 1005, 2)
    assert take_back(RULE, six, 1001).locked_until == 1365
    assert take_back(RULE, six, 42) == six


BUDGET = Rule(count=3, period_s=300, locks_s=())


def test_a_budget_waits_until_the_window_has_room() -> None:
    state = after(1000, 1100, 1200, rule=BUDGET)
    assert locked_until([state], 1200) == 1300
    assert locked_until([state], 1300) is None
    state = fail(BUDGET, state, 1300)
    assert locked_until([state], 1300) == 1400
    assert locked_until([take_back(BUDGET, state, 1300)], 1300) is None
    assert keep_s(BUDGET, state, 1300) == 400


times = st.lists(st.floats(0, 2000).map(lambda value: round(value, 3)), max_size=30).map(sorted)


@given(times, st.floats(0, 4000))
def test_more_failures_never_unlock(failures: list[float], extra: float) -> None:
    state = after(*failures)
    now = max([*failures, extra])
    before = locked_until([state], now)
    if before is None:
        state = fail(RULE, state, now)
    assert (locked_until([state], now) or 0) >= (before or 0)


@given(times)
def test_time_alone_unlocks(failures: list[float]) -> None:
    state = after(*failures)
    assert locked_until([state], max([0, *failures]) + max(RULE.locks_s)) is None


@given(times)
def test_a_state_that_is_no_longer_kept_means_nothing(failures: list[float]) -> None:
    now = max([0, *failures])
    state = after(*failures)
    gone = now + keep_s(RULE, state, now) + 0.001  # the sum is rounded
    assert fail(RULE, state, gone) == State((gone,), state.locked_until, state.filled_at, 0)


@given(times)
def test_at_most_count_tries_pass_in_any_window_before_the_first_lock(
    failures: list[float],
) -> None:
    state, judged = State(), []
    for at in failures:
        if locked_until([state], at) is None:
            state = fail(RULE, state, at)
            judged.append(at)
        if state.level:
            break
    assert all(
        sum(start <= at < start + RULE.period_s for at in judged) <= RULE.count for start in judged
    )


@given(times)
def test_a_budget_is_never_exceeded_in_any_window_and_time_gives_room(spent: list[float]) -> None:
    state, judged = State(), []
    for at in spent:
        if locked_until([state], at) is None:
            state = fail(BUDGET, state, at)
            judged.append(at)
        else:
            inside = [one for one in judged if at - BUDGET.period_s < one]
            assert len(inside) == BUDGET.count, "nobody waits without need"
    assert all(
        sum(start <= at < start + BUDGET.period_s for at in judged) <= BUDGET.count
        for start in judged
    )


TAKEN_BACK = [  # the state, the try that was right, and what is left
    (State((1, 2, 3), 0.0, 0.0, 1), 2, State((1, 3), 0.0, 0.0, 1)),
    (State((1, 2, 3), 3.0, 2.0, 2), 3, State((1, 2), 3.0, 2.0, 2)),  # its lock ended at that moment
    (State((1, 2, 3, 4, 5, 6), 99.0, 6.0, 3), 1, State((2, 3, 4, 5, 6), 99.0, 6.0, 3)),
    (State((1, 2, 3, 4, 5, 6), 99.0, 6.0, 3), 6, State((1, 2, 3, 4, 5), 0.0, 0.0, 2)),
    (State((1, 2, 3, 4, 5), 99.0, 5.0, 3), 1, State((2, 3, 4, 5), 0.0, 0.0, 2)),
    (State((1, 2, 3, 4, 5), 99.0, 5.0, 0), 5, State((1, 2, 3, 4), 0.0, 0.0, 0)),
]


@pytest.mark.parametrize(("state", "at", "left"), TAKEN_BACK)
def test_what_a_right_try_leaves(state: State, at: float, left: State) -> None:
    assert take_back(RULE, state, at) == left


FAILED = [  # the rule, the state, when, and the state after one more failure
    (
        RULE,
        State((700,), 5.0, 4.0, 2),
        1000,
        State((1000,), 5.0, 4.0, 0),
    ),  # the window's edge is out
    (RULE, State((701,), 600.0, 4.0, 2), 1000, State((701, 1000), 600.0, 4.0, 2)),
    (RULE, State((), 100.0, 4.0, 2), 1000, State((1000,), 100.0, 4.0, 0)),  # forgotten just now
    (RULE, State((), 100.0, 4.0, 2), 999, State((999,), 100.0, 4.0, 2)),
    (RULE, State((1, 2, 3, 4), 0.0, 0.0, 1), 5, State((1, 2, 3, 4, 5), 305, 5, 2)),
    (BUDGET, State((1, 2), 9.0, 8.0, 1), 10, State((1, 2, 10), 301, 10, 1)),
]


@pytest.mark.parametrize(("rule", "state", "now", "after"), FAILED)
def test_what_one_more_failure_makes(rule: Rule, state: State, now: float, after: State) -> None:
    assert fail(rule, state, now) == after
