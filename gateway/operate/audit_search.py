"""Which lines of the audit somebody asks for. Values in, values out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.settings.units import parse_duration
from policies.networks import AddressSet, canonical_address
from policies.user_names import canonical

WHEN: Final = (
    'a time of day in UTC as "2026-11-22", "2026-11-22T07:00" or with its zone '
    '("2026-11-22T08:00+01:00"), or so long ago, as "2h" or "7d"'
)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a line must be like; what is None does not matter. Times in seconds, `until` excluded.

    `event` is a whole name or the part before its dot ("logon" for every "logon.…").
    """

    user: str | None = None
    event: str | None = None
    ref: str | None = None
    outcome: str | None = None
    clients: AddressSet | None = None
    since: float | None = None
    until: float | None = None

    def matches(self, line: Mapping[str, object]) -> bool:
        """Return whether a line of the audit is among those asked for."""
        return (
            self.user in {None, line.get("user")}
            and self.outcome in {None, line.get("outcome")}
            and self.ref in {None, line.get("ref"), line.get("request_id")}
            and (self.event is None or _is_event(str(line.get("event")), self.event))
            and (self.clients is None or self.clients.contains(str(line.get("client"))))
            and self._in_time(str(line.get("time")))
        )

    def _in_time(self, text: str) -> bool:
        if self.since is None and self.until is None:
            return True
        try:
            when = datetime.fromisoformat(text).timestamp()
        except ValueError:
            return True  # a line that does not say when: better shown than hidden
        return (self.since is None or when >= self.since) and (
            self.until is None or when < self.until
        )


def read_user(text: str) -> str:
    """Return a user name as the audit spells it."""
    return canonical(text)


def read_clients(text: str) -> AddressSet:
    """Return the addresses that "192.0.2.7", "192.0.2.0/24" or "fd00::/8" stand for.

    Raises ValueError with the words for what to write.
    """
    return AddressSet.compile([canonical_address(text) or text])


def read_when(text: str, now: float, *, end: bool) -> float:
    """Return the moment that a text stands for, in seconds; `end` of a day means all of it.

    Raises ValueError with the words for what to write.
    """
    try:
        return now - parse_duration(text).total_seconds()
    except ValueError:
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(WHEN) from None
    if end and _DAY.fullmatch(text):
        when += timedelta(days=1)
    return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp()


def _is_event(event: str, wanted: str) -> bool:
    return event == wanted or event.startswith(wanted.rstrip(".") + ".")
