"""What became of the last messages to a number: for whoever helps an employee without a code.

Kept for a day, a few for each number, under keyed hashes; a message is sealed and holds the last
two digits only. Receipts are kept by what the provider calls the message, and may come first.
Writing down is behind everything else: a store that is away costs the record only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from gateway.auth.ports import Clock, Unavailable
from gateway.auth.sealing import Sealer
from gateway.auth.sms_ports import DeliveryStore, Receipt, SmsSender, Taken
from gateway.tasks import spawn

KEPT_S: Final = 24 * 3600.0
MOST: Final = 10
"""Messages kept of one number."""

_MOST_IDS: Final = 16
_PURPOSE: Final = "delivery"

State = Literal["sent", "delivered", "failed"]
Count = Callable[[str, str], None]
"""Counts a receipt, by provider and outcome."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message. `at` is when it was taken (seconds), `after_s` when the last was heard of it."""

    at: float
    tail: str
    provider: str
    state: State
    after_s: float | None


class Deliveries:
    """Writes down and reads what became of messages."""

    def __init__(
        self, store: DeliveryStore, sealer: Sealer, clock: Clock, count: Count | None = None
    ) -> None:
        self._store: Final = store
        self._sealer: Final = sealer
        self._clock: Final = clock
        self._count: Final = count

    async def sent(self, mobile: str, taken: Taken, at: float) -> None:
        """Keep a message that a provider took."""
        shelf = self._shelf(mobile)
        ids = [self._name(taken.provider, one) for one in taken.ids[:_MOST_IDS]]
        plain = {"at": at, "tail": mobile[-2:], "provider": taken.provider, "ids": ids}
        sealed = self._sealer.seal(_PURPOSE, shelf.encode(), json.dumps(plain).encode())
        try:
            await self._store.keep(shelf, sealed, MOST, KEPT_S)
        except Unavailable:
            return

    def hear(self, receipt: Receipt) -> None:
        """Keep and count a receipt, behind whoever brings it."""
        spawn(self.receive(receipt), "keep a receipt").add_done_callback(lambda _: None)

    async def receive(self, receipt: Receipt) -> None:
        """Keep a receipt; it is counted when nothing was heard of the message before."""
        heard = json.dumps([self._clock.now(), receipt.arrived]).encode()
        name = self._name(receipt.provider, receipt.id)
        try:
            is_new = await self._store.receive(name, heard, KEPT_S)
        except Unavailable:
            return
        if is_new and self._count is not None:
            self._count(receipt.provider, "delivered" if receipt.arrived else "failed")

    async def of(self, mobile: str) -> Sequence[Delivery]:
        """Return the last messages to a number (E.164), the newest first. Raises Unavailable."""
        shelf = self._shelf(mobile)
        found: list[Delivery] = []
        for sealed in await self._store.read(shelf):
            plain = self._sealer.unseal(_PURPOSE, shelf.encode(), sealed)
            if plain is not None:
                found.append(await self._described(json.loads(plain)))
        return found

    async def _described(self, sent: dict[str, object]) -> Delivery:
        ids, at = sent["ids"], sent["at"]
        if not isinstance(ids, list) or not isinstance(at, int | float):
            raise TypeError("a record of ours that is none")
        heard = [await self._store.heard(name) for name in ids]
        told = [json.loads(one) for one in heard if one is not None]
        state: State = "sent"
        if any(not arrived for _, arrived in told):
            state = "failed"
        elif told and len(told) == len(ids):  # every part of a long one
            state = "delivered"
        after_s = None if state == "sent" else max(0.0, max(when for when, _ in told) - at)
        return Delivery(float(at), str(sent["tail"]), str(sent["provider"]), state, after_s)

    def _shelf(self, mobile: str) -> str:
        return self._sealer.hidden("deliveries", mobile)

    def _name(self, provider: str, message: str) -> str:
        return self._sealer.hidden("receipt", provider, message)


class KeptSms:
    """An `SmsSender` whose messages are kept."""

    def __init__(self, sms: SmsSender, deliveries: Deliveries, clock: Clock) -> None:
        self._sms: Final = sms
        self._deliveries: Final = deliveries
        self._clock: Final = clock

    async def send(self, mobile: str, text: str) -> Taken:
        """Send one message and write it down behind the answer. Raises Unavailable."""
        taken = await self._sms.send(mobile, text)
        keeping = self._deliveries.sent(mobile, taken, self._clock.now())
        spawn(keeping, "keep what was sent", promised=True).add_done_callback(lambda _: None)
        return taken
