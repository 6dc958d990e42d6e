"""Words for people: what was found, and what was probably meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.problems import Problem, SettingsError, choice_of, closest, show


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ('a"b\n', r'"a\"b\n"'),
        ("\x1b[2J\u2028\x9b", r'"\u001b[2J\u2028\u009b"'),
        ("x" * 100, '"' + "x" * 59 + '…"'),
        (True, "true"),
        (3, "3"),
        (2**70, "a huge number"),
        (float("nan"), "NaN"),
        ({}, "a table"),
        ([], "a list"),
        (None, "a date or time"),
    ],
)
def test_show(value, text):
    assert show(value) == text


@pytest.mark.parametrize(
    ("found", "options", "meant"),
    [
        ("portl", ["portal", "hr"], "portal"),
        ("Second-Factor", ["second_factor", "path"], "second_factor"),
        ("zzz", ["portal"], None),
        ("", ["portal"], None),
        ("portal", [], None),
    ],
)
def test_closest(found, options, meant):
    assert closest(found, options) == meant


@pytest.mark.parametrize(
    ("found", "options", "words"),
    [
        ("alwais", ["always", "never"], '"always" (did you mean that?), else "never"'),
        ("portl", ["portal"], '"portal"'),
        (3, ["always", "never"], 'one of: "always", "never"'),
        (3, ["always"], '"always"'),
    ],
)
def test_choice_of(found, options, words):
    assert choice_of(found, options) == words


def test_an_error_holds_its_problems_by_line():
    error = SettingsError("gateway.toml", [Problem(12, "b", "1", "2"), Problem(0, "", "x", "y")])
    assert str(error) == "gateway.toml: found x; write y\ngateway.toml:12: b: found 1; write 2"


@given(st.recursive(st.text() | st.integers() | st.floats() | st.booleans(), st.lists))
def test_what_is_shown_is_short_and_moves_no_cursor(value):
    assert show(value).isprintable()
    assert len(show(value)) < 400
