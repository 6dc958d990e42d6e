from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.devices import describe

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome, Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge, Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36 EdgA/140.0", "Edge, Android"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", "Samsung Internet, Android"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36 OPR/120.0", "Opera, Linux"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "Safari, macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome, iPad"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome, ChromeOS"),
        ("curl/8.14.1", "curl"),
        ("python-requests/2.32", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_what_browsers_call_themselves(user_agent: str, said: str) -> None:
    assert describe(user_agent) == said


@given(st.text())
def test_nothing_that_was_sent_comes_out(text: str) -> None:
    assert describe("\x1b<script>" + text).isprintable()


def test_a_long_text_is_not_read_to_its_end() -> None:
    assert describe("x" * 512 + "Firefox/1.0 Windows") == ""
