"""Receipts that providers post: whose address it is, how many are heard, what they say.

The address of a provider ends in a secret of its own, a keyed hash of its name: nobody else knows
it, nothing has to be kept, and it goes with the server's secret. Composes `sms` and `auth`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from gateway.auth.deliveries import Deliveries
from gateway.auth.ports import Bucket, Clock, FailureStore
from gateway.auth.sealing import Sealer
from gateway.settings.model import Settings
from gateway.settings.phones import HttpSms
from gateway.sms.http_receipts import receipt_of

PATH: Final = "/.gateway/receipts/"
_MOST: Final = 1000
_PERIOD_S: Final = 60.0


class PostedReceipts:
    """Judges what is posted to the addresses that messages of ours name."""

    def __init__(
        self,
        settings: Settings,
        sealer: Sealer,
        failures: FailureStore,
        deliveries: Deliveries,
        clock: Clock,
    ) -> None:
        self._ways: Final = {
            way.name: way for way in settings.sms if isinstance(way, HttpSms) and way.receipts
        }
        self._sealer: Final = sealer
        self._failures: Final = failures
        self._deliveries: Final = deliveries
        self._clock: Final = clock

    async def hear(self, name: str, secret: str, fields: Mapping[str, str]) -> bool | None:
        """Keep what is posted; False when the address is none of ours, None when it is too much.

        Raises Unavailable.
        """
        way = self._ways.get(name)
        wanted = receipt_secret(self._sealer, name)
        # Compared whether or not there is such a provider: the time tells neither.
        if not hmac.compare_digest(secret.encode(), wanted.encode()) or way is None:
            return False
        hidden = self._sealer.hidden("receipts of", name)
        bucket = Bucket(name=hidden, count=_MOST, period_s=_PERIOD_S, locks_s=())
        if await self._failures.spend([bucket], self._clock.now()) is not None:
            return None
        receipt = receipt_of(way, fields)
        if receipt is not None:
            await self._deliveries.receive(receipt)
        return True


def receipt_secret(sealer: Sealer, name: str) -> str:
    """Return the last part of a provider's address."""
    return sealer.hidden("receipts", name)


def receipt_url(settings: Settings, sealer: Sealer, name: str) -> str:
    """Return where a provider is to post its receipts."""
    return f"{settings.public_url.origin}{PATH}{name}/{receipt_secret(sealer, name)}"
