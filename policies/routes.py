"""Which route a request belongs to: host first, then the longest path prefix, compiled once.

A path is judged in every reading that a server behind us might give it (percent-decoding, doubled
slashes, dot segments, `;parameters`, letter case). Where two readings lead to different routes the
request is ambiguous and must be refused: the bytes judged are the bytes sent. Imports nothing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class SecondFactor(enum.Enum):
    """When a route asks for a one-time password."""

    ALWAYS = "always"
    OUTSIDE_CORPORATE = "outside-corporate"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Route:
    """One `[[route]]`. `host` is lower case, exact or `*.suffix`; None is any of our hosts.

    `path` starts with a slash. `line` is where it stands in gateway.toml.
    """

    path: str
    upstream: str
    host: str | None = None
    public: bool = False
    groups: frozenset[str] = frozenset()
    second_factor: SecondFactor = SecondFactor.OUTSIDE_CORPORATE
    upgrades: frozenset[str] = frozenset({"websocket"})
    origins: tuple[str, ...] = ("public_url",)
    line: int = 0
