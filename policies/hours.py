"""Opening hours of a route: days and times of day on the clock of one time zone.

The wall clock decides, so daylight saving needs no rule of its own: an hour that comes twice is
open twice, one that is skipped is not there. Imports nothing of ours; the zone is handed in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EXAMPLE: Final = '"Mon-Fri 06:00-20:00 Europe/Stockholm", further ranges after a comma'

_WEEK: Final = len(DAYS)
_DAY: Final = 24 * 60
_RANGE: Final = re.compile(
    r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? ([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class Span:
    """The same hours on some days: weekdays (0 is Monday) and minutes of the day.

    `first` is the minute it opens, `end` the minute it closes (not open any more, 1440 at most).
    With `end` before `first` it goes on past midnight, into the day after each of `days`.
    """

    days: frozenset[int]
    first: int
    end: int

    def holds(self, day: int, minute: int) -> bool:
        """Return whether it is open on a weekday at a minute of the day."""
        if self.first < self.end:
            return day in self.days and self.first <= minute < self.end
        yesterday = (day - 1) % _WEEK
        return (day in self.days and minute >= self.first) or (
            yesterday in self.days and minute < self.end
        )


@dataclass(frozen=True, slots=True)
class Hours:
    """All spans of a route, in one zone; `text` is how gateway.toml says it."""

    spans: tuple[Span, ...]
    zone: tzinfo
    text: str

    def are_open(self, now: float) -> bool:
        """Return whether `now` (seconds since the epoch) is within one of the spans."""
        wall = datetime.fromtimestamp(now, self.zone)
        day, minute = wall.weekday(), wall.hour * 60 + wall.minute
        return any(span.holds(day, minute) for span in self.spans)

    def tell(self, now: float) -> str:
        """Return what the clock of the zone says at `now`, as "Mon 06:00 CET"."""
        wall = datetime.fromtimestamp(now, self.zone)
        return f"{DAYS[wall.weekday()]} {wall:%H:%M %Z}".rstrip()


def parse_hours(text: str) -> tuple[tuple[Span, ...], str]:
    """Return the spans and the name of the zone; the zone itself is looked up elsewhere.

    Raises ValueError with what to write.
    """
    ranges, blank, zone = text.rpartition(" ")
    if not blank or not zone or ":" in zone or zone in DAYS:
        raise ValueError(EXAMPLE)
    return tuple(_span(part.strip()) for part in ranges.split(",")), zone


def _span(text: str) -> Span:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(EXAMPLE)
    first_day, last_day, *numbers = found.groups()
    last_day = last_day or first_day
    if first_day not in DAYS or last_day not in DAYS:
        raise ValueError(f"days as {', '.join(DAYS)}")
    first, end = _minute(*numbers[:2]), _minute(*numbers[2:])
    if first in {end, _DAY}:
        raise ValueError('two times of day that differ; the whole day is "00:00-24:00"')
    start = DAYS.index(first_day)
    length = (DAYS.index(last_day) - start) % _WEEK + 1
    return Span(frozenset((start + step) % _WEEK for step in range(length)), first, end)


def _minute(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) >= 60 or minutes > _DAY:  # noqa: PLR2004 - minutes of an hour
        raise ValueError("times from 00:00 to 24:00")
    return minutes
