"""Providers in order: the next one when the one before could not say yes.

A timeout is ambiguous: the message may be on its way all the same. We go on to the next provider,
because a resend repeats the same code: two equal messages do no harm, none locks an employee out.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from gateway.auth.ports import Clock, Unavailable
from gateway.settings.model import HttpSms, OutboxSms
from gateway.sms.http import HttpSender
from gateway.sms.outbox import OutboxSender
from gateway.sms.provider import Provider

_log: Final = logging.getLogger("portvakt.sms")


class Failover:
    """All `[[sms]]` as one `SmsSender`."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = tuple(providers)

    async def send(self, mobile: str, text: str) -> str:
        """Send by the first provider that takes the message; return its name.

        Raises Unavailable("sms") when none does. After a yes no other provider is asked.
        """
        for provider in self._providers:
            try:
                return await provider.send(mobile, text)
            except Unavailable as unavailable:
                _log.warning("%s did not take a message", unavailable.what)
        raise Unavailable("sms")

    async def close(self) -> None:
        """Close every provider."""
        for provider in self._providers:
            await provider.close()


def make_sms(settings: Sequence[HttpSms | OutboxSms], clock: Clock) -> Failover:
    """Return the sender for the `[[sms]]` tables, in their order."""
    return Failover([_provider(one, clock) for one in settings])


def _provider(settings: HttpSms | OutboxSms, clock: Clock) -> Provider:
    match settings:
        case HttpSms():
            return HttpSender(settings)
        case OutboxSms():
            return OutboxSender(settings, clock)
