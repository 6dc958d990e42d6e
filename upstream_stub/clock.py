"""The time of day, read in one place so that nothing else of the stub does."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> float:
    """Return the time of day in seconds since the epoch."""
    return time.time()  # noqa: TID251 - the stub is a stranger to the gateway's Clock


def as_iso(seconds: float) -> str:
    """Return the time as ISO 8601 in UTC, with microseconds and without an offset."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat("T", "microseconds")
