"""gateway/auth/known_browsers.py: only we can say that somebody has logged on in a browser."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.known_browsers import LIFETIME, MOST, known_browser, with_logon
from gateway.auth.sealing import Sealer
from tests.fakes import FakeEntropy

NOW = 1_790_000_000.0
SEALER = Sealer(b"0" * 32, FakeEntropy())
OTHER = Sealer(b"1" * 32, FakeEntropy())
SIGNS = string.ascii_letters + string.digits + "._~-"


def after(*users: str, cookie: str = "") -> str:
    for user in users:
        cookie = with_logon(cookie, user, SEALER, NOW)
    return cookie


def test_a_browser_is_known_to_those_who_logged_on_in_it() -> None:
    cookie = after("anna", "bo")
    assert known_browser(cookie, "anna", SEALER, NOW)
    assert known_browser(cookie, "bo", SEALER, NOW)
    assert known_browser(cookie, "anna", SEALER, NOW) != known_browser(cookie, "bo", SEALER, NOW)
    assert known_browser(cookie, "eva", SEALER, NOW) is None
    assert "anna" not in cookie


def test_it_keeps_its_id_from_logon_to_logon() -> None:
    first = after("anna")
    then = with_logon(after("bo", cookie=first), "anna", SEALER, NOW + 5)
    ids = {known_browser(one, "anna", SEALER, NOW + 5) for one in (first, then)}
    assert len(ids) == 1
    assert then.startswith(str(int(NOW) + 5)), "and counts from the last one"


def test_two_browsers_have_two_ids() -> None:
    assert known_browser(after("anna"), "anna", SEALER, NOW) != known_browser(
        after("anna"), "anna", SEALER, NOW
    )


def test_the_latest_are_remembered_and_the_cookie_stays_small() -> None:
    cookie = after(*(f"user{number}" for number in range(20)))
    known = [number for number in range(20) if known_browser(cookie, f"user{number}", SEALER, NOW)]
    assert known == list(range(20 - MOST, 20))
    assert len(cookie) < 400
    assert set(cookie) <= set(SIGNS), "nothing that a cookie's value would have to quote"


def test_it_ends() -> None:
    cookie, end = after("anna"), NOW + LIFETIME.total_seconds()
    assert known_browser(cookie, "anna", SEALER, end)
    assert known_browser(cookie, "anna", SEALER, end + 1) is None
    assert known_browser(cookie, "anna", SEALER, NOW - 3600), "a clock that ran back forgets nobody"


def test_another_secret_knows_nobody() -> None:
    assert known_browser(after("anna"), "anna", OTHER, NOW) is None


@given(at=st.integers(0, 10_000), sign=st.sampled_from(SIGNS + "~ \u00e5"))
def test_one_changed_sign_makes_a_stranger(at: int, sign: str) -> None:
    cookie = after("anna")
    at %= len(cookie)
    changed = cookie[:at] + sign + cookie[at + 1 :]
    assert (known_browser(changed, "anna", SEALER, NOW) is not None) == (changed == cookie)


@given(st.text() | st.text(SIGNS, max_size=200))
def test_whatever_a_browser_sends_is_read(cookie: str) -> None:
    assert known_browser(cookie, "anna", SEALER, NOW) is None
    assert known_browser(with_logon(cookie, "anna", SEALER, NOW), "anna", SEALER, NOW)


@pytest.mark.parametrize("repeated", [2, 5, 6, 500])
def test_an_entry_that_stands_there_often_counts_once(repeated: int) -> None:
    cookie = "~".join([after("anna")] * repeated)
    assert with_logon(cookie, "anna", SEALER, NOW) == after("anna", cookie=cookie.split("~")[0])
