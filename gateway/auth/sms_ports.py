"""What the logon domain needs of ways to a phone, beside `ports`: sending, and hearing of it."""

from __future__ import annotations

from collections.abc import Callable
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
