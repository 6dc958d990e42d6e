from __future__ import annotations

from policies.moments import timestamp


def test_times_are_utc() -> None:
    assert timestamp(1_700_000_000.75) == "2023-11-14T22:13:20Z"
