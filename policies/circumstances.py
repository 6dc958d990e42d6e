"""What a decision looks at: who makes a request, and under which circumstances. Imports nothing."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Who(Protocol):
    """What a decision needs to know of a live session."""

    @property
    def user(self) -> str:
        """The canonical user name."""
        ...

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of the last logon."""
        ...

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors given in this session."""
        ...

    @property
    def created(self) -> float:
        """When the session was opened, in seconds since the epoch."""
        ...


class Circumstances(NamedTuple):
    """What a decision needs to know of a request, besides who makes it.

    `network` is the name of the network it comes from, `now` seconds since the epoch. `idle_s` is
    the longest time that the session has gone without a request since its logon: whoever has been
    away too long for a route stays out of it, whatever they open first. `overrides` are the methods
    that fields of the request name in place of `method` (`methods.overrides`).
    """

    network: str
    method: bytes
    now: float
    idle_s: float = 0.0
    overrides: tuple[bytes, ...] = ()
