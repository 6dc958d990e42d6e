"""gateway/sms/breaker.py: three failures in a row, then pauses that double; one probe a pause."""

from gateway.sms.breaker import FAILURES, FIRST_PAUSE_S, LONGEST_PAUSE_S, Breaker


def tripped(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    assert [breaker.failed(now) for _ in range(FAILURES)] == [False, False, True]
    return breaker


def test_failures_in_a_row_begin_a_pause():
    breaker = tripped()
    assert not breaker.lets(1.0)
    assert not breaker.lets(FIRST_PAUSE_S - 0.1)


def test_a_success_between_failures_starts_the_count_anew():
    breaker = Breaker()
    for _ in range(10):
        assert not breaker.failed(0.0)
        assert not breaker.failed(0.0)
        assert not breaker.worked()
    assert breaker.lets(0.0)


def test_one_probe_a_pause_and_a_longer_pause_after_it():
    breaker, now, pauses = tripped(), 0.0, []
    for _ in range(9):
        pauses.append(breaker.pause_s)
        now += breaker.pause_s
        assert [breaker.lets(now), breaker.lets(now)] == [True, False]
        assert breaker.failed(now)
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert max(pauses) == LONGEST_PAUSE_S


def test_messages_that_were_under_way_lengthen_nothing():
    breaker = tripped()
    assert not any(breaker.failed(1.0) for _ in range(50))
    assert breaker.pause_s == FIRST_PAUSE_S


def test_a_probe_that_works_ends_it():
    breaker = tripped()
    assert breaker.lets(FIRST_PAUSE_S)
    assert breaker.worked()
    assert breaker.lets(FIRST_PAUSE_S)
    assert not breaker.failed(FIRST_PAUSE_S)


def test_a_probe_that_is_never_heard_of_is_followed_by_the_next():
    breaker = tripped()
    assert breaker.lets(FIRST_PAUSE_S)
    assert breaker.lets(2 * FIRST_PAUSE_S)


def test_a_clock_set_back_lengthens_nothing():
    assert tripped(now=1e9).lets(0.0)
