"""What the logon domain needs of ways to a phone, beside `ports`: sending, and hearing of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that a provider took: which one, and what it calls the message, or its parts.

    Receipts name a message by that; () when nothing was said.
    """

    provider: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says of a message that it took: whether it has `arrived`, for good."""

    provider: str
    id: str
    arrived: bool


Hear = Callable[[Receipt], None]
"""Where receipts go; returns at once and raises nothing."""


class SmsSender(Protocol):
    """A way to a phone."""

    async def send(self, mobile: str, text: str) -> Taken:
        """Send one message; return who took it. Raises Unavailable. Never logs either."""
        ...


class DeliveryStore(Protocol):
    """What was sent lately, and what was heard of it; names tell nobody whose it is."""

    async def keep(self, shelf: str, sent: bytes, most: int, lifetime_s: float) -> None:
        """Put a message on a shelf that holds `most`, the newest first. Raises Unavailable."""
        ...

    async def read(self, shelf: str) -> Sequence[bytes]:
        """Return what is on a shelf, the newest first. Raises Unavailable."""
        ...

    async def receive(self, name: str, heard: bytes, lifetime_s: float) -> bool:
        """Keep what was heard of a message; False when that was known. Raises Unavailable."""
        ...

    async def heard(self, name: str) -> bytes | None:
        """Return what was heard of a message, or None. Raises Unavailable."""
        ...
