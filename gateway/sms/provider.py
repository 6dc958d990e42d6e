"""What every provider of messages is here: a sender with an end. Imports the ports only."""

from __future__ import annotations

from typing import Protocol

from gateway.auth.ports import Unavailable
from gateway.auth.sms_ports import Taken


class Declined(Unavailable):
    """A provider that works does not want this message: another one may, and it is no fault.

    Else one odd number, tried again and again, would pass for a provider that is down.
    """


class Provider(Protocol):
    """A way to a phone that holds connections or files; satisfies `ports.SmsSender`."""

    async def send(self, mobile: str, text: str) -> Taken:
        """Send one message; return who took it. Raises Unavailable. Never logs either."""
        ...

    async def close(self) -> None:
        """Give back what is held. May be called twice."""
        ...
