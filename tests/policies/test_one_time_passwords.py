"""policies/one_time_passwords.py: what was typed, and when a code may be sent again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.one_time_passwords import (
    NoMore,
    Send,
    Sending,
    Wait,
    is_over,
    may_resend,
    normalise,
)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456\n", "123456"),
        ("123-456", "123456"),
        ("123\u2013456", "123456"),
        ("\u00a0123\u202f456\u200b", "123456"),
        ("１２３４５６", "123456"),
        ("٠١٢٣٤٥", "012345"),
        ("000000", "000000"),
        ("", ""),
        ("12345a", ""),
        ("½23456", ""),
        ("²23456", ""),
        ("0x1234", ""),
        ("1e3", ""),
        ("+12345", ""),
        ("123456\0", ""),
        ("1" * 64, "1" * 64),
        ("1" * 65, ""),
    ],
)
def test_normalise(typed: str, code: str) -> None:
    assert normalise(typed) == code


@given(st.text())
def test_normalise_gives_ascii_digits_or_nothing_and_twice_is_once(typed: str) -> None:
    code = normalise(typed)
    assert code == "" or (code.isascii() and code.isdigit())
    assert normalise(code) == code


@pytest.mark.parametrize(
    ("sending", "now", "answer"),
    [
        pytest.param(Sending(0, 0, False), 0, Send(), id="the first was never sent"),
        pytest.param(Sending(1, 100, False), 100, Wait(30), id="at once"),
        pytest.param(Sending(1, 100, False), 129.5, Wait(0.5), id="almost"),
        pytest.param(Sending(1, 100, False), 130, Send(), id="after the wait"),
        pytest.param(Sending(1, 100, True), 100, Send(), id="a failed one need not wait"),
        pytest.param(Sending(3, 100, False), 200, Send(), id="third resend"),
        pytest.param(Sending(4, 100, False), 200, NoMore(), id="fourth resend"),
        pytest.param(Sending(4, 100, True), 200, NoMore(), id="failed ones count"),
        pytest.param(Sending(1, 500, False), 100, Wait(30), id="a clock that went back"),
    ],
)
def test_may_resend(sending: Sending, now: float, answer: object) -> None:
    assert may_resend(sending, now, 30, 3) == answer


@given(
    sends=st.integers(0, 10), at=st.floats(0, 1000), now=st.floats(0, 1000), failed=st.booleans()
)
def test_a_wait_always_ends_in_a_send(sends: int, at: float, now: float, failed: bool) -> None:
    answer = may_resend(Sending(sends, at, failed), now, 30, 3)
    assert (answer == NoMore()) == (sends > 3)
    if isinstance(answer, Wait):
        assert 0 < answer.seconds <= 30
        assert may_resend(Sending(sends, at, failed), max(now, at) + 30.001, 30, 3) == Send()


def test_a_challenge_is_over_at_its_very_end() -> None:
    assert not is_over(10.0, 9.999)
    assert is_over(10.0, 10.0)
