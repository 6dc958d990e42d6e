"""The grammar of values with units: "1h30m", "64KiB", "5/2m". Pure; imports the model only."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from gateway.settings.model import Rate

DURATION: Final = 'a duration with its unit, as "30s", "5m" or "1h30m"'
SIZE: Final = 'a size with its unit, as "512B", "64KiB" or "10MiB"'
RATE: Final = 'so many in so long, as "5/5m"'

# The same in Python and in ECMA-262, for the JSON Schema.
DURATION_PATTERN: Final = (
    "^(?=.)(?:[0-9]{1,9}d)?(?:[0-9]{1,9}h)?(?:[0-9]{1,9}m)?(?:[0-9]{1,9}s)?(?:[0-9]{1,9}ms)?$"
)
SIZE_PATTERN: Final = "^[0-9]{1,9}(?:[KMGT]iB|B)$"
RATE_PATTERN: Final = "^[0-9]{1,9}/(?:[0-9]{1,9}(?:ms|[dhms]))+$"

_STEPS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_PART: Final = re.compile(r"([0-9]{1,9})(ms|[dhms])")
_DURATION: Final = re.compile(r"(?:[0-9]{1,9}(?:ms|[dhms]))+")
_LONGEST: Final = timedelta(days=3660)
_SIZES: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_SIZE: Final = re.compile(r"([0-9]{1,9})([KMGT]iB|B)")
_RATE: Final = re.compile(r"([0-9]{1,9})/(.+)")


def parse_duration(text: str) -> timedelta:
    """Return a duration above 0 and under ten years; units d h m s ms, largest first, once each.

    Raises ValueError with the words for what to write.
    """
    parts = _PART.findall(text) if _DURATION.fullmatch(text) else []
    order = [list(_STEPS).index(unit) for _, unit in parts]
    if not parts or order != sorted(set(order)):
        raise ValueError(DURATION)
    total = timedelta(milliseconds=sum(int(count) * _STEPS[unit] for count, unit in parts))
    if not timedelta(0) < total <= _LONGEST:
        raise ValueError("a duration above 0 and under ten years")
    return total


def parse_size(text: str) -> int:
    """Return a number of bytes above 0. Raises ValueError with the words for what to write."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(SIZE)
    size = int(found[1]) * _SIZES[found[2]]
    if size == 0:
        raise ValueError("a size above 0")
    return size


def parse_rate(text: str) -> Rate:
    """Return "count/duration". Raises ValueError with the words for what to write."""
    found = _RATE.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise ValueError(RATE)
    try:
        return Rate(int(found[1]), parse_duration(found[2]))
    except ValueError:
        raise ValueError(RATE) from None


def format_duration(value: timedelta) -> str:
    """Return the shortest text that `parse_duration` reads as `value` (whole milliseconds)."""
    left = value // timedelta(milliseconds=1)
    text = ""
    for unit, step in _STEPS.items():
        count, left = divmod(left, step)
        text += f"{count}{unit}" if count else ""
    return text


def format_size(value: int) -> str:
    """Return the text with the largest unit that `parse_size` reads as `value`."""
    unit = next(unit for unit in reversed(_SIZES) if value % _SIZES[unit] == 0)
    return f"{value // _SIZES[unit]}{unit}"
