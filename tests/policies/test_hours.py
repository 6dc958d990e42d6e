"""policies/hours.py: the grammar, midnight, and the two Sundays a year that are not 24 hours long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.hours import DAYS, Hours, parse_hours

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def hours(text: str) -> Hours:
    spans, zone = parse_hours(text)
    return Hours(spans, ZoneInfo(zone), text)


def at(text: str, zone: ZoneInfo | None = None) -> float:
    """Seconds of a wall clock in Stockholm; with "+0100" behind it of that offset."""
    if text[-5] in "+-":
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S%z").timestamp()
    naive = datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    return naive.replace(tzinfo=zone or STOCKHOLM).timestamp()


OFFICE = "Mon-Fri 06:00-20:00 Europe/Stockholm"
SHOP = "Mon-Fri 06:00-20:00, Sat 08:00-12:00 Europe/Stockholm"
NIGHT = "Mon-Fri 22:00-06:00 Europe/Stockholm"
SMALL_HOURS = "Sun 02:00-03:00 Europe/Stockholm"
# 2026-03-29 02:00 CET is 03:00 CEST; 2026-10-25 03:00 CEST is 02:00 CET. 2026-09-21 is a Monday.
ROWS = [
    (OFFICE, "2026-09-21 05:59:59", False),
    (OFFICE, "2026-09-21 06:00:00", True),
    (OFFICE, "2026-09-25 19:59:59", True),
    (OFFICE, "2026-09-25 20:00:00", False),
    (OFFICE, "2026-09-26 12:00:00", False),
    (SHOP, "2026-09-26 12:00:00", False),
    (SHOP, "2026-09-26 11:59:59", True),
    (SHOP, "2026-09-27 11:59:59", False),
    # over midnight: the day is the one on which it opens
    (NIGHT, "2026-09-21 05:00:00", False),
    (NIGHT, "2026-09-21 22:00:00", True),
    (NIGHT, "2026-09-22 00:00:00", True),
    (NIGHT, "2026-09-22 05:59:59", True),
    (NIGHT, "2026-09-22 06:00:00", False),
    (NIGHT, "2026-09-26 05:59:59", True),
    (NIGHT, "2026-09-26 22:00:00", False),
    (NIGHT, "2026-09-28 03:00:00", False),
    # summer and winter: the same wall clock, another second
    (OFFICE, "2026-03-27 06:00:00+0100", True),
    (OFFICE, "2026-03-30 06:00:00+0200", True),
    (OFFICE, "2026-03-30 06:00:00+0100", True),
    (OFFICE, "2026-03-30 05:59:59+0200", False),
    (OFFICE, "2026-10-26 05:59:59+0100", False),
    (OFFICE, "2026-10-26 06:00:00+0100", True),
    # the hour that is skipped, and the hour that comes twice
    (SMALL_HOURS, "2026-03-29 01:59:59+0100", False),
    (SMALL_HOURS, "2026-03-29 03:00:00+0200", False),
    (SMALL_HOURS, "2026-10-25 02:30:00+0200", True),
    (SMALL_HOURS, "2026-10-25 02:30:00+0100", True),
    (SMALL_HOURS, "2026-10-25 03:00:00+0100", False),
    ("Sat-Sun 22:00-06:00 Europe/Stockholm", "2026-10-25 05:59:59", True),
    # days that go over the end of the week, whole days, other zones
    ("Sat-Mon 00:00-24:00 UTC", "2026-09-21 23:59:59+0000", True),
    ("Sat-Mon 00:00-24:00 UTC", "2026-09-22 00:00:00+0000", False),
    ("Mon 00:00-24:00 America/New_York", "2026-09-22 03:59:59+0000", True),
    ("Mon-Sun 00:00-24:00 UTC", "2026-09-24 00:00:00+0000", True),
    ("Mon 20:00-24:00,Tue 00:00-04:00 UTC", "2026-09-22 03:59:59+0000", True),
    ("Mon 20:00-00:00 UTC", "2026-09-22 00:00:00+0000", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "when", "is_open"), ROWS)
def test_open(text: str, when: str, *, is_open: bool) -> None:
    assert hours(text).are_open(at(when)) is is_open


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Mon-Fri"), ("always", "Mon-Fri"), ("Mon-Fri 06:00-20:00", "Mon-Fri"), ("Mon-Fri Europe/Stockholm", "Mon-Fri"),
        ("06:00-20:00 Europe/Stockholm", "Mon-Fri"), ("mon-fri 06:00-20:00 UTC", "Mon-Fri"), ("Mon-Fri 6-20 UTC", "Mon-Fri"),
        ("Mon-Fri 06:00–20:00 UTC", "Mon-Fri"), ("Mon-Fri 06:00-20:00, UTC", "Mon-Fri"), ("Mon Tue 06:00-20:00 UTC", "Mon-Fri"),
        ("Mon-Fri 06:00-20:00 Sat", "Mon-Fri"), ("Mån-Fre 06:00-20:00 UTC", "Mon-Fri"), ("Mun-Fri 06:00-20:00 UTC", "days as Mon"),
        ("Mon 06:00-06:00 UTC", "differ"), ("Mon 24:00-06:00 UTC", "differ"), ("Mon 06:00-24:01 UTC", "24:00"),
        ("Mon 06:00-20:00 ", "Mon-Fri"), (" UTC", "Mon-Fri"), ("Mon 06:00-20:00 Mon", "Mon-Fri"),
        ("Mon 06:00-18:00 Mon,06:00-20:00", "Mon-Fri"), ("Xyz 06:00-20:00 UTC", "days as Mon, Tue, Wed"),
        ("Mon 06:60-20:00 UTC", "24:00"), ("Mon 25:00-26:00 UTC", "24:00"), ("Mon ٠٦:00-20:00 UTC", "Mon-Fri"),
    ],
)  # fmt: skip
def test_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_hours(text)


DAY = st.integers(0, 6)
MINUTE = st.integers(0, 23 * 60 + 59)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@given(DAY, DAY, MINUTE, MINUTE.filter(bool), st.integers(0, 2_000_000_000))
def test_a_scan_of_every_opening_says_the_same(
    first: int, last: int, opens: int, closes: int, now: int
) -> None:
    if opens == closes:
        return
    text = f"{DAYS[first]}-{DAYS[last]} {clock(opens)}-{clock(closes)} UTC"
    moment = datetime.fromtimestamp(now, UTC)
    midnight = moment.replace(hour=0, minute=0, second=0)
    days = {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    found = False
    for back in (0, 1):
        day = midnight - timedelta(days=back)
        end = timedelta(minutes=closes, days=closes < opens)
        if day.weekday() in days:
            found |= day + timedelta(minutes=opens) <= moment < day + end
    assert hours(text).are_open(now) is found


def test_what_the_clock_says() -> None:
    assert hours(OFFICE).tell(at("2026-09-21 06:05:59")) == "Mon 06:05 CEST"
    assert hours(OFFICE).tell(at("2026-12-20 23:59:00")) == "Sun 23:59 CET"
