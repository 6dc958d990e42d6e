"""What every provider of messages is here: a sender with an end. Imports nothing of the house."""

from __future__ import annotations

from typing import Protocol


class Provider(Protocol):
    """A way to a phone that holds connections or files; satisfies `ports.SmsSender`."""

    async def send(self, mobile: str, text: str) -> str:
        """Send one message; return the provider's name. Raises Unavailable. Never logs either."""
        ...

    async def close(self) -> None:
        """Give back what is held. May be called twice."""
        ...
