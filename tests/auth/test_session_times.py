"""gateway/auth/session_times.py: `[session]` in seconds."""

from __future__ import annotations

from datetime import timedelta

from gateway.auth.live import LiveSession
from gateway.auth.model import SessionRecord
from gateway.auth.session_times import SessionTimes
from gateway.settings.model import Session

RULES = Session(
    idle=timedelta(minutes=30), absolute=timedelta(hours=10), grace=timedelta(minutes=5)
)
TIMES = SessionTimes(idle_s=1800, absolute_s=36000, grace_s=300, interval_s=60)


def test_of_the_settings() -> None:
    assert SessionTimes.of(RULES) == TIMES


def test_a_session_is_judged_by_its_last_use_and_its_opening() -> None:
    record = SessionRecord("anna", "Anna", "a@example.se", (), ("pwd",), "corporate", 1000.0)
    live = LiveSession(b"token", "key", record, 1000.0)
    TIMES.judge_anew(live, 5000.0)
    assert (live.seen, live.expires_at, live.absolute_end) == (5000.0, 6800.0, 37000.0)
    TIMES.judge_anew(live, 36500.0)
    assert live.expires_at == 37000.0


def test_the_store_keeps_it_a_little_longer_but_never_beyond_the_absolute_end() -> None:
    assert TIMES.store_lifetime(created=0, seen=0, now=0) == 1800 + 300 + 60
    assert TIMES.store_lifetime(created=0, seen=100, now=160) == 1740 + 360
    assert TIMES.store_lifetime(created=0, seen=35990, now=35990) == 10
