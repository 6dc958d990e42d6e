"""Durations, sizes and rates: what is read, what is refused, and back to text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.model import Rate
from gateway.settings.units import (
    format_duration,
    format_size,
    parse_duration,
    parse_rate,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("10h", 36_000), ("1h30m", 5400), ("2d", 172_800), ("500ms", 0.5),
     ("1m500ms", 60.5), ("90m", 5400), ("1d1h1m1s1ms", 90_061.001)],
)  # fmt: skip
def test_durations(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", "30", "s", "30 s", " 30s", "30s ", "30S", "5min", "1.5h", "-5m", "+5m", "30m1h", "1h1h",
     "5m30", "٣s", "1e3s", "0s", "9999999999s", "999999999d", "1s\n"],
)  # fmt: skip
def test_durations_that_are_refused(text):
    with pytest.raises(ValueError, match="a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1B", 1), ("64KiB", 65_536), ("10MiB", 10 << 20), ("10GiB", 10 << 30), ("1TiB", 1 << 40)],
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "64", "64KB", "64kib", "64 KiB", "0B", "1.5MiB", "-1B", "1K", "64k"]
)
def test_sizes_that_are_refused(text):
    with pytest.raises(ValueError, match="a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("3/2m", Rate(3, timedelta(minutes=2))), ("50/1h30m", Rate(50, timedelta(minutes=90)))],
)
def test_rates(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "5", "5/", "/5m", "0/5m", "5/5", "5/0s", "5 / 5m", "5/m", "-5/5m", "5/5m/5m"]
)
def test_rates_that_are_refused(text):
    with pytest.raises(ValueError, match="so many in so long"):
        parse_rate(text)


@given(st.integers(1, 315_000_000_000))
def test_a_duration_reads_back(milliseconds):
    value = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(value)) == value


@given(st.integers(1, 999_999_999))
def test_a_size_reads_back(size):
    assert parse_size(format_size(size)) == size
